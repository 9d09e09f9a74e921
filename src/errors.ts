/**
 * The error that every failure of this package comes as.
 *
 * @module
 */
import { status, statuses } from "./generated/siding.ts";

/**
 * What a {@linkcode SidingError} is about.
 *
 * @category Errors
 */
export type SidingErrorCode =
  | "ERR_SIDING_BLOCKS"
  | "ERR_SIDING_BUSY"
  | "ERR_SIDING_CALLBACK"
  | "ERR_SIDING_CANCELLED"
  | "ERR_SIDING_CLOSED"
  | "ERR_SIDING_CONTEXT_RECYCLING"
  | "ERR_SIDING_ENDED"
  | "ERR_SIDING_INTERNAL"
  | "ERR_SIDING_LIBRARY_NOT_FOUND"
  | "ERR_SIDING_LIMIT"
  | "ERR_SIDING_MEMORY"
  | "ERR_SIDING_NATIVE"
  | "ERR_SIDING_NOT_CHILD"
  | "ERR_SIDING_PERMISSION"
  | "ERR_SIDING_POOL_EXHAUSTED"
  | "ERR_SIDING_REENTRANT"
  | "ERR_SIDING_SIGNATURE"
  | "ERR_SIDING_STALE"
  | "ERR_SIDING_SYMBOL_NOT_FOUND"
  | "ERR_SIDING_SYSTEM"
  | "ERR_SIDING_THREAD"
  | "ERR_SIDING_TIMEOUT";

/**
 * More about a {@linkcode SidingError}.
 *
 * @category Errors
 */
export interface SidingErrorOptions {
  /** What led to it. */
  cause?: unknown;
  /** The operating system's error number. */
  errno?: number;
  /** What GetLastError gave, on Windows. */
  lastError?: number;
  /** The C function that failed. */
  syscall?: string;
}

/**
 * A failure of a call, a library or a context.
 *
 * @example
 * ```ts
 * import { SidingError } from "@siding/ffi";
 *
 * const error = new SidingError("ERR_SIDING_TIMEOUT", "Cannot call sleep: 100 ms passed");
 * console.assert(error.code === "ERR_SIDING_TIMEOUT");
 * ```
 *
 * @category Errors
 */
export class SidingError extends Error {
  /** What it is about. */
  readonly code: SidingErrorCode;
  /** The operating system's error number, for `ERR_SIDING_SYSTEM`. */
  declare readonly errno?: number;
  /** What GetLastError gave, for `ERR_SIDING_SYSTEM` on Windows. */
  declare readonly lastError?: number;
  /** The C function that failed, for `ERR_SIDING_SYSTEM`. */
  declare readonly syscall?: string;

  /** Makes one with its code and a text of the form "Cannot <action>: <state>". */
  constructor(code: SidingErrorCode, message: string, options: SidingErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "SidingError";
    this.code = code;
    if (options.errno !== undefined) this.errno = options.errno;
    if (options.lastError !== undefined) this.lastError = options.lastError;
    if (options.syscall !== undefined) this.syscall = options.syscall;
  }
}

const codes: Readonly<Record<number, SidingErrorCode>> = {
  [status.stale]: "ERR_SIDING_STALE",
  [status.thread]: "ERR_SIDING_THREAD",
  [status.nomem]: "ERR_SIDING_MEMORY",
  [status.limit]: "ERR_SIDING_LIMIT",
  [status.system]: "ERR_SIDING_SYSTEM",
  [status.busy]: "ERR_SIDING_BUSY",
  [status.cancelled]: "ERR_SIDING_CANCELLED",
  [status.timeout]: "ERR_SIDING_TIMEOUT",
  [status.closed]: "ERR_SIDING_CLOSED",
  [status.exhausted]: "ERR_SIDING_POOL_EXHAUSTED",
  [status.signature]: "ERR_SIDING_SIGNATURE",
  [status.notfound]: "ERR_SIDING_LIBRARY_NOT_FOUND",
  [status.recycling]: "ERR_SIDING_CONTEXT_RECYCLING",
  [status.reentrant]: "ERR_SIDING_REENTRANT",
  [status.ended]: "ERR_SIDING_ENDED",
  [status.notchild]: "ERR_SIDING_NOT_CHILD",
  [status.blocks]: "ERR_SIDING_BLOCKS",
};

/** The error for a status of libsiding; `action` completes "Cannot …". */
export function errorFromStatus(value: number, action: string): SidingError {
  const text = statuses[value]?.text ?? `status ${value}`;
  return new SidingError(codes[value] ?? "ERR_SIDING_INTERNAL", `Cannot ${action}: ${text}`);
}

/** Throws where libsiding answered with a negative status; gives the count otherwise. */
export function checkStatus(value: number, action: string): number {
  if (value < 0) throw errorFromStatus(value, action);
  return value;
}
