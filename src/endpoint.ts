/**
 * What stands behind a callback: its function pointer, its events, its answers.
 *
 * @module
 */
import type { Answers } from "./answers.ts";
import type { Bridge } from "./bridge.ts";
import type { Exported } from "./callable.ts";
import { makeCode } from "./callback_code.ts";
import type { CallbackPlan } from "./callback_plan.ts";
import {
  answerSource,
  blockWordOf,
  callRunSource,
  hasBlock,
  inlineCallSource,
  inlinePostSource,
  postRunSource,
} from "./callback_source.ts";
import { type Callbacks, callbacksOf } from "./callbacks.ts";
import { overflowChannel } from "./channels.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { callbackCall, callbackPost, eventWords, layouts } from "./generated/siding.ts";
import { keepError } from "./here.ts";
import { within } from "./reentry.ts";
import { runtime } from "./runtime/current.ts";
import { type Scope, scopeHere } from "./scope.ts";
import { type Words, words } from "./words.ts";

/** How a callback is opened. */
export interface EndpointOptions {
  readonly name: string;
  readonly isCall: boolean;
  readonly handler: (...args: never[]) => unknown;
  /** What C gets without an answer; see siding_callback_open. */
  readonly values: Words;
  /** Parameter that C gets back. */
  readonly returned: number;
  readonly overflow: number;
  readonly capacity: number;
  readonly limit: number;
  readonly timeoutMs: number;
  readonly flags: number;
  /** Handle of a bound call, or 0. */
  readonly retain: number;
}

/**
 * Counts of a callback.
 *
 * @category Callbacks
 */
export interface CallbackStats {
  /** Calls that JavaScript got, or will get. */
  readonly events: number;
  /** Those of them that wait in the queue. */
  readonly waiting: number;
  /** Calls that were dropped for want of room. */
  readonly dropped: number;
  /** Calls that were refused: a length was negative or beyond `limit`; copies of a bad pointer. */
  readonly refused: number;
  /** Answers that came too late. */
  readonly late: number;
}

/** Calls that JavaScript did not get since the last time. */
export interface Lost {
  readonly dropped: number;
  readonly refused: number;
}

type Answer = (low: number, high: number, value: unknown) => void;

const out: Words = words(2);

/* Handlers may throw anything, also what throws when it is looked at. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "an error without a message";
  }
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown }).then === "function";
}

/** One callback. */
export class Endpoint implements Exported {
  readonly b: Bridge;
  readonly callbacks: Callbacks;
  readonly name: string;
  readonly timeoutMs: number;
  readonly plan: CallbackPlan;
  /** Runs the handler for C on this thread. */
  readonly inline: () => void;
  /** Of its events. */
  token = -1;
  /** Whether handlers are still to be run. */
  isOpen = true;
  /** Whether C may have its pointer. */
  isTaken = false;
  /** Told when calls were lost. */
  onLost: ((lost: Lost) => void) | undefined;
  /** Told once when no event will be taken any more. */
  onEnd: (() => void) | undefined;
  /** Told after a stretch of events. */
  onRun: (() => void) | undefined;
  /** Told after a call by C on this thread. */
  onHere: (() => void) | undefined;
  /** Told of an event of which the handler got nothing, or in which it threw. */
  onSpoilt: (() => void) | undefined;

  readonly #isCall: boolean;
  readonly #answer: Answer;
  readonly #run: () => void;
  readonly #enter: (task: () => void) => void;
  readonly #pending: Set<Scope> = new Set();
  #closure = 0;
  #pointer = 0;
  #isRunning = false;
  #isReferenced = false;
  #isForgotten = false;
  #lastStats: CallbackStats | undefined;

