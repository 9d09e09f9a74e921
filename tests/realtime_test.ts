// A thread like that of a sound card posts, and never waits for JavaScript.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import { callback, open } from "../mod.ts";
import { test } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { testlibPath } from "./support/testlib.ts";

const RATE = 48_000;
const CAPACITY = 4096;
const SAMPLES = 64;
const BLOCKED_MS = 300;

const block = { parameters: ["u32", { bytes: 2 }, "u32"], result: "void" } as const;

function openPlayer() {
  return open(testlibPath, {
    play: {
      name: "test_audio_play",
      parameters: [
        { function: block },
        "u32",
        "u32",
        { out: { struct: { total: "u53", longest: "u53", realtime: "bool" } } },
      ],
      result: "i32",
    },
  });
}

/** Keeps the JavaScript thread from everything else. */
function blockThread(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

for (const overflow of ["drop-newest", "drop-oldest"] as const) {
  test(`E5: 48,000 blocks a second, ${overflow}: all told or counted`, async () => {
    const { play } = openPlayer();
    let told = 0;
    let last = -1;
    let gaps = 0;
    using listener = callback.post(block, (number, bytes) => {
      if (told++ === RATE / 4) blockThread(BLOCKED_MS);
      ok(number > last, "in order");
      gaps += number - last - 1;
      last = number;
      const samples = new Float32Array(bytes!.slice().buffer);
      same([samples.length, samples[0], samples.at(-1)], [SAMPLES, number, number + SAMPLES - 1]);
    }, { overflow, capacity: CAPACITY });
    const { value, out: [report] } = await play(listener, RATE, RATE);
    same(value, 0);
    while (told + listener.stats.dropped < RATE) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const { dropped } = listener.stats;
    same(told + dropped, RATE);
    ok(dropped > 0, "JavaScript was blocked for longer than the queue lasts");
    same(gaps + (RATE - 1 - last), dropped);
    ok(report.total / RATE < limitMs(20_000), `${(report.total / RATE).toFixed(0)} ns for a block`);
  });
}
