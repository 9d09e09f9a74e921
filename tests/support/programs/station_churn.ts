/** Two threads whose sources come and go on the same descriptors while the poller waits: `MS`. */
import assert from "node:assert/strict";
import process from "node:process";
import { Station, stats } from "../../../mod.ts";
import { eventfd, signalEvent } from "../descriptors.ts";
import { until } from "../harness.ts";
import { isMainThread, nextMessage, postToParent } from "../thread.ts";

const EVENTS = 16;

interface Task {
  readonly events: readonly number[];
  readonly ms: number;
}

/* Adds and removes for so long; gives how often. */
async function churn({ events, ms }: Task): Promise<number> {
  await using station = new Station();
  const end = performance.now() + ms;
  let removed = 0;
  const loops = events.map(async (event, index) => {
    for (let i = index; performance.now() < end; i++) {
      const port = station.watch(event, { trigger: i % 2 === 0 ? "level" : "edge" });
      const next = port.next();
      signalEvent(event);
      assert.equal((await next).value!.readable, true);
      await port.close();
      removed++;
    }
  });
  await Promise.all(loops);
  assert.equal(station.stats.sources, 0);
  return removed;
}

async function main(ms: number): Promise<void> {
  const events = Array.from({ length: EVENTS }, () => eventfd());
  const worker = new Worker(import.meta.url, { type: "module" });
  await nextMessage(worker);
  const task: Task = { events, ms };
  worker.postMessage(task);
  const counts = await Promise.all([churn(task), nextMessage(worker)]);
  worker.terminate();
  await until(() => stats().sources === 0, "all sources have gone");
  console.log(JSON.stringify(counts));
}

if (isMainThread) {
  await main(Number(process.argv[2]));
} else {
  const scope = globalThis as unknown as Worker;
  scope.addEventListener("message", async ({ data }) => postToParent(await churn(data)));
  postToParent("ready");
}
