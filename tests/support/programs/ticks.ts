/** Ticks of a 1 ms interval and reads of a file, idle and under a flood: `ticks CHANNEL`. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { callback, configure, type Settings, stats } from "../../../mod.ts";
import { openCallbackLib, post } from "../callbacks.ts";

const MS = 500;
const path = new URL(import.meta.url);

async function count(): Promise<{ ticks: number; reads: number }> {
  let ticks = 0;
  let reads = 0;
  const timer = setInterval(() => ticks++, 1);
  const end = performance.now() + MS;
  while (performance.now() < end) {
    await readFile(path);
    reads++;
  }
  clearInterval(timer);
  return { ticks, reads };
}

configure({ wake: process.argv[2] as NonNullable<Settings["wake"]> });
const library = openCallbackLib();
await count(); // warm-up
const idle = await count();
let events = 0;
using flood = callback.post(post, () => {
  events++;
  for (const end = performance.now() + 0.001; performance.now() < end;);
});
const storm = await library.stormStart(flood, 4, 1_000_000);
const busy = await count();
flood.close();
await library.stormJoin(storm);
console.log(JSON.stringify({ idle, busy, events, wakeChannel: stats().wakeChannel }));
