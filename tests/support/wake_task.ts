/**
 * What the programs do that wake a JavaScript thread again and again: `CHANNEL PLACE COUNT`.
 *
 * @module
 */
import process from "node:process";
import { runtimeName } from "./harness.ts";
import { isMainThread, nextMessage, postToParent } from "./thread.ts";

/** What may rouse a thread here: other threads may call no callback of Node.js. */
export const wakeChannels: readonly WakeTask["channel"][] = runtimeName === "node"
  ? ["socket"]
  : ["socket", "callback"];

/** Its arguments. */
export interface WakeTask {
  readonly channel: "socket" | "callback";
  /** `worker`: in a Worker of the same program. */
  readonly place: string;
  readonly count: number;
}

/** Prints what `work` gives, at the place that is asked for; `program` is its own URL. */
export async function runWakeTask(
  program: string,
  work: (task: WakeTask) => Promise<string>,
): Promise<void> {
  if (!isMainThread) {
    const scope = globalThis as unknown as Worker;
    scope.addEventListener("message", async ({ data }) => postToParent(await work(data)));
    return postToParent("ready");
  }
  const [channel, place, count] = process.argv.slice(2) as [WakeTask["channel"], string, string];
  const task = { channel, place, count: Number(count) };
  if (place !== "worker") return console.log(await work(task));
  const worker = new Worker(program, { type: "module" });
  await nextMessage(worker); // it listens
  worker.postMessage(task);
  console.log(await nextMessage(worker));
  worker.terminate();
}
