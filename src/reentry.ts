/**
 * Calls that could never run: on a context whose thread waits for the very code that makes them.
 *
 * What descends from a handler is known by its async context.
 *
 * @module
 */
import { SidingError } from "./errors.ts";
import { runtime } from "./runtime/current.ts";
import type { AsyncStorage } from "./runtime/runtime.ts";

/** A thread of a context that waits for a handler. */
export interface Waiter {
  /** The context. */
  readonly handle: number;
  /** By which calls reach the thread nevertheless. */
  readonly nest: number;
  /** Grows; of two on one thread the later one is inside the earlier. */
  readonly order: number;
  /** Whether it still waits. */
  readonly isWaiting: boolean;
  /** Whose handler made the callback. */
  readonly outer: Waiter | undefined;
}

/** What generated code looks at before a call. */
export const reentry: {
  /** Threads of contexts that wait for handlers of this thread. */
  waiting: number;
} = { waiting: 0 };

let storage: AsyncStorage<Waiter> | undefined;
const nests: Map<number, Waiter> = new Map();
let order = 0;

/** The waiter whose handler this code descends from. */
export function currentWaiter(): Waiter | undefined {
  return storage?.getStore();
}

/** Notes that it waits; gives its order. */
export function addWaiter(waiter: Waiter): number {
  reentry.waiting++;
  nests.set(waiter.nest, waiter);
  return order++;
}

/** Notes that it waits no more. */
export function removeWaiter(waiter: Waiter): void {
  reentry.waiting--;
  if (nests.get(waiter.nest) === waiter) nests.delete(waiter.nest);
}

/** Runs a handler so that what descends from it is known. */
export function within<A extends readonly unknown[], R>(
  waiter: Waiter,
  handler: (...args: A) => R,
  ...args: A
): R {
  storage ??= runtime.asyncStorage<Waiter>();
  return storage.run(waiter, handler, ...args);
}

function isBlocked(target: number, waiter: Waiter): boolean {
  if (!waiter.isWaiting) return false;
  if (target === waiter.handle) return true;
  const other = nests.get(target);
  return other?.handle === waiter.handle && other.order < waiter.order;
}

/** Whether a call on a context or nest would wait for the code that makes it. */
export function reenters(target: number): boolean {
  for (let waiter = currentWaiter(); waiter !== undefined; waiter = waiter.outer) {
    if (isBlocked(target, waiter)) return true;
  }
  return false;
}

/** The error of such a call. */
export function reentrantError(name: string): SidingError {
  const state = "its context waits for this callback; scope.context reaches it";
  return new SidingError("ERR_SIDING_REENTRANT", `Cannot call ${name}: ${state}`);
}
