/**
 * One call from C after the other, each answered by JavaScript, with no timer alive:
 * `asks CHANNEL main|worker COUNT`. Every other answer is a promise, after which nobody listens on
 * the spot, so that the next call comes by a kick.
 */
import process from "node:process";
import { callback, configure, open, stats } from "../../../mod.ts";
import { testlibPath } from "../testlib.ts";
import { isMainThread, postToParent } from "../thread.ts";

interface Task {
  readonly channel: "socket" | "callback";
  readonly count: number;
}

const ask = { parameters: ["i32"], result: "i32" } as const;

async function asks({ channel, count }: Task): Promise<string> {
  configure({ wake: channel });
  const library = open(testlibPath, {
    start: {
      name: "test_asks_start",
      parameters: [{ function: ask }, "u32", "u32", "i32"],
      result: "pointer",
    },
    join: { name: "test_asks_join", parameters: ["pointer", { out: "i64" }], result: "i64" },
  });
  let asked = 0;
  const answer = (value: number): number | Promise<number> => {
    const result = value + 1;
    return asked++ % 2 === 0 ? result : Promise.resolve(result);
  };
  using listener = callback.call(ask, answer, { fallback: -1 });
  const before = stats().wakes;
  const storm = await library.start(listener, 1, count, -1);
  const { value: sum } = await library.join(storm);
  const { wakes, wakeChannel } = stats();
  return JSON.stringify({ asked, sum: Number(sum), kicks: wakes - before, wakeChannel });
}

if (isMainThread) {
  const [channel, place, count] = process.argv.slice(2) as [Task["channel"], string, string];
  const task: Task = { channel, count: Number(count) };
  if (place === "worker") {
    const worker = new Worker(new URL(import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      if (data === "ready") return worker.postMessage(task);
      console.log(data);
      worker.terminate();
    });
  } else {
    console.log(await asks(task));
  }
} else {
  const scope = globalThis as unknown as Worker;
  scope.addEventListener("message", async ({ data }) => postToParent(await asks(data)));
  postToParent("ready");
}
