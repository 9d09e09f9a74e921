/**
 * Ends in the way it is told while 4 contexts and pool calls are in C, 4 foreign threads storm
 * callbacks, and a station is busy.
 */
import process from "node:process";
import { Context } from "../../../mod.ts";
import { openCrowdLib, startStorm } from "../crowds.ts";
import { rejection, until } from "../harness.ts";
import { limitMs } from "../platform.ts";
import { startStation } from "../stations.ts";
import { makeGate, openTestlib } from "../testlib.ts";

const STORM_BYTES = 1 << 20;
const STORM_MS = limitMs(20_000);

const mode = process.argv[2];
const library = openTestlib();
const gate = makeGate(library);
const controller = new AbortController();
const options = { signal: controller.signal };
const calls: Promise<unknown>[] = [];

for (let i = 0; i < 4; i++) {
  const context = await Context.acquire();
  const used = context.use(library);
  calls.push(rejection(used.gateWait.with(options)(gate.number)));
  calls.push(rejection(used.echoText.with(options)("queued behind it")));
  calls.push(rejection(library.gateWait.with(options)(gate.number)));
  calls.push(
    rejection(library.storm.with(options)(new Uint8Array(STORM_BYTES), STORM_BYTES, STORM_MS)),
  );
}
await until(() => gate.arrived() === 8, "all are in C");
const { callbacks } = await startStorm(openCrowdLib());
const station = startStation();
await until(() => station.count > 50, "its sources tell");
console.log(`in C, stormed by ${callbacks.length}`);

interface Exits {
  readonly Bun?: { exit?(code: number): never };
  readonly Deno?: { exit(code: number): never };
}

const { Deno: deno } = globalThis as Exits;
if (mode === "natural") {
  controller.abort();
  await Promise.all(calls);
} else if (mode === "process.exit") {
  process.exit(7);
} else if (mode === "runtime.exit") {
  if (deno !== undefined) deno.exit(8);
  process.exit(8);
} else if (mode === "throw") {
  setTimeout(() => {
    throw new Error("thrown by the test");
  }, 1);
} else {
  void Promise.reject(new Error("rejected by the test"));
}
