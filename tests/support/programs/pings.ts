/**
 * One call after the other, with no timer alive: `pings CHANNEL main|worker|mixed COUNT`.
 * A call with options is never answered on the spot, so each result comes by a kick.
 */
import process from "node:process";
import { configure, stats } from "../../../mod.ts";
import { openTestlib } from "../testlib.ts";
import { isMainThread, postToParent } from "../thread.ts";

interface Task {
  readonly channel: "socket" | "callback";
  readonly count: number;
}

async function pings({ channel, count }: Task, mixed: boolean): Promise<string> {
  configure({ wake: channel });
  const { add, spin } = openTestlib();
  const patient = add.with({});
  const before = stats().wakes;
  let done = 0;
  while (done < count) {
    if (mixed && done % 3 > 0) await (done % 3 === 1 ? add(done, 1) : spin(done % 12));
    else await patient(done, 1);
    done++;
  }
  const { wakes, wakeChannel } = stats();
  return JSON.stringify({ pings: done, kicks: wakes - before, wakeChannel });
}

if (isMainThread) {
  const [channel, place, count] = process.argv.slice(2) as [Task["channel"], string, string];
  const task: Task = { channel, count: Number(count) };
  if (place === "worker") {
    const worker = new Worker(new URL(import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      if (data === "ready") return worker.postMessage(task);
      console.log(data);
      worker.terminate();
    });
  } else {
    console.log(await pings(task, place === "mixed"));
  }
} else {
  const scope = globalThis as unknown as Worker;
  scope.addEventListener("message", async ({ data }) => postToParent(await pings(data, false)));
  postToParent("ready");
}
