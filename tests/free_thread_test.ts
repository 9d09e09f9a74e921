import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { configure, Context, stats } from "../mod.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { measured, median, test } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { openTestlib, testlibPath } from "./support/testlib.ts";

const THREADS_DEFAULT = 64;
const library = openTestlib();

/** Runs `body` with another maximum of threads. */
async function withThreads(threads: number, body: () => Promise<void>): Promise<void> {
  configure({ threads });
  try {
    await body();
  } finally {
    configure({ threads: THREADS_DEFAULT });
  }
}

interface Life {
  /** Milliseconds between ticks of a 1 ms timer. */
  readonly gap: number;
  /** Ticks in all. */
  readonly ticks: number;
  /** Milliseconds of reading a file. */
  readonly read: number;
}

/** Watches the event loop until `end` settles: the medians. */
async function watchLife(end: Promise<unknown>): Promise<Life> {
  const gaps: number[] = [];
  const reads: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 1);
  let isOver = false;
  const over = end.finally(() => isOver = true);
  while (!isOver) {
    const start = performance.now();
    await readFile(testlibPath);
    reads.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  clearInterval(timer);
  await over;
  return { gap: median(gaps), ticks: gaps.length, read: median(reads) };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("C2: timers tick and files are read while 200 one-second calls run", () =>
  measured(async () => {
    await withThreads(256, async () => {
      await watchLife(pause(200)); // warm-up
      const idle = await watchLife(pause(1000));
      const start = performance.now();
      const calls = Promise.all(Array.from({ length: 200 }, () => library.sleep(1000)));
      const busy = await watchLife(calls);
      const took = performance.now() - start;
      assert.ok(took < limitMs(1900), `the calls took ${took} ms`);
      assert.ok(busy.gap <= idle.gap + limitMs(1), `gap ${idle.gap} ms became ${busy.gap}`);
      assert.ok(busy.read <= idle.read * 3, `read ${idle.read} ms became ${busy.read}`);
    });
  }));

test("C3: calls run on threads other than JavaScript's", async () => {
  const own = library.threadId.sync();
  const ids = await Promise.all(Array.from({ length: 1000 }, () => library.threadId()));
  assert.ok(ids.every((id) => id !== own));
});

test("C3: 10,000 calls of one context run on one thread, in order of submission", async () => {
  await using context = await Context.acquire();
  const { orderNext } = context.use(library);
  const calls = Array.from({ length: 10_000 }, (_, i) => orderNext(20, i));
  const threads = new Set(await Promise.all(calls));
  assert.equal(threads.size, 1);
  assert.ok(!threads.has(0n), "one ran out of order");
  assert.ok(!threads.has(library.threadId.sync()));
});

test("C3: order holds for calls of several turns, ways and contexts", async () => {
  const contexts = await Promise.all([21, 22, 23, 24].map(() => Context.acquire()));
  const each = contexts.map(async (context, which) => {
    const { orderNext, nothing } = context.use(library);
    const threads = new Set<bigint>();
    for (let i = 0; i < 2500; i++) {
      const call = i % 2 === 0 ? orderNext : orderNext.with({ timeout: 60_000 });
      const promise = call(21 + which, i).then((id) => threads.add(id));
      nothing.send();
      if (i % 97 === 0) await promise;
    }
    await nothing();
    return threads;
  });
  const threads = await Promise.all(each);
  assert.ok(threads.every((ids) => ids.size === 1 && !ids.has(0n)));
  assert.equal(new Set(threads.flatMap((ids) => [...ids])).size, 4);
  await Promise.all(contexts.map((context) => context.release()));
});

async function blockTogether(calls: number, ms: number): Promise<{ took: number; peak: number }> {
  library.togetherPeak.sync();
  const start = performance.now();
  await Promise.all(Array.from({ length: calls }, () => library.sleepTogether(ms)));
  return { took: performance.now() - start, peak: library.togetherPeak.sync() };
}

test("C4: 600 blocking calls finish together when the pool allows 600 threads", () =>
  measured(async () => {
    await withThreads(600, async () => {
      for (let ms = 50; stats().threads < 600; ms *= 2) await blockTogether(600, ms);
      const ms = limitMs(200); // in which all must have begun
      const { took, peak } = await blockTogether(600, ms);
      assert.equal(peak, 600);
      assert.ok(took >= ms && took < 2 * ms, `${took} ms`);
    });
  }));

test("C4: blocking calls take ceil(600 / n) rounds when the pool allows n threads", () =>
  measured(async () => {
    for (const [threads, usual] of [[1, 3], [7, 5], [64, 30], [256, 100]] as const) {
      const ms = limitMs(usual);
      const outcome = await runProgram("rounds", [String(threads), String(ms)]);
      expectExit(outcome, 0);
      const { took, peak } = JSON.parse(outcome.stdout);
      const least = Math.ceil(600 / threads) * ms;
      assert.equal(peak, threads);
      assert.ok(took >= least, `${threads} threads: ${took} ms, at least ${least}`);
      assert.ok(
        took < least * 1.5 + limitMs(150),
        `${threads} threads: ${took} ms, at least ${least}`,
      );
    }
  }));

/** Keeps calls in flight on four contexts, each completion handled in about 1 µs. */
async function flood(until: number): Promise<number> {
  const contexts = await Promise.all(Array.from({ length: 4 }, () => Context.acquire()));
  let handled = 0;
  const lane = async (add: (a: number, b: number) => Promise<number>): Promise<void> => {
    while (performance.now() < until) {
      for (let i = 0; i < 20; i++) {
        const one = await add(0, 1);
        handled += one;
      }
    }
  };
  const lanes = contexts.flatMap((context) => {
    const { add } = context.use(library);
    return Array.from({ length: 64 }, () => lane(add));
  });
  await Promise.all(lanes);
  await Promise.all(contexts.map((context) => context.release()));
  return handled;
}

test("E8: under a flood of completions a 1 ms interval keeps 85 % of its ticks", () =>
  measured(async () => {
    await watchLife(flood(performance.now() + 200)); // warm-up
    const idle = await watchLife(pause(1000));
    const start = performance.now();
    const flooding = flood(start + 1000);
    const busy = await watchLife(flooding);
    const seconds = (performance.now() - start) / 1000;
    const share = busy.ticks / seconds / idle.ticks;
    console.log(`${await flooding} completions, ${(share * 100).toFixed(0)} % of the ticks`);
    assert.ok(await flooding > 100_000, "it was a flood");
    assert.ok(share >= 0.85, `${idle.ticks} ticks became ${busy.ticks} in ${seconds} s`);
    assert.ok(busy.read < limitMs(100), `a file read took ${busy.read} ms`);
  }));
