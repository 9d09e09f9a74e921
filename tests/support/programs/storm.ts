/**
 * C writes 8 MiB into its argument for 3 s while the Worker that called it is terminated
 * (`workers N`), or while the process exits (`exit`).
 */
import process from "node:process";
import { openTestlib } from "../testlib.ts";
import { isMainThread, nextMessage, postToParent } from "../thread.ts";

const SIZE = 8 << 20;
const STORM_MS = 3000;
const PATTERN = 0x5a;

function startStorm(): void {
  const library = openTestlib();
  void library.storm(new Uint8Array(SIZE), SIZE, STORM_MS);
}

async function terminateOne(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { type: "module" });
  await nextMessage(worker);
  worker.terminate();
}

/** Arrays that take the place of what the Workers left; none of them may change. */
async function watchArrays(until: number): Promise<boolean> {
  const arrays: Uint8Array[] = [];
  let intact = true;
  while (performance.now() < until) {
    if (arrays.length < 24) arrays.push(new Uint8Array(SIZE / 4).fill(PATTERN));
    intact &&= arrays.every((array) => array.every((byte, i) => i % 61 !== 0 || byte === PATTERN));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return intact;
}

async function main(mode: string, count: number): Promise<void> {
  if (mode === "exit") {
    startStorm();
    setTimeout(() => process.exit(7), 10);
    return;
  }
  await Promise.all(Array.from({ length: count }, terminateOne));
  const intact = await watchArrays(performance.now() + STORM_MS + 200);
  console.log(`${count} terminated, arrays ${intact ? "intact" : "changed"}`);
}

if (isMainThread) {
  await main(process.argv[2] ?? "", Number(process.argv[3]));
} else {
  startStorm();
  setTimeout(() => postToParent("storm"), 5);
}
