/**
 * Which thread a program runs on.
 *
 * @module
 */

import { isMainThread as isMainOfNode } from "node:worker_threads";

const { Bun: bun } = globalThis as { Bun?: { readonly isMainThread: boolean } };

/* Deno's two kinds of Workers know each only half of this. */
const isMainOfDeno = isMainOfNode && !("WorkerGlobalScope" in globalThis);

/** Whether this is the process's first JavaScript thread, and no Worker. */
export const isMainThread: boolean = bun?.isMainThread ?? isMainOfDeno;

/** Sends a message from a Worker to the thread that started it. */
export function postToParent(message: unknown): void {
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(message);
}

/** The next message of a Worker. */
export function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data), { once: true });
    worker.addEventListener("error", ({ message }) => reject(new Error(message)), { once: true });
  });
}
