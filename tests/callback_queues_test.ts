import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import process from "node:process";
import { bind, callback, Context, type Overflow } from "../mod.ts";
import { ask, openCallbackLib, post } from "./support/callbacks.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { inTime, measured, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

const library = openCallbackLib();
const CAPACITY = 1024;
const BEYOND = 8;
const CALLS = CAPACITY + BEYOND;

type Policy = "block" | "drop-newest" | "drop-oldest" | "latest";

interface Flooded {
  readonly seen: number[];
  readonly dropped: number;
  readonly next: number[];
}

/* One foreign thread fills the queue while this thread is in C for 500 ms, or waits for room. */
async function flood(overflow: Policy): Promise<Flooded> {
  const seen: number[] = [];
  using all = callback.post(post, (_, index) => void seen.push(index), {
    overflow,
    capacity: CAPACITY,
  });
  const storm = library.stormStart.sync(all, 1, CALLS);
  library.sleep.sync(500);
  await library.stormJoin(storm);
  await until(
    () => all.stats.waiting === 0 && seen.includes(CALLS - 1 - lostAtEnd(overflow)),
    "all",
  );
  const { dropped } = all.stats;
  const first = seen.splice(0);
  await library.stormJoin(await library.stormStart(all, 1, 5));
  await until(() => seen.length >= (overflow === "latest" ? 1 : 5), "the next ones come");
  return { seen: first, dropped, next: seen };
}

