/**
 * Rows about contexts that come and go.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { Context, stats } from "../../mod.ts";
import { openTest } from "../libraries.ts";
import { alternate, type Effort, type Run, sleep } from "../measure.ts";
import { runtimeName } from "../peers.ts";
import { compared, type Outcome, type Row } from "./outcome.ts";

const AT_ONCE = 64;
const FLAT_CYCLES = 1_000_000;
const FLAT_CYCLES_QUICK = 200_000;
const SETTLE_MS = 500;
const KIB = 1024;

/** A context leased, called and released. */
function cycler(): (index: number) => Promise<void> {
  const library = openTest();
  return async (index) => {
    const context = await Context.acquire();
    const sum = await context.use(library).test_add(index, 1);
    await context.release();
    if (sum !== index + 1) throw new Error(`wrong sum: ${sum}`);
  };
}

/** A Worker started, called and ended. */
async function workerCycle(index: number): Promise<void> {
  const worker = new Worker(new URL("../add_worker.ts", import.meta.url).href, { type: "module" });
  const sum = await new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent): void => resolve(event.data);
    worker.onerror = (event): void => reject(event);
    worker.postMessage([index, 1]);
  });
  worker.terminate();
  if (sum !== index + 1) throw new Error(`wrong sum: ${sum}`);
}

function oneByOne(cycle: (index: number) => Promise<void>): Run {
  return async (count) => {
    for (let i = 0; i < count; i++) await cycle(i);
  };
}

/* A unit of work is one cycle of each. */
function together(cycle: (index: number) => Promise<void>, size: number): Run {
  return async (count) => {
    const line = async (): Promise<void> => {
      for (let i = 0; i < count; i++) await cycle(i);
    };
    await Promise.all(Array.from({ length: size }, line));
  };
}

function inCycles(outcome: Outcome): Outcome {
  return { ...outcome, unit: "cycles/s" };
}

/** One cycle after the other, against Workers. */
export const leaseCycle: Row = async (name, effort) => {
  const rates = await alternate(oneByOne(cycler()), oneByOne(workerCycle), effort);
  return inCycles(compared(name, "a Worker", rates));
};

/** 64 at a time, against one at a time. */
export const leaseCycle64: Row = async (name, effort) => {
  const cycle = cycler();
  const all = together(cycle, AT_ONCE);
  const one: Run = (count) => oneByOne(cycle)(count * AT_ONCE);
  return inCycles(compared(name, "one at a time", await alternate(all, one, effort), AT_ONCE));
};

/* A round of the shortest effort is the quick one. */
function cyclesOf({ roundMs }: Effort): number {
  return roundMs < 100 ? FLAT_CYCLES_QUICK : FLAT_CYCLES;
}

interface Held {
  readonly threads: number;
  readonly descriptors: number;
  readonly memory: number;
}

async function held(): Promise<Held> {
  await sleep(SETTLE_MS);
  const descriptors = readdirSync("/proc/self/fd").length;
  return { threads: stats().threads, descriptors, memory: stats().memory };
}

/** What a million cycles leave behind. */
export const leaseFlat: Row = async (name, effort) => {
  const run = together(cycler(), AT_ONCE);
  const cycles = cyclesOf(effort);
  await run(Math.ceil(cycles / AT_ONCE / 10));
  const before = await held();
  await run(Math.ceil(cycles / AT_ONCE));
  const after = await held();
  const threads = after.threads - before.threads;
  const descriptors = after.descriptors - before.descriptors;
  if (threads !== 0 || descriptors !== 0) {
    throw new Error(`${threads} threads and ${descriptors} descriptors more than before`);
  }
  const memory = Math.abs(after.memory - before.memory) / KIB;
  const peer = "threads and descriptors";
  const rest = { peer, peerValue: 0, unit: "KiB", ratio: memory, ratios: [memory] };
  return { name, runtime: runtimeName, siding: memory, ...rest };
};
