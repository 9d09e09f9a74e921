/** 8 Workers with contexts, stations and callbacks under storm, one of which is terminated. */
import assert from "node:assert/strict";
import { Context, stats } from "../../../mod.ts";
import {
  type CrowdCounts,
  crowdCounts,
  expectClosed,
  openCrowdLib,
  startStorm,
} from "../crowds.ts";
import { until } from "../harness.ts";
import { BUSY_SOURCES, startStation } from "../stations.ts";
import { openTestlib } from "../testlib.ts";
import { isMainThread, nextMessage, postToParent } from "../thread.ts";

const WORKERS = 8;
const CONTEXTS = 2;
const CALLBACKS = 2;
const CALLS = 100;
const FURTHER = 200;

const library = openTestlib();
const crowdLibrary = openCrowdLib();

async function work(): Promise<void> {
  const contexts = await Promise.all(Array.from({ length: CONTEXTS }, () => Context.acquire()));
  const threads = await Promise.all(contexts.map((context) => context.use(library).threadId()));
  const { callbacks, crowds } = await startStorm(crowdLibrary);
  const station = startStation();
  globalThis.addEventListener("message", async () => {
    for (const [index, context] of contexts.entries()) {
      const used = context.use(library);
      const ids = await Promise.all(Array.from({ length: CALLS }, () => used.threadId()));
      assert.deepEqual(new Set(ids), new Set([threads[index]]));
      await context.release();
    }
    for (const callback of callbacks) callback.close();
    const { count } = station;
    await until(() => station.count > count + 100, "its sources still tell");
    await station.close();
    postToParent("ended");
  }, { once: true });
  postToParent(crowds);
}

function counted(crowds: readonly number[]): CrowdCounts[] {
  return crowds.map((crowd) => crowdCounts(crowdLibrary, crowd));
}

/** Waits until each crowd has made more calls, none of which met a closed pointer. */
async function goOn(crowds: readonly number[]): Promise<void> {
  const before = counted(crowds);
  const further = (): boolean =>
    counted(crowds).every(({ made }, index) => made > before[index]!.made + FURTHER);
  await until(further, "the others go on");
  for (const { closed, timedOut, running } of counted(crowds)) {
    assert.deepEqual({ closed, timedOut, running }, { closed: 0, timedOut: 0, running: 2 });
  }
}

function held(): Record<string, number> {
  const { bridges, callbacks, sources, slots: { active, recycling } } = stats();
  return { bridges, callbacks, sources, leased: active + recycling };
}

/** Waits until only so many Workers hold anything. */
async function expectHeld(workers: number): Promise<void> {
  const wanted = {
    bridges: 1 + workers,
    callbacks: CALLBACKS * workers,
    sources: BUSY_SOURCES * workers,
    leased: CONTEXTS * workers,
  };
  const isSo = (): boolean => JSON.stringify(held()) === JSON.stringify(wanted);
  await until(isSo, JSON.stringify(wanted)).catch(() => assert.deepEqual(held(), wanted));
}

async function main(): Promise<void> {
  library.answer.sync();
  const url = new URL(import.meta.url);
  const workers = Array.from({ length: WORKERS }, () => new Worker(url, { type: "module" }));
  const crowds = await Promise.all(workers.map(nextMessage)) as number[][];
  await expectHeld(WORKERS);
  workers.pop()!.terminate();
  await expectHeld(WORKERS - 1);
  const gone = crowds.pop()!;
  await until(() => counted(gone).every(({ running }) => running === 0), "C is let go");
  expectClosed(crowdLibrary, gone);
  await goOn(crowds.flat());
  const contexts = await Promise.all(Array.from({ length: CONTEXTS }, () => Context.acquire()));
  await Promise.all(contexts.map((context) => context.release()));
  for (const worker of workers) {
    const answer = nextMessage(worker);
    worker.postMessage("end");
    assert.equal(await answer, "ended");
    worker.terminate();
  }
  await expectHeld(0);
  await until(() => crowdLibrary.crowdsRunning.sync() === 0, "no thread waits");
  expectClosed(crowdLibrary, crowds.flat());
}

if (isMainThread) await main();
else await work();