function lostAtEnd(overflow: Policy): number {
  return overflow === "drop-newest" ? BEYOND : 0;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

test("E5: block loses nothing", async () => {
  const { seen, dropped, next } = await flood("block");
  assert.deepEqual(seen, range(0, CALLS));
  assert.equal(dropped, 0);
  assert.deepEqual(next, range(0, 5));
});

test("E5: drop-newest drops what comes to a full queue, and counts it", async () => {
  const { seen, dropped, next } = await flood("drop-newest");
  assert.deepEqual(seen, range(0, CAPACITY));
  assert.equal(dropped, BEYOND);
  assert.deepEqual(next, range(0, 5));
});

test("E5: drop-oldest drops what has waited longest, and counts it", async () => {
  const { seen, dropped, next } = await flood("drop-oldest");
  assert.deepEqual(seen, range(BEYOND, CALLS));
  assert.equal(dropped, BEYOND);
  assert.deepEqual(next, range(0, 5));
});

test("E5: latest delivers the last one, and counts the others", async () => {
  const { seen, dropped, next } = await flood("latest");
  assert.deepEqual(seen, [CALLS - 1]);
  assert.equal(dropped, CALLS - 1);
  assert.equal(next.at(-1), 4);
});

test("E5: what is dropped is told to the context that keeps the callback", async () => {
  const told: Overflow[] = [];
  const published: unknown[] = [];
  const listen = (message: unknown): void => void published.push(message);
  channel("siding:overflow").subscribe(listen);
  await using context = await Context.acquire({ name: "keeper" });
  const kept = context.keep(callback.post(post, () => {}, {
    overflow: "drop-newest",
    capacity: 16,
    name: "kept",
  }));
  context.on("overflow", (overflow) => told.push(overflow));
  library.stormJoin.sync(library.stormStart.sync(kept, 1, 20));
  await until(() => published.length > 0 && told.length > 0, "both are told");
  channel("siding:overflow").unsubscribe(listen);
  const expected = { callback: "kept", dropped: 4, refused: 0 };
  assert.deepEqual([told, published], [[expected], [expected]]);
  await context.release();
  assert.throws(() => kept.ref().pointer && context.on("overflow", () => {}), {
    code: "ERR_SIDING_CONTEXT_RECYCLING",
  });
});

test("a stream gives what it can hold, and C waits for its consumer", async () => {
  const calls = callback.stream(post, { capacity: 64 });
  const walk = library.stormStart(calls, 2, 5000).then(library.stormJoin).then(() => calls.end());
  const next = [0, 0];
  let most = 0;
  for await (const [thread, index] of calls) {
    assert.equal(index, next[thread]!++);
    most = Math.max(most, calls.stats.waiting);
    if (index % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await walk;
  assert.deepEqual(next, [5000, 5000]);
  assert.ok(most <= 64, `${most} waiting`);
});

test("a stream that holds two calls at most gives 1,000", async () => {
  const calls = callback.stream(post, { capacity: 2 });
  const walk = library.stormStart(calls, 1, 1000).then(library.stormJoin).then(() => calls.end());
  let next = 0;
  for await (const [, index] of calls) assert.equal(index, next++);
  await walk;
  assert.equal(next, 1000);
});

test("E3: a stream gives what C on this thread calls with, also behind its end", async () => {
  const calls = callback.stream(ask, { returns: 7 });
  const first = calls[Symbol.asyncIterator]().next();
  for (let i = 0; i < 1000; i++) assert.equal(library.askI32.sync(calls, i, false), 7);
  calls.end();
  assert.equal(library.askI32.sync(calls, 1000, false), 7);
  assert.deepEqual((await inTime(first, "it comes")).value, [0]);
  const given: number[] = [];
  for await (const [number] of calls) given.push(number);
  assert.deepEqual(given, Array.from({ length: 999 }, (_, i) => i + 1));
});

test("E3: calls on this thread behind a stream's end displace none that waited", async () => {
  const calls = callback.stream(ask, { returns: 7 });
  const next = calls[Symbol.asyncIterator]().next();
  for (let i = 0; i < 8; i++) {
    const isOnOtherThread = i >= 2 && i < 5;
    if (i === 5) calls.end();
    assert.equal(library.askI32.sync(calls, i, isOnOtherThread), 7);
  }
  const given = [(await inTime(next, "it comes")).value![0]];
  for await (const [number] of calls) given.push(number);
  assert.deepEqual(given.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test("a stream gives what comes behind calls that cannot be read, and ends", async () => {
  const outcome = await runProgram("callback_spoilt", [], { timeoutMs: 10_000 });
  expectExit(outcome, 0);
  assert.deepEqual(outcome.stdout.trimEnd().split("\n"), ["1", "2", "all reported"]);
});

test("a stream's loop that is left closes it; as a web stream; by pages", async () => {
  const left = callback.stream(post);
  const storm = await library.stormStart(left, 4, 50_000);
  for await (const _ of left) break;
  await library.stormJoin(storm); // nobody waits for room any more
  const calls = callback.stream(post);
  await library.stormJoin(await library.stormStart(calls, 1, 3));
  const reader = calls.readable.getReader();
  assert.deepEqual((await reader.read()).value, [0, 0]);
  assert.deepEqual((await reader.read()).value, [0, 1]);
  calls.end();
  assert.deepEqual((await reader.read()).value, [0, 2]);
  assert.equal((await reader.read()).done, true);
  const paged = callback.stream(post);
  const walk = library.stormStart(paged, 1, 1000).then(library.stormJoin).then(() => paged.end());
  let count = 0;
  for await (const page of paged.pages()) count += page.length;
  await walk;
  assert.equal(count, 1000);
});

test("E7: a slow handler delays neither contexts nor other callbacks' threads", async () => {
  await measured(async () => {
    await using context = await Context.acquire();
    using slow = callback.post(post, () => library.spin.sync(150_000));
    let others = 0;
    using other = callback.post(post, () => void others++, { capacity: 4096 });
    const slowly = await library.stormStart(slow, 1, 3);
    const start = performance.now();
    const storm = await library.stormStart(other, 1, 1000);
    await bind(library.stormJoin, storm).run();
    assert.equal(await context.use(library).sleep(1), 1);
    const took = performance.now() - start;
    await library.stormJoin(slowly);
    await until(() => others === 1000, "all come");
    assert.ok(took < limitMs(600), `${took} ms`); // of which this thread was in a handler for 450
  });
});

for (const wake of process.platform === "win32" ? ["callback"] : ["socket", "callback"]) {
  test(`E8: under a flood an interval keeps ticking and files are read (${wake})`, () =>
    measured(async () => {
      const outcome = await runProgram("ticks", [wake]);
      expectExit(outcome, 0);
      const { idle, busy, events, wakeChannel } = JSON.parse(outcome.stdout);
      console.log(`${events} events; ticks ${idle.ticks} idle, ${busy.ticks} busy`);
      assert.equal(wakeChannel, wake);
      assert.ok(events > 10_000, "it was a flood");
      assert.ok(busy.ticks >= idle.ticks * 0.85, `${busy.ticks} ticks of ${idle.ticks}`);
      assert.ok(busy.reads > 10, `${busy.reads} reads`);
    }));
}
