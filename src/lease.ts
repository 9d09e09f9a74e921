/**
 * Getting a slot of the pool: at once, or in line with a deadline and a signal.
 *
 * @module
 */
import { type Bridge, bridge } from "./bridge.ts";
import { checkStatus, errorFromStatus, SidingError } from "./errors.ts";
import {
  contextFresh,
  contextMsMax,
  contextWait,
  eventWords,
  layouts,
  status,
} from "./generated/siding.ts";
import { checkRange, checkSignal, type Range, TIMER_MS } from "./range.ts";
import { runtime } from "./runtime/current.ts";
import { type Settle, swallow } from "./settling.ts";
import { type Words, words } from "./words.ts";

/**
 * Options of {@linkcode Context.acquire}. Times are milliseconds.
 *
 * @category Contexts
 */
export interface ContextOptions {
  /** A name for errors, notices, traces and the system's tools, which show its first 15 bytes. */
  name?: string;
  /**
   * `"fresh"`: a thread made for the context, which ends with it, for libraries with state of the
   * thread that cannot be reset. Default `"pooled"`.
   */
  thread?: "pooled" | "fresh";
  /** Stack of a fresh thread in bytes, from 64 KiB; default: as {@linkcode configure} says. */
  stackSize?: number;
  /**
   * How long a release waits for the call that runs, and once more when it was interrupted. Default
   * 1,500.
   */
  drainTimeout?: number;
  /** How long the destructors of a release may take together. Default 10,000. */
  teardownTimeout?: number;
  /** When a call counts as stuck ({@linkcode Context.on}); 0: never. Default 10,000. */
  stuckAfter?: number;
  /** `false`: fail with `ERR_SIDING_POOL_EXHAUSTED` where no slot is free, instead of waiting. */
  wait?: boolean;
  /** How long to wait for a slot at most, before `ERR_SIDING_TIMEOUT`. */
  timeout?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

/** A slot of the pool. */
export interface Lease {
  readonly b: Bridge;
  readonly handle: number;
}

const DRAIN_MS_DEFAULT = 1500;
const TEARDOWN_MS_DEFAULT = 10_000;
const STUCK_MS_DEFAULT = 10_000;
const TIMES: Range = { least: 0, most: contextMsMax };
const STACKS: Range = { least: 64 * 1024, most: 2 ** 32 - 1 };
const ACTION = "acquire a context";
const encoder = new TextEncoder();
const { size, offsets } = layouts.contextOptions;
const raw: Words = words(size / 8);
const out: Words = words(1);
raw.u32[offsets.sizeBytes / 4] = size;

function nameBytes(name: unknown): Uint8Array | null {
  if (name === undefined) return null;
  if (typeof name !== "string" || name.includes("\0")) {
    throw new TypeError(`Cannot ${ACTION}: its name ${String(name)} is no C string`);
  }
  return encoder.encode(name + "\0");
}

/** Throws for options of a wrong type or range. */
function checkOptions(options: ContextOptions): void {
  const { thread, stackSize, wait, signal } = options;
  if (thread !== undefined && thread !== "pooled" && thread !== "fresh") {
    throw new TypeError(`Cannot ${ACTION}: its thread is neither "pooled" nor "fresh"`);
  }
  checkRange(stackSize, "stackSize", ACTION, STACKS);
  if (stackSize !== undefined && thread !== "fresh") {
    throw new TypeError(`Cannot ${ACTION} with a stackSize: only a fresh thread has its own`);
  }
  for (const option of ["drainTimeout", "teardownTimeout", "stuckAfter"] as const) {
    checkRange(options[option], option, ACTION, TIMES);
  }
  checkRange(options.timeout, "timeout", ACTION, TIMER_MS);
  checkSignal(signal, ACTION);
  if (wait !== undefined && typeof wait !== "boolean") {
    throw new TypeError(`Cannot ${ACTION}: wait is ${String(wait)}, no boolean`);
  }
}

/* A time of part of a millisecond is one, because none at all means something else. */
function writeOptions(options: ContextOptions): void {
  const { thread, wait = true, stackSize = 0 } = options;
  const { drainTimeout = DRAIN_MS_DEFAULT, teardownTimeout = TEARDOWN_MS_DEFAULT } = options;
  const { stuckAfter = STUCK_MS_DEFAULT } = options;
  const { u32 } = raw;
  u32[offsets.flags / 4] = (thread === "fresh" ? contextFresh : 0) | (wait ? contextWait : 0);
  u32[offsets.drainMs / 4] = Math.ceil(drainTimeout);
  u32[offsets.teardownMs / 4] = Math.ceil(teardownTimeout);
  u32[offsets.stuckMs / 4] = Math.ceil(stuckAfter);
  u32[offsets.stackBytes / 4] = Math.ceil(stackSize);
}

/** Gives back a slot that came too late for whoever asked for it. */
function giveBack({ b, handle }: Lease): void {
  b.report(
    "release a context",
    (token) => b.native.siding_context_release(b.handle, runtime.wide(handle), token),
  ).catch(() => {}); // it is gone already
}

/* A slot where one is free; `null`: in line, and the token is in use. */
function tryAcquire(b: Bridge, { options, name }: Request, token: number): Lease | null {
  writeOptions(options);
  const acquired = b.native.siding_context_acquire(b.handle, raw.u8, name, token, out.u8);
  if (acquired === status.ok) return { b, handle: Number(out.u64[0]) };
  if (acquired === 1) return null;
  throw errorFromStatus(acquired, ACTION);
}

interface Request {
  readonly options: ContextOptions;
  readonly name: Uint8Array | null;
  /** Whether a place in line keeps the process alive. */
  readonly isAwaited: boolean;
}

/** A place in line. */
class Acquisition {
  readonly promise: Promise<Lease>;
  readonly #b: Bridge;
  readonly #request: Request;
  #resolve: (lease: Lease | Promise<never>) => void = () => {};
  #token = -1;
  #done = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(b: Bridge, request: Request) {
    this.#b = b;
    this.#request = request;
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Starts to look at the deadline and the signal. */
  watch(): Promise<Lease> {
    const { signal, timeout } = this.#request.options;
    signal?.addEventListener("abort", this.#onAbort);
    if (timeout !== undefined) this.#expire(performance.now() + timeout, timeout);
    return this.promise;
  }

  /** Asks for a slot, now that there is a token for the answer. */
  readonly ask = (): void => {
    if (this.#done) return;
    const b = this.#b;
    try {
      const lease = tryAcquire(b, this.#request, b.free[b.top - 1]!);
      if (lease === null) this.join();
      else this.#settle(lease);
    } catch (error) {
      this.#giveUp(error);
    }
  };

  /** Takes the token that the answer will have. */
  join(): void {
    const { isAwaited } = this.#request;
    this.#token = this.#b.stand(this.#decode, this.#settle as Settle, isAwaited);
  }

  readonly #decode = Object.assign(
    (at: number): Lease => ({
      b: this.#b,
      handle: Number(this.#b.events.u64[at / 2 + eventWords]),
    }),
    { action: ACTION },
  );

  /** Takes the slot, or gives it back where the wait is over. */
  readonly #settle = (value: Lease | Promise<never>): void => {
    const b = this.#b;
    if (this.#finish()) return this.#resolve(value);
    if (this.#request.isAwaited) b.alive.pending++; // it was taken off when the wait ended
    if (value instanceof Promise) swallow(value);
    else queueMicrotask(() => giveBack(value)); // no token is taken while events are settled
  };

  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#request.options.signal?.removeEventListener("abort", this.#onAbort);
    clearTimeout(this.#timer);
    return true;
  }

  readonly #onAbort = (): void => this.#giveUp(this.#request.options.signal?.reason);

  #giveUp(reason: unknown): void {
    if (!this.#finish()) return;
    if (this.#token >= 0) {
      const b = this.#b;
      b.cancel(this.#token);
      if (this.#request.isAwaited) b.alive.pending--;
      b.alive.listen();
      b.alive.scheduleRelease();
    }
    this.#resolve(Promise.reject(reason));
  }

  /* Timers of the runtimes may fire up to a millisecond early. */
  #expire(at: number, limit: number): void {
    const left = at - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#expire(at, limit), Math.max(left, 1));
      return;
    }
    const message = `Cannot ${ACTION}: none came within ${limit} ms`;
    this.#giveUp(new SidingError("ERR_SIDING_TIMEOUT", message));
  }
}

/**
 * Leases a slot; throws what is wrong with the options. A place in line keeps the process alive
 * only where it is awaited.
 */
export function acquire(options: ContextOptions, isAwaited: boolean): Promise<Lease> {
  checkOptions(options);
  const name = nameBytes(options.name);
  if (options.signal?.aborted) return Promise.reject(options.signal.reason);
  const b = bridge();
  const request = { options, name, isAwaited };
  const needsToken = options.wait !== false;
  if (needsToken && b.isFull()) {
    const acquisition = new Acquisition(b, request);
    b.wait(acquisition.ask);
    return acquisition.watch();
  }
  try {
    const lease = tryAcquire(b, request, b.free[b.top - 1] ?? 0);
    if (lease !== null) return Promise.resolve(lease);
  } catch (error) {
    return Promise.reject(error);
  }
  const acquisition = new Acquisition(b, request);
  acquisition.join();
  return acquisition.watch();
}

/** Takes part in a lease of another thread. */
export function attach(share: number): Lease {
  const b = bridge();
  const attached = b.native.siding_context_attach(b.handle, runtime.wide(share), out.u8);
  checkStatus(attached, "attach to a context");
  return { b, handle: Number(out.u64[0]) };
}