  constructor(b: Bridge, plan: CallbackPlan, options: EndpointOptions) {
    const { name, isCall, handler } = options;
    this.b = b;
    this.callbacks = callbacksOf(b);
    this.plan = plan;
    this.name = name;
    this.timeoutMs = options.timeoutMs;
    this.#isCall = isCall;
    this.#enter = runtime.asyncSnapshot();
    const { answers, frame } = this.callbacks;
    const shared = { b, name, endpoint: this, handler, callbacks: this.callbacks, within };
    this.#answer = makeCode(answerSource, plan, answers.words, { name, begin: answers.begin });
    this.#run = makeCode(isCall ? callRunSource : postRunSource, plan, b.events, {
      ...shared,
      answer: this.#answer,
      longText: (block: number, size: number) => this.#longText(block, size),
    });
    this.inline = makeCode(isCall ? inlineCallSource : inlinePostSource, plan, frame, {
      ...shared,
      scope: scopeHere,
      answer: makeCode(answerSource, plan, frame, { name, begin: () => 0 }),
      longText: (block: number, size: number) => this.#longText(block, size),
    });
    this.callbacks.add(this, (token) => this.#open(token, options));
  }

  #open(token: number, options: EndpointOptions): void {
    const { native, handle } = this.b;
    const { descriptor } = this.plan;
    const action = `open the callback ${this.name}`;
    const signature = native.siding_signature_prepare(descriptor, descriptor.length);
    checkStatus(signature, action);
    const raw = optionBytes({ ...options, token, signature });
    const { u8, length } = options.values;
    const handles = out.u8.subarray(0, 8);
    const pointer = out.u8.subarray(8);
    checkStatus(native.siding_callback_open(handle, raw, u8, length, handles, pointer), action);
    this.token = token;
    this.#closure = Number(out.u64[0]);
    this.#pointer = Number(out.i64[1]);
  }

  /** When the stretch of events began. */
  get now(): number {
    return this.callbacks.now;
  }

  /** Whether an address is nobody's any more. */
  get isForgotten(): boolean {
    return this.#isForgotten;
  }

  /** Its address; throws once that may be another's. */
  address(isHere: boolean): number {
    if (this.#isForgotten) throw this.#closedError("forgotten");
    if (isHere && this.#isCall && !this.callbacks.isInline) throw this.#permissionError();
    this.isTaken = true;
    return this.#pointer;
  }

  #closedError(state: string): SidingError {
    const message = `Cannot give the pointer of ${this.name}: the callback is ${state}`;
    return new SidingError("ERR_SIDING_CLOSED", message);
  }

  #permissionError(): SidingError {
    const flag = runtime.missingPermission(null) ?? "--allow-ffi";
    const message = `Cannot have ${this.name} called on this thread: add ${flag}`;
    return new SidingError("ERR_SIDING_PERMISSION", message);
  }

  /** Takes the events that `callbacks` is at. */
  take(): void {
    this.#isRunning = true;
    if (this.#isCall) this.callbacks.now = performance.now();
    this.#enter(this.#run);
    this.#isRunning = false;
    this.onRun?.();
    if (!this.isOpen) this.#close();
  }

  /** Lets go of an event that nobody takes. */
  drop(at: number): void {
    const { native, handle, events: { u32 } } = this.b;
    if (!hasBlock(u32[at + 1]!)) return;
    const word = eventWords + blockWordOf(this.plan, this.#isCall);
    native.siding_block_drop(handle, u32[at + word * 2]!);
  }

  /** Takes a note of calls that were lost. */
  lost(at: number): void {
    const { u64 } = this.b.events;
    const word = (at >> 1) + eventWords;
    const lost = { dropped: Number(u64[word]), refused: Number(u64[word + 1]) };
    if (overflowChannel.hasSubscribers) {
      queueMicrotask(() => overflowChannel.publish({ callback: this.name, ...lost }));
    }
    this.onLost?.(lost);
  }

  /** Reports what went wrong in a handler. */
  fail(error: unknown): void {
    this.onSpoilt?.();
    const message = `Cannot run the handler of ${this.name}: ${messageOf(error)}`;
    const failure = new SidingError("ERR_SIDING_CALLBACK", message, { cause: error });
    queueMicrotask(() => reportError(failure)); // within a socket's event Deno tells of a null
  }

  /** Reports the failure of what a handler gave, if it is a promise that nobody waits for. */
  follow(value: object): void {
    if (isThenable(value)) value.then(undefined, (error) => this.fail(error));
  }

  /** Answers when a promise has settled. */
  wait(low: number, high: number, value: PromiseLike<unknown>, scope: Scope): void {
    const pending = this.#pending.add(scope);
    const answers: Answers = this.callbacks.answers;
    Promise.resolve(value).then(
      (result) => {
        if (!pending.delete(scope)) return; // closed meanwhile
        try {
          this.#answer(low, high, result);
        } catch (error) {
          answers.refuse(low, high);
          this.fail(error);
        }
        scope.end();
      },
      (error) => {
        const isAwaited = pending.delete(scope) && !scope.isReason(error);
        scope.end();
        if (!isAwaited) return; // C gets, or got, the value for a timeout or for a closed one
        answers.refuse(low, high);
        this.fail(error);
      },
    );
  }

  /** Gives C the value for a throw. */
  refuse(low: number, high: number, error: unknown, scope: Scope): void {
    this.callbacks.answers.refuse(low, high);
    scope.end();
    this.fail(error);
  }

  /** Keeps an error for the call that C on this thread is in. */
  throwHere(error: unknown): void {
    this.onSpoilt?.();
    this.callbacks.refuseHere();
    keepError(error);
  }

  /** Throws for a promise, which C on this thread cannot wait for. */
  promised(value: PromiseLike<unknown>): never {
    value.then(undefined, () => {});
    const state = "its handler gave a promise, for which C on this thread cannot wait";
    throw new TypeError(`Cannot answer ${this.name}: ${state}`);
  }

  /** Keeps the process alive, or lets it end. */
  hold(isHeld: boolean): void {
    if (isHeld === this.#isReferenced || (isHeld && !this.isOpen)) return;
    this.#isReferenced = isHeld;
    this.b.alive.keep(isHeld);
  }

  /** Counts; the last ones once it has ended. */
  get stats(): CallbackStats {
    if (this.#lastStats !== undefined) return this.#lastStats;
    const { native, handle } = this.b;
    const { size, offsets } = layouts.callbackStats;
    const raw = words(size / 8);
    raw.u32[offsets.sizeBytes / 4] = size;
    const read = native.siding_callback_stats_read(handle, runtime.wide(this.#closure), raw.u8);
    checkStatus(read, `read statistics of ${this.name}`);
    const count = (offset: number): number => Number(raw.u64[offset / 8]);
    return {
      events: count(offsets.events),
      waiting: raw.u32[offsets.waiting / 4]!,
      dropped: count(offsets.dropped),
      refused: count(offsets.refused),
      late: count(offsets.late),
    };
  }

  /** Keeps the last counts while there is somebody to give them. */
  keepStats(): void {
    this.#lastStats ??= this.stats;
  }

  /** Asks for more events. */
  pull(count: number): void {
    if (count === 0 || !this.isOpen || this.b.closed) return;
    const { native, handle } = this.b;
    native.siding_callback_pull(handle, runtime.wide(this.#closure), count);
  }

  /** Ends it. What its own handler is answering at the moment C still gets. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.hold(false);
    if (!this.#isRunning) this.#close();
  }

  /** Ends it, and gives its address away. */
  forget(): void {
    if (this.#isForgotten) return;
    this.#isForgotten = true;
    if (this.isOpen) this.close();
    else if (!this.#isRunning) this.#giveAway();
  }

  #close(): void {
    const { native, handle, closed } = this.b;
    if (this.#lastStats !== undefined || closed) return;
    this.#lastStats = this.stats;
    this.callbacks.answers.flush();
    native.siding_closure_close(handle, runtime.wide(this.#closure));
    this.#over();
    if (this.#isForgotten) this.#giveAway();
  }

  #giveAway(): void {
    const { native, handle, closed } = this.b;
    if (!closed) native.siding_closure_forget(handle, runtime.wide(this.#closure));
  }

  #over(): void {
    const message = `Cannot answer ${this.name}: the callback is closed`;
    const error = new SidingError("ERR_SIDING_CLOSED", message);
    for (const scope of this.#pending) scope.abort(error);
    this.#pending.clear();
    this.onEnd?.();
    this.onEnd = undefined;
  }

  /** Notes that no event will come any more. */
  ended(): void {
    this.isOpen = false;
    this.#over();
  }

  #longText(block: number, size: number): string | null {
    const { texts, u32 } = this.b.takeTails(block, size);
    return u32[1] === 0xffffffff ? null : texts.read(8, u32[0]!);
  }
}

const { size, offsets } = layouts.callbackOptions;

function optionBytes(
  options: EndpointOptions & { readonly token: number; readonly signature: number },
): Uint8Array {
  const { u8, u32, u64 } = words(size / 8);
  u32[offsets.sizeBytes / 4] = size;
  u32[offsets.signature / 4] = options.signature;
  u32[offsets.mode / 4] = options.isCall ? callbackCall : callbackPost;
  u32[offsets.token / 4] = options.token;
  u32[offsets.capacity / 4] = options.capacity;
  u32[offsets.overflow / 4] = options.overflow;
  u32[offsets.copyBytesMax / 4] = options.limit;
  u32[offsets.timeoutMs / 4] = options.timeoutMs;
  u32[offsets.returned / 4] = options.returned;
  u32[offsets.flags / 4] = options.flags;
  u64[offsets.retain / 8] = BigInt(options.retain);
  return u8;
}
