/** A context that four Workers take part in, one of which is terminated. */
import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { Context, type ContextToken, stats } from "../../../mod.ts";
import { makeLog, openContextLib } from "../contexts.ts";
import { until } from "../harness.ts";
import { isMainThread, nextMessage, postToParent } from "../thread.ts";

const WORKERS = 4;
const ignore = (): void => {};
const library = openContextLib();

async function work(token: ContextToken): Promise<void> {
  await library.sleep(50); // by now every runtime has the channels
  channel("siding:stuck").subscribe(ignore);
  const context = Context.attach(token);
  assert.throws(() => context.on("stuck", ignore), { code: "ERR_SIDING_BUSY" });
  assert.throws(() => Context.attach(token), { code: "ERR_SIDING_BUSY" });
  const used = context.use(library);
  const threads = await Promise.all(Array.from({ length: 100 }, () => used.threadId()));
  globalThis.addEventListener("message", async () => {
    await context.release();
    postToParent("released");
  }, { once: true });
  postToParent(new Set(threads).size === 1 ? threads[0] : 0n);
}

async function main(): Promise<void> {
  const log = makeLog(library);
  const context = await Context.acquire({ name: "shared" });
  const used = context.use(library);
  context.own((await used.thingCreate(log.number, 1))!, used.thingDestroy);
  context.on("stuck", ignore);
  const token = context.share();
  const url = new URL(import.meta.url);
  const workers = Array.from({ length: WORKERS }, () => new Worker(url, { type: "module" }));
  await Promise.all(workers.map(nextMessage)); // each listens
  for (const worker of workers) worker.postMessage(token);
  const threads = await Promise.all(workers.map(nextMessage));
  assert.deepEqual(threads, Array(WORKERS).fill(await used.threadId()));
  workers.pop()!.terminate();
  await context.release(); // this thread's part
  assert.deepEqual(log.things(), []);
  for (const worker of workers) {
    const answer = nextMessage(worker);
    worker.postMessage("release");
    assert.equal(await answer, "released");
  }
  await until(() => log.things().length === 1, "the lease has ended");
  await until(() => stats().slots.active + stats().slots.recycling === 0, "its slot is back");
  for (const worker of workers) worker.terminate();
}

if (isMainThread) {
  await main();
} else {
  const listen = ({ data }: { readonly data?: unknown }): void => void work(data as ContextToken);
  globalThis.addEventListener("message", listen as () => void, { once: true });
  postToParent("listening");
}
