/**
 * Eight Workers at once, each with contexts; one is terminated while its calls are in C, the others
 * go on, and all slots come back.
 */
import assert from "node:assert/strict";
import { Context, stats } from "../../../mod.ts";
import { makeLog, openContextLib } from "../contexts.ts";
import { until } from "../harness.ts";
import { isMainThread, nextMessage, postToParent } from "../thread.ts";

const WORKERS = 8;
const CONTEXTS = 4;
const ROUNDS = 50;
const library = openContextLib();

async function lease(index: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await using context = await Context.acquire({ name: `lease ${index}` });
    const used = context.use(library);
    const threads = await Promise.all(Array.from({ length: 5 }, () => used.threadId()));
    assert.equal(new Set(threads).size, 1);
  }
}

async function work(): Promise<void> {
  await Promise.all(Array.from({ length: CONTEXTS }, (_, index) => lease(index)));
  const log = makeLog(library);
  const held = await Context.acquire();
  const used = held.use(library);
  held.own((await used.thingCreate(log.number, 1))!, used.thingDestroy);
  void used.sleep(200);
  postToParent(log.number);
  globalThis.addEventListener("message", async () => {
    await lease(0);
    await held.release();
    postToParent("done");
  }, { once: true });
}

async function main(): Promise<void> {
  library.answer.sync();
  const url = new URL(import.meta.url);
  const workers = Array.from({ length: WORKERS }, () => new Worker(url, { type: "module" }));
  const logs = await Promise.all(workers.map(nextMessage)) as number[];
  workers.pop()!.terminate();
  await until(() => stats().bridges === WORKERS, "the bridge of one is gone");
  const answers = workers.map(nextMessage);
  for (const worker of workers) worker.postMessage("go on");
  assert.deepEqual(await Promise.all(answers), Array(WORKERS - 1).fill("done"));
  for (const log of logs) {
    await until(() => library.logCount.sync(log) === 1, "what was owned is destroyed");
  }
  const { slots } = stats();
  await until(() => stats().slots.active + stats().slots.recycling === 0, JSON.stringify(slots));
  for (const worker of workers) worker.terminate();
}

if (isMainThread) await main();
else await work();
