/**
 * Workers that end one after the other: `worker_ends END COUNT [idle]`. Each holds contexts and a
 * station and, unless `idle`, leaves calls in C, and callbacks under storm; where idle, foreign
 * threads wait for its callbacks. What it leaves in C returns only when all else of it is gone.
 * Reports how long after its end the bridge was still there, or a foreign thread had not been let
 * go, and what was left in the end.
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
const IN_C = 2 * CONTEXTS;
const BUFFER_BYTES = 1 << 20;
/** How long buffers are written without a pause. */
const STORM_MS = limitMs(500);

interface Task {
  readonly end: string;
  readonly isIdle: boolean;
}

interface Said {
  readonly bridges: number;
  readonly crowds: readonly number[];
  /** Where its calls in C wait; null: it has none. */
  readonly gate: number | null;
}

const library = openTestlib();
const crowdLibrary = openCrowdLib();

/**
 * Calls of every kind in C, whose promises were given up, so that they hold nothing. Those of the
 * contexts write when they are let go. Gives the gate where they wait.
 */
async function occupy(): Promise<number> {
  const gate = makeGate(library);
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const calls: Promise<unknown>[] = [];
  const buffer = (): Uint8Array => new Uint8Array(BUFFER_BYTES);
  for (let i = 0; i < CONTEXTS; i++) {
    const { gateFill } = (await Context.acquire()).use(library);
    calls.push(rejection(gateFill.with(options)(gate.number, buffer(), BUFFER_BYTES, 1)));
    calls.push(rejection(library.gateWait.with(options)(gate.number)));
  }
  await until(() => gate.arrived() === IN_C, "they are in C");
  for (let i = 0; i < CONTEXTS; i++) {
    const storm = library.storm.with(options)(buffer(), BUFFER_BYTES, STORM_MS);
    calls.push(storm.catch(() => {})); // no gate ends it: a busy machine may see it out
  }
  controller.abort();
  await Promise.all(calls);
  return gate.number;
}

async function rest(): Promise<null> {
  const contexts = await Promise.all(Array.from({ length: CONTEXTS }, () => Context.acquire()));
  await Promise.all(contexts.map((context) => context.use(library).answer()));
  return null;
}

async function runWorker({ end, isIdle }: Task): Promise<void> {
  const gate = await (isIdle ? rest() : occupy());
  const station = startStation();
  await until(() => station.count > 50, "its sources tell");
  const { crowds } = await (isIdle ? startWaiting : startStorm)(crowdLibrary);
  const said: Said = { bridges: stats().bridges, crowds, gate };
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
): Promise<Omit<Said, "bridges"> & { readonly worker: Worker }> {
  const url = new URL(import.meta.url);
  url.search = `end=${end}&idle=${isIdle}`;
  /* in Deno only Workers of node:worker_threads end when they have nothing left to do */
  const worker = end === "natural"
    ? new NodeWorker(url) as unknown as Worker
    : new Worker(url, { type: "module" });
  worker.addEventListener?.("error", (event) => event.preventDefault());
  const message = end === "natural"
    ? (await once(worker as unknown as NodeWorker, "message"))[0]
    : await nextMessage(worker);
  const { bridges: bridgesThen, ...said } = message as Said;
  if (bridgesThen !== bridges + 1) throw new Error(`${bridgesThen} bridges`);
  return { worker, ...said };
}

/** Lets calls return whose Worker is gone; throws where one of them has before. */
function letGo(gate: number): void {
  const { recycling } = stats().slots;
  if (recycling !== CONTEXTS) throw new Error(`${recycling} contexts were in C at its end`);
  library.gateOpen.sync(gate);
}

/** Milliseconds from the end of a Worker until its bridge was gone. */
async function endOne(task: Task, bridges: number): Promise<number> {
  const { worker, crowds, gate } = await startWorker(task, bridges);
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
  if (gate !== null) letGo(gate);
  await until(() => stats().slots.active + stats().slots.recycling === 0, "contexts are back");
  return goneMs;
}

async function main(task: Task, count: number): Promise<void> {
  library.answer.sync();
  const { bridges } = stats();
  const goneMs: number[] = [];
  for (let i = 0; i < 2; i++) goneMs.push(await endOne(task, bridges)); // warm-up
  const before = sockets();
  for (let i = 2; i < count; i++) goneMs.push(await endOne(task, bridges));
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
