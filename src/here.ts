/**
 * C on this thread that calls JavaScript: how deep, and what went wrong there.
 *
 * A handler's error cannot pass through C. It is kept until C has returned, and the `.sync` call
 * that C was in throws it.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";

/** What generated code looks at before and after a `.sync` call. */
export const here: {
  /** Handlers that C on this thread is calling at the moment, one inside the other. */
  depth: number;
  /** Whether an error waits to be thrown. */
  hasFailed: boolean;
  /** Whether C threads wait for answers that are still to be sent down. */
  isStaged: boolean;
} = { depth: 0, hasFailed: false, isStaged: false };

let kept: unknown;

/** Throws what was kept. */
export function rethrow(): never {
  const error = kept;
  here.hasFailed = false;
  kept = undefined;
  throw error;
}

/* Nobody throws it where C was not called through this package. */
function reportKept(): void {
  if (!here.hasFailed) return;
  const error = kept;
  here.hasFailed = false;
  kept = undefined;
  runtime.report(error);
}

/** Keeps an error until C has returned; the first one counts. */
export function keepError(error: unknown): void {
  if (here.hasFailed) return;
  here.hasFailed = true;
  kept = error;
  queueMicrotask(reportKept);
}
