/**
 * Rows about calls that do next to nothing: what a call costs.
 *
 * @module
 */
import process from "node:process";
import { Context } from "../../mod.ts";
import { openBench, openTest } from "../libraries.ts";
import { barePromises, inBatches, oneAtATime, onThisThread } from "../loops.ts";
import { alternate, type Run } from "../measure.ts";
import { koffiAdd, ownSyncAdd, usualAdd, workerAdd } from "../peers.ts";
import { compared, type Row } from "./outcome.ts";

const BUFFER_BYTES = 64 * 1024;

/** One call after the other, each awaited. */
export const sequential: Row = async (name, effort) => {
  const peer = usualAdd();
  const siding = oneAtATime(openTest().test_add);
  return compared(name, peer.name, await alternate(siding, oneAtATime(peer.add), effort));
};

/** Calls in flight on any thread of the pool. */
export const inFlight = (size: number): Row => async (name, effort) => {
  const peer = usualAdd();
  const siding = inBatches(openTest().test_add, size);
  const rates = await alternate(siding, inBatches(peer.add, size), effort);
  return compared(name, peer.name, rates, size);
};

/** Calls in flight on one ordered thread. */
export const contextInFlight = (size: number): Row => async (name, effort) => {
  await using context = await Context.acquire({ name: "bench" });
  const peer = usualAdd();
  const siding = inBatches(context.use(openTest()).test_add, size);
  const rates = await alternate(siding, inBatches(peer.add, size), effort);
  return compared(name, peer.name, rates, size);
};

/** Calls in flight on one ordered thread against promises that nobody has to wait for. */
export const contextAgainstPromises =
  (size: number, peer: string, defer: (task: () => void) => void): Row => async (name, effort) => {
    await using context = await Context.acquire({ name: "bench" });
    const siding = inBatches(context.use(openTest()).test_add, size);
    const rates = await alternate(siding, barePromises(defer, size), effort);
    return compared(name, peer, rates, size);
  };

/** Calls on the JavaScript thread. */
export const sync: Row = async (name, effort) => {
  const peer = await ownSyncAdd();
  const siding = onThisThread(openTest().test_add.sync);
  return compared(name, peer.name, await alternate(siding, onThisThread(peer.add), effort));
};

/** 64 KiB in and out against a plain call with two copies of that size on this thread. */
export const buffer: Row = async (name, effort) => {
  const { bench_touch: touch } = openBench();
  const { test_add: add } = openTest();
  const bytes = new Uint8Array(BUFFER_BYTES);
  const copy = new Uint8Array(BUFFER_BYTES);
  const siding: Run = async (count) => {
    for (let i = 0; i < count; i++) {
      const expected = (bytes[0]! + 1) & 255;
      await touch(bytes, BUFFER_BYTES);
      if (bytes[0] !== expected) throw new Error("the bytes did not come back");
    }
  };
  const peer: Run = async (count) => {
    for (let i = 0; i < count; i++) {
      copy.set(bytes);
      await add(i, 1);
      bytes.set(copy);
    }
  };
  const rates = await alternate(siding, peer, effort);
  return compared(name, "plain call and two copies", rates);
};

/** koffi, also where it is not the usual way. */
export const koffiSequential: Row = async (name, effort) => {
  const siding = oneAtATime(openTest().test_add);
  return compared(name, "koffi async", await alternate(siding, oneAtATime(koffiAdd()), effort));
};

/** The same with calls in flight. */
export const koffiInFlight = (size: number): Row => async (name, effort) => {
  const siding = inBatches(openTest().test_add, size);
  const rates = await alternate(siding, inBatches(koffiAdd(), size), effort);
  return compared(name, "koffi async", rates, size);
};

/** A round trip to a native thread against one to a Worker. */
export const workerRoundTrip: Row = async (name, effort) => {
  const worker = workerAdd();
  const siding = oneAtATime(openTest().test_add);
  const rates = await alternate(siding, oneAtATime(worker.add), effort);
  worker.end();
  return compared(name, "Worker postMessage", rates);
};

/** A round trip against one between two C threads that park. */
export const pingPong: Row = async (name, effort) => {
  if (process.platform !== "linux") throw new Error("The floor is measured with Linux's futex");
  const { bench_ping_pong } = openBench();
  const peer: Run = (count) => bench_ping_pong.sync(count);
  const rates = await alternate(oneAtATime(openTest().test_add), peer, effort);
  return compared(name, "two C threads, futex", rates);
};
