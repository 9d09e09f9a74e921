/**
 * Workers that end one after the other: `worker_ends END COUNT [idle]`. Each holds contexts and a
 * station and, unless `idle`, leaves calls in C, and callbacks under storm; where idle, foreign
 * threads wait for its callbacks. Reports how long after its end the bridge was still there, or a
 * foreign thread had not been let go, and what was left in the end.
 */
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { parentPort, Worker as NodeWorker } from "node:worker_threads";
import { Context, stats } from "../../../mod.ts";
import { expectClosed, openCrowdLib, startStorm, startWaiting } from "../crowds.ts";
import { rejection, until } from "../harness.ts";
import { limitMs } from "../platform.ts";
import { startStation } from "../stations.ts";
import { makeGate, openTestlib } from "../testlib.ts";
import { isMainThread, nextMessage, postToParent } from "../thread.ts";

const CONTEXTS = 4;
/** How long calls that nobody ends stay in C: longer than starting them takes. */
const BUSY_MS = limitMs(500);

interface Task {
  readonly end: string;
  readonly isIdle: boolean;
}

interface Said {
  readonly bridges: number;
  readonly crowds: readonly number[];
}

const library = openTestlib();
const crowdLibrary = openCrowdLib();

/** Calls of every kind in C, whose promises were given up, so that they hold nothing. */
async function occupy(): Promise<void> {
  const gate = makeGate(library);
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < CONTEXTS; i++) {
    calls.push(rejection(library.gateWait.with(options)(gate.number)));
  }
  await until(() => gate.arrived() === CONTEXTS, "they are in C");
  const contexts = await Promise.all(Array.from({ length: CONTEXTS }, () => Context.acquire()));
  const libraries = contexts.map((context) => context.use(library));
  await Promise.all(libraries.map(({ answer }) => answer()));
  for (const { sleep, storm } of libraries) {
    calls.push(rejection(sleep.with(options)(BUSY_MS)));
    calls.push(rejection(storm.with(options)(new Uint8Array(1 << 20), 1 << 20, BUSY_MS)));
  }
  await library.answer();
  controller.abort();
  await Promise.all(calls);
}

async function rest(): Promise<void> {
  const contexts = await Promise.all(Array.from({ length: CONTEXTS }, () => Context.acquire()));
  await Promise.all(contexts.map((context) => context.use(library).answer()));
}

async function runWorker({ end, isIdle }: Task): Promise<void> {
  await (isIdle ? rest() : occupy());
  const station = startStation();
  await until(() => station.count > 50, "its sources tell");
  const { crowds } = await (isIdle ? startWaiting : startStorm)(crowdLibrary);
  const said: Said = { bridges: stats().bridges, crowds };
  if (end === "natural") parentPort?.postMessage(said);
  else postToParent(said);
  if (end === "close") (globalThis as unknown as { close(): void }).close();
  if (end === "exit") process.exit(0);
  if (end === "throw") {
    setTimeout(() => {
      throw new Error("thrown by the test");
    }, 0);
  }
}

/* Sockets only: Deno itself leaves the eventfd and the epoll descriptor of an ended Worker. On
   Windows no host is woken by one. */
function sockets(): number {
  if (process.platform === "win32") return 0;
  return readdirSync("/proc/self/fd").filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith("socket:");
    } catch {
      return false; // the one that listed the folder
    }
  }).length;
}

/** Starts a Worker that works and ends; gives it once it says that it is about to. */
async function startWorker(
  { end, isIdle }: Task,
  bridges: number,
): Promise<{ readonly worker: Worker; readonly crowds: readonly number[] }> {
  const url = new URL(import.meta.url);
  url.search = `end=${end}&idle=${isIdle}`;
  /* in Deno only Workers of node:worker_threads end when they have nothing left to do */
  const worker = end === "natural"
    ? new NodeWorker(url) as unknown as Worker
    : new Worker(url, { type: "module" });
  worker.addEventListener?.("error", (event) => event.preventDefault());
  const said =
    (end === "natural"
      ? (await once(worker as unknown as NodeWorker, "message"))[0]
      : await nextMessage(worker)) as Said;
  if (said.bridges !== bridges + 1) throw new Error(`${said.bridges} bridges`);
  return { worker, crowds: said.crowds };
}

/** Milliseconds from the end of a Worker until its bridge was gone. */
async function endOne(task: Task, bridges: number): Promise<number> {
  const { worker, crowds } = await startWorker(task, bridges);
  const start = performance.now();
  if (task.end === "terminate") worker.terminate();
  await until(
    () =>
      stats().bridges === bridges && stats().sources === 0 &&
      crowdLibrary.crowdsRunning.sync() === 0,
    "the bridge is gone, and nobody waits for it",
  );
  const goneMs = performance.now() - start;
  expectClosed(crowdLibrary, crowds);
  return goneMs;
}

async function main(task: Task, count: number): Promise<void> {
  library.answer.sync();
  const { bridges } = stats();
  const goneMs: number[] = [];
  for (let i = 0; i < 2; i++) goneMs.push(await endOne(task, bridges)); // warm-up
  const before = sockets();
  for (let i = 2; i < count; i++) goneMs.push(await endOne(task, bridges));
  await until(() => stats().slots.active + stats().slots.recycling === 0, "contexts are back");
  const left = { activeLeft: stats().slots.active, bridgesLeft: stats().bridges - bridges };
  if (await library.answer() !== 42) throw new Error("no answer");
  const report = { ends: count, goneMs, ...left, socketsLeft: sockets() - before };
  console.log(JSON.stringify(report));
}

if (isMainThread) {
  const [end, count, idle] = process.argv.slice(2) as [string, string, string | undefined];
  await main({ end, isIdle: idle === "idle" }, Number(count));
} else {
  const { searchParams } = new URL(import.meta.url);
  const end = searchParams.get("end") ?? "";
  if (end === "terminate") setInterval(() => {}, 1000);
  await runWorker({ end, isIdle: searchParams.get("idle") === "true" });
}
