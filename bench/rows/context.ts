/**
 * Rows about what a context costs: its calls, its memory, giving up a call, calls of many threads.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { configure, Context, stats } from "../../mod.ts";
import { openBench, openTest } from "../libraries.ts";
import { oneAtATime } from "../loops.ts";
import { alternate, median, sleep } from "../measure.ts";
import { runtimeName, usualAdd } from "../peers.ts";
import { compared, type Row } from "./outcome.ts";

const PARKED = 1000;
const AT_ONCE = 50;
const SETTLE_MS = 500;
const THREADS_MS = 2500;
const ABORTS = 300;
const ABORTED_MS = 20;
const PERCENTILE = 0.99;
const THREADS = 8;
const KIB = 1024;

/** One call after the other on a context. */
export const contextSequential: Row = async (name, effort) => {
  await using context = await Context.acquire({ name: "bench" });
  const peer = usualAdd();
  const siding = oneAtATime(context.use(openTest()).test_add);
  return compared(name, peer.name, await alternate(siding, oneAtATime(peer.add), effort));
};

/* What the process has in memory beyond files: stacks and heaps. */
function residentBytes(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) * KIB;
}

/* Where the runtime lets us: what is garbage is not memory of a context. */
async function settle(): Promise<void> {
  const { Bun: bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
  await sleep(SETTLE_MS);
  bun?.gc(true);
  gc?.();
}

/* Contexts that have made a call, and wait. */
async function park(count: number): Promise<Context[]> {
  const library = openTest();
  const contexts = await Promise.all(Array.from({ length: count }, () => Context.acquire()));
  const sums = await Promise.all(contexts.map((one) => one.use(library).test_add(1, 1)));
  if (sums.some((sum) => sum !== 2)) throw new Error("wrong sum");
  return contexts;
}

async function release(contexts: readonly Context[]): Promise<void> {
  await Promise.all(contexts.map((context) => context.release()));
}

/* Of each of so many, made by `start`. */
async function kibEach(start: () => Promise<unknown>): Promise<number> {
  await settle();
  const before = residentBytes();
  await start();
  await settle();
  return (residentBytes() - before) / PARKED / KIB;
}

/** Resident memory of a parked context, against that of a thread that only waits. */
export const contextMemory: Row = async (name) => {
  configure({ threads: PARKED + AT_ONCE });
  const { bench_sleep_threads } = openBench();
  for (let i = 0; i < PARKED; i += AT_ONCE) await release(await park(AT_ONCE));
  let threads: Promise<unknown> = Promise.resolve();
  const peerValue = await kibEach(() => {
    threads = bench_sleep_threads(PARKED, THREADS_MS);
    return sleep(SETTLE_MS);
  });
  await threads;
  let contexts: readonly Context[] = [];
  const each = await kibEach(async () => contexts = await park(PARKED));
  await release(contexts);
  const rest = { peer: "a bare C thread", peerValue, unit: "KiB", ratio: each, ratios: [each] };
  return { name, runtime: runtimeName, siding: each, ...rest };
};

/** From the abort of a running call to its rejection: 99 of 100 take no longer. */
export const abortLatency: Row = async (name) => {
  await using context = await Context.acquire({ name: "bench" });
  const { bench_sleep } = context.use(openBench());
  const times: number[] = [];
  for (let i = 0; i < ABORTS; i++) {
    const controller = new AbortController();
    const call = bench_sleep.with({ signal: controller.signal })(ABORTED_MS);
    await sleep(2);
    const start = performance.now();
    const rejected = call.then(() => false, () => true);
    controller.abort();
    if (!await rejected) throw new Error("the call was not given up");
    times.push(performance.now() - start);
    while (stats().abandoned > 0) await sleep(1);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const late = sorted[Math.ceil(ABORTS * PERCENTILE) - 1]!;
  const rest = { peer: "median", peerValue: median(times), unit: "ms", ratio: late, ratios: times };
  return { name, runtime: runtimeName, siding: late, ...rest };
};

/** Eight threads that the library has never seen, on one context, against one such thread. */
export const submitScaling: Row = async (name, { rounds, roundMs, warmMs }) => {
  await using context = await Context.acquire({ name: "bench" });
  const { bench_submit_rate } = context.use(openBench());
  const measure = async (threads: number, ms: number): Promise<number> => {
    const rate = await bench_submit_rate(stats().library, threads, ms);
    if (rate < 0) throw new Error("a call of a foreign thread failed");
    return rate;
  };
  await measure(THREADS, warmMs);
  const [all, one]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    all.push(await measure(THREADS, roundMs));
    one.push(await measure(1, roundMs));
  }
  const ratios = all.map((rate, round) => rate / one[round]!);
  return compared(name, "one thread", { siding: median(all), peer: median(one), ratios });
};
