/**
 * Measures one row on this runtime and prints its outcome as one line of JSON.
 *
 *     bun bench/main.ts NAME [--quick]
 *
 * @module
 */
import process from "node:process";
import { setImmediate } from "node:timers";
import { effortOf } from "./measure.ts";
import { blocking, fileRead, idle } from "./rows/blocking.ts";
import {
  buffer,
  contextAgainstPromises,
  contextInFlight,
  inFlight,
  koffiInFlight,
  koffiSequential,
  pingPong,
  sequential,
  sync,
  workerRoundTrip,
} from "./rows/calls.ts";
import {
  boundCall,
  call,
  callAgainstC,
  callbackMemory,
  copy,
  inline,
  post,
  postAgainstNapi,
} from "./rows/callback.ts";
import { chainRows } from "./rows/chain.ts";
import { abortLatency, contextMemory, contextSequential, submitScaling } from "./rows/context.ts";
import { out, struct, text } from "./rows/language.ts";
import { leaseCycle, leaseCycle64, leaseFlat } from "./rows/lease.ts";
import { memoryRead } from "./rows/memory.ts";
import type { Row } from "./rows/outcome.ts";
import { accept, datagrams, datagramsAgainstNode, stream } from "./rows/preread.ts";
import { repeatRows } from "./rows/repeat.ts";
import { exchange, posts, ready, scale, sourceMemory, timerPrecision } from "./rows/station.ts";

const rows: Readonly<Record<string, Row>> = {
  "call.sequential": sequential,
  "call.inflight64": inFlight(64),
  "call.blocking600": blocking,
  "lease.cycle": leaseCycle,
  "lease.cycle64": leaseCycle64,
  "lease.flat": leaseFlat,
  "context.memory": contextMemory,
  "context.sequential": contextSequential,
  "context.inflight64": contextInFlight(64),
  "context.inflight1000": contextAgainstPromises(1000, "bare promises", queueMicrotask),
  "call.sync": sync,
  "call.buffer": buffer,
  "call.out": out,
  "call.string": text,
  "struct.value": struct,
  "memory.read": memoryRead,
  "chain.rows": chainRows,
  "abort.latency": abortLatency,
  "repeat.rows": repeatRows,
  "submit.scaling": submitScaling,
  "event.post1": post(1),
  "event.post4": post(4),
  "event.post1.napi": postAgainstNapi(1),
  "event.post4.napi": postAgainstNapi(4),
  "event.call1": call(1),
  "event.call16": call(16),
  "event.call16.floor": callAgainstC,
  "event.copy": copy,
  "callback.inline": inline,
  "callback.memory": callbackMemory,
  "bound.call": boundCall,
  "station.pingpong": exchange,
  "station.ready": ready,
  "station.scale": scale,
  "station.memory": sourceMemory,
  "preread.stream": stream,
  "preread.datagrams": datagrams,
  "preread.datagrams.node": datagramsAgainstNode,
  "preread.accept": accept,
  "native_event.post": posts,
  "timer.precision": timerPrecision,
  "fs.read": fileRead,
  "idle": idle,
  "koffi.sequential": koffiSequential,
  "koffi.inflight64": koffiInFlight(64),
  "worker.roundtrip": workerRoundTrip,
  "floor.threads": pingPong,
  "floor.promises": contextAgainstPromises(1000, "bare promises, later task", setImmediate),
};

const [name = "", ...flags] = process.argv.slice(2);
const row = rows[name];
if (row === undefined) {
  throw new Error(`Cannot measure "${name}": the rows are ${Object.keys(rows).join(", ")}`);
}
console.log(JSON.stringify(await row(name, effortOf(flags.includes("--quick")))));
process.exit(0);
