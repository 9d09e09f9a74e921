/**
 * Rows about calls that block, and about threads that do nothing.
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configure } from "../../mod.ts";
import { openBench } from "../libraries.ts";
import { median, sleep, time } from "../measure.ts";
import { runtimeName } from "../peers.ts";
import type { Row } from "./outcome.ts";

const SLEEPS = 600;
const SLEEP_MS = 200;
const BLOCKED = 200;
const FILE_BYTES = 4096;
const IDLE_THREADS = 16;
const IDLE_MS = 5000;
const SETTLE_MS = 500;

/** 600 calls of 200 ms at once, in a process that has made no thread yet. */
export const blocking: Row = async (name) => {
  configure({ threads: SLEEPS });
  const { bench_sleep, bench_sleep_threads } = openBench();
  const siding = await time(
    () => Promise.all(Array.from({ length: SLEEPS }, () => bench_sleep(SLEEP_MS))),
    SLEEPS,
  );
  const peer = await time(() => bench_sleep_threads.sync(SLEEPS, SLEEP_MS), SLEEPS);
  return {
    name,
    runtime: runtimeName,
    siding: siding / 1000,
    peer: "600 bare C threads",
    peerValue: peer / 1000,
    unit: "s",
    ratio: siding / 1000,
    ratios: [siding / 1000],
  };
};

/** Reading a file while 200 calls are blocked, against an idle process. */
export const fileRead: Row = async (name, effort) => {
  configure({ threads: BLOCKED + 1 });
  const folder = await mkdtemp(join(tmpdir(), "siding_bench_"));
  const path = join(folder, "file");
  await writeFile(path, new Uint8Array(FILE_BYTES));
  const reads = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await readFile(path);
  };
  const idle: number[] = [];
  const behind: number[] = [];
  const count = Math.ceil(effort.roundMs * 10);
  await reads(count);
  for (let round = 0; round < effort.rounds; round++) {
    idle.push(await time(reads, count) / count);
    behind.push(await behindBlocked(() => time(reads, count)) / count);
  }
  await rm(folder, { recursive: true });
  const [siding, peerValue] = [median(behind) * 1000, median(idle) * 1000];
  return {
    name,
    runtime: runtimeName,
    siding,
    peer: "idle",
    peerValue,
    unit: "µs",
    ratio: siding / peerValue,
    ratios: behind.map((ms, round) => ms / idle[round]!),
  };
};

/** Voluntary context switches of Siding's threads while nothing is called. */
export const idle: Row = async (name) => {
  await behindBlocked(() => Promise.resolve(0), IDLE_THREADS);
  await sleep(SETTLE_MS);
  const before = await switches();
  if (before.threads < IDLE_THREADS) throw new Error(`only ${before.threads} threads were made`);
  await sleep(IDLE_MS);
  const count = (await switches()).count - before.count;
  const limit = { peer: "limit", peerValue: 0, unit: "switches" };
  return { name, runtime: runtimeName, siding: count, ...limit, ratio: count, ratios: [count] };
};

/** Runs `work` while that many calls are blocked in C. */
async function behindBlocked(work: () => Promise<number>, blocked = BLOCKED): Promise<number> {
  const { bench_open, bench_wait, bench_waiting } = openBench();
  const calls = Array.from({ length: blocked }, () => bench_wait());
  while (bench_waiting.sync() < blocked) await sleep(1);
  await sleep(10);
  const result = await work();
  bench_open.sync();
  await Promise.all(calls);
  return result;
}

interface Switches {
  readonly threads: number;
  readonly count: number;
}

async function switches(): Promise<Switches> {
  const tasks = await readdir("/proc/self/task");
  const statuses = tasks.map((task) => readFileSync(`/proc/self/task/${task}/status`, "utf8"));
  const own = statuses.filter((status) => /^Name:\s+siding/m.test(status));
  const counts = own.map((status) =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])
  );
  return { threads: own.length, count: counts.reduce((sum, count) => sum + count, 0) };
}
