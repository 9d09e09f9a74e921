/**
 * Ending this thread's connection by hand.
 *
 * @module
 */
import { currentBridge } from "./bridge.ts";

/**
 * Disconnects this JavaScript thread: every pending call fails with `ERR_SIDING_CLOSED`, queued C
 * functions never run, running ones end by themselves, contexts are given back.
 *
 * Seldom needed: the same happens when the thread ends. Functions made before fail from now on;
 * {@linkcode open} connects anew. Idempotent.
 *
 * @example
 * ```ts
 * import { shutdown } from "@siding/ffi";
 *
 * shutdown();
 * ```
 *
 * @category Settings and insight
 */
export function shutdown(): void {
  currentBridge()?.close();
}
