/**
 * Calls with options: abort, deadline from submission, deadline from the start of the run.
 *
 * @module
 */
import type { Bridge, Settle } from "./bridge.ts";
import type { InvokeOptions } from "./convert.ts";
import { SidingError } from "./errors.ts";
import { callStoppable, callTimed } from "./generated/siding.ts";
import { interruptCall, type InterruptParts, interruptParts } from "./interrupt.ts";
import type { Ticket } from "./marshal.ts";
import { checkRange, checkSignal, TIMER_MS } from "./range.ts";
import { words } from "./words.ts";

const elapsed = words(1);

/** Milliseconds that the call has been running, or -1 while it is queued. */
function elapsedMs(b: Bridge, token: number): number {
  const started = b.native.siding_bridge_elapsed(b.handle, token, elapsed.u8);
  return started === 1 ? Number(elapsed.u64[0]) / 1e6 : -1;
}

function after(ms: number, then: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(then, Math.min(Math.max(ms, 1), TIMER_MS.most));
}

/** Throws for options of a wrong type or range. */
export function checkOptions(options: InvokeOptions): void {
  const { signal, timeout, runTimeout, interrupt } = options;
  checkRange(timeout, "timeout", "call", TIMER_MS);
  checkRange(runTimeout, "runTimeout", "call", TIMER_MS);
  checkSignal(signal, "call");
  if (interrupt !== undefined) interruptParts(interrupt, "interrupt", "call");
}

/** What a call with options is made on. */
export interface Caller {
  readonly b: Bridge;
  readonly name: string;
  /** A context's handle, or 0. */
  readonly context: number;
}

/** Calls that were given up while C ran. */
const left: WeakMap<Promise<unknown>, { readonly b: Bridge; readonly returned: Promise<void> }> =
  new WeakMap();

/**
 * Resolves when C has returned from a call with options, if that was given up; keeps the process
 * alive until then.
 */
export function whenReturned(call: Promise<unknown>): Promise<void> {
  const running = left.get(call);
  if (running === undefined) return Promise.resolve();
  const { b: { alive }, returned } = running;
  alive.keep(true);
  return returned.then(() => alive.keep(false));
}

/** One call that may be given up. Settles its promise once, whatever comes first. */
class Invocation implements Ticket {
  token = -1;
  done = false;
  readonly flags: number;
  readonly timeoutMs: number;
  readonly promise: Promise<unknown>;
  readonly #caller: Caller;
  readonly #interrupt: InterruptParts | undefined;
  readonly #options: InvokeOptions; // which holds an interrupt that is needed later
  #resolve: Settle = () => {};
  #timeoutTimer: ReturnType<typeof setTimeout> | undefined;
  #runTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: Caller, options: InvokeOptions) {
    const { signal, timeout = 0, runTimeout, interrupt } = options;
    this.#caller = caller;
    this.#options = options;
    const mayStop = interrupt !== undefined || caller.context !== 0; // which may have its own way
    this.#interrupt = mayStop ? interruptParts(interrupt, "interrupt", "call") : undefined;
    const isTimed = runTimeout !== undefined;
    this.flags = (isTimed ? callTimed : 0) | (interrupt === undefined ? 0 : callStoppable);
    this.timeoutMs = Math.ceil(timeout);
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    signal?.addEventListener("abort", this.#onAbort);
    if (options.timeout !== undefined) this.#expire(performance.now() + timeout, timeout);
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
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    clearTimeout(this.#timeoutTimer);
    clearTimeout(this.#runTimer);
    return true;
  }

  readonly #onAbort = (): void => this.#giveUp(this.#options.signal?.reason);

  #giveUp(reason: unknown): void {
    const { token } = this;
    if (!this.#finish()) return;
    if (token >= 0) this.#letGo(token);
    this.#resolve(Promise.reject(reason));
  }

  #letGo(token: number): void {
    const { b } = this.#caller;
    const isRunning = !b.cancel(token);
    if (isRunning && this.#interrupt !== undefined) interruptCall(b, token, this.#interrupt);
    b.abandon(token, isRunning);
    if (!isRunning) return;
    const returned = new Promise<void>((resolve) => b.settling.after(token, resolve));
    left.set(this.promise, { b, returned });
  }

  #timedOut(limit: number, since: string): void {
    const message = `Cannot finish ${this.#caller.name}: ${limit} ms passed since its ${since}`;
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
    const ran = this.token < 0 ? -1 : elapsedMs(this.#caller.b, this.token);
    const left = ran < 0 ? limit : limit - ran;
    if (left <= 0 && ran >= 0) return this.#timedOut(limit, "start");
    this.#runTimer = after(left, () => this.#watchRun(limit));
  }
}

/** A function like `post`, with options, that promises the result. */
export function invoker(
  caller: Caller,
  post: (ticket: Ticket, ...args: unknown[]) => void,
  options: InvokeOptions,
): (...args: unknown[]) => Promise<unknown> {
  checkOptions(options);
  const { b, name } = caller;
  return (...args) => {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    if (options.wait === false && b.isFull()) {
      const message = `Cannot call ${name}: the limit of calls in flight is reached`;
      return Promise.reject(new SidingError("ERR_SIDING_BUSY", message));
    }
    const invocation = new Invocation(caller, options);
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
