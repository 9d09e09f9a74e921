/**
 * Calls with options: abort, deadline from submission, deadline from the start of the run.
 *
 * @module
 */
import type { Bridge, Settle } from "./bridge.ts";
import type { InvokeOptions } from "./convert.ts";
import { SidingError } from "./errors.ts";
import { callTimed } from "./generated/siding.ts";
import type { Ticket } from "./marshal.ts";
import { TOKENS_RESERVED } from "./settings.ts";
import { words } from "./words.ts";

const TIMER_MS_MAX = 2 ** 31 - 1;
const elapsed = words(1);

/** Milliseconds that the call has been running, or -1 while it is queued. */
function elapsedMs(b: Bridge, token: number): number {
  const started = b.native.siding_bridge_elapsed(b.handle, token, elapsed.u8);
  return started === 1 ? Number(elapsed.u64[0]) / 1e6 : -1;
}

function after(ms: number, then: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(then, Math.min(Math.max(ms, 1), TIMER_MS_MAX));
}

function checkTime(value: unknown, option: string): void {
  if (value === undefined) return;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot call with ${option} ${String(value)}: it is no number`);
  }
  if (!(value >= 0)) {
    throw new RangeError(`Cannot call with ${option} ${value}: it is negative or NaN`);
  }
}

/** Throws for options of a wrong type or range. */
export function checkOptions({ signal, timeout, runTimeout }: InvokeOptions): void {
  checkTime(timeout, "timeout");
  checkTime(runTimeout, "runTimeout");
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError("Cannot call with this signal: it is no AbortSignal");
  }
}

/** One call that may be given up. Settles its promise once, whatever comes first. */
class Invocation implements Ticket {
  token = -1;
  done = false;
  readonly flags: number;
  readonly timeoutMs: number;
  readonly promise: Promise<unknown>;
  readonly #bridge: Bridge;
  readonly #name: string;
  readonly #signal: AbortSignal | undefined;
  #resolve: Settle = () => {};
  #timeoutTimer: ReturnType<typeof setTimeout> | undefined;
  #runTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(b: Bridge, name: string, options: InvokeOptions) {
    const { signal, timeout, runTimeout } = options;
    this.#bridge = b;
    this.#name = name;
    this.#signal = signal;
    this.flags = runTimeout === undefined ? 0 : callTimed;
    this.timeoutMs = timeout === undefined || timeout > TIMER_MS_MAX ? 0 : Math.ceil(timeout);
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    signal?.addEventListener("abort", this.#onAbort);
    if (timeout !== undefined) this.#expire(performance.now() + timeout, timeout);
    if (runTimeout !== undefined) this.#watchRun(runTimeout);
  }

  /** Gives the call its result, unless it was given up. */
  readonly settle: Settle = (value) => {
    if (this.#finish()) this.#resolve(value);
    else if (value instanceof Promise) value.catch(() => {});
  };

  #finish(): boolean {
    if (this.done) return false;
    this.done = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    clearTimeout(this.#timeoutTimer);
    clearTimeout(this.#runTimer);
    return true;
  }

  readonly #onAbort = (): void => this.#giveUp(this.#signal?.reason);

  #giveUp(reason: unknown): void {
    const { token } = this;
    if (!this.#finish()) return;
    if (token >= 0) this.#bridge.abandon(token, !this.#bridge.cancel(token));
    this.#resolve(Promise.reject(reason));
  }

  #timedOut(limit: number, since: string): void {
    const message = `Cannot finish ${this.#name}: ${limit} ms passed since its ${since}`;
    this.#giveUp(new SidingError("ERR_SIDING_TIMEOUT", message));
  }

  /* Timers of the runtimes may fire up to a millisecond early. */
  #expire(at: number, limit: number): void {
    const left = at - performance.now();
    if (left <= 0) return this.#timedOut(limit, "submission");
    this.#timeoutTimer = after(left, () => this.#expire(at, limit));
  }

  /* A call not started by now has its whole time left, so looking again then is soon enough. */
  #watchRun(limit: number): void {
    const ran = this.token < 0 ? -1 : elapsedMs(this.#bridge, this.token);
    const left = ran < 0 ? limit : limit - ran;
    if (left <= 0 && ran >= 0) return this.#timedOut(limit, "start");
    this.#runTimer = after(left, () => this.#watchRun(limit));
  }
}

/** A function like `post`, with options, that promises the result. */
export function invoker(
  b: Bridge,
  name: string,
  post: (ticket: Ticket, ...args: unknown[]) => void,
  options: InvokeOptions,
): (...args: unknown[]) => Promise<unknown> {
  checkOptions(options);
  return (...args) => {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    if (options.wait === false && (b.top <= TOKENS_RESERVED || b.queued > 0)) {
      const message = `Cannot call ${name}: the limit of calls in flight is reached`;
      return Promise.reject(new SidingError("ERR_SIDING_BUSY", message));
    }
    const invocation = new Invocation(b, name, options);
    if (invocation.done) return invocation.promise; // no time at all
    try {
      post(invocation, ...args);
    } catch (error) {
      invocation.settle(undefined); // takes its timers and listener off
      throw error;
    }
    return invocation.promise;
  };
}
