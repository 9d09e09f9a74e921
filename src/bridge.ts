/**
 * This thread's connection to libsiding: call records go down in batches, events come up in
 * batches.
 *
 * A turn is what JavaScript does until a microtask queued by its first call runs. That first call
 * goes down at once, the others of the turn together in the microtask. When turns have one call
 * each and their functions are short, the call waits for its result on the spot for some
 * microseconds, which saves both wake-ups.
 *
 * @module
 */
import type { Blocks } from "./blocks.ts";
import { checkStatus, errorFromStatus, SidingError } from "./errors.ts";
import { drainMore, eventBlock, eventWords, layouts, status } from "./generated/siding.ts";
import { loadNative } from "./loader.ts";
import { runtime } from "./runtime/current.ts";
import type { CallbackChannel, Native, WakeChannel, Wide } from "./runtime/runtime.ts";
import { settings, TOKENS_RESERVED } from "./settings.ts";
import { Waiting } from "./waiting.ts";
import { type Words, words } from "./words.ts";

/** Settles one call: with a value, or with a rejected promise. */
export type Settle = (value: unknown) => void;

/** Reads the result of one call from its event at 32-bit index `at`. */
export interface Decode {
  (at: number, token: number): unknown;
  /** The function's name, for errors. */
  label?: string;
  /** Word of its events' payload that names the block of what was too long for them. */
  blockWord?: number;
}

/** Whether calls of one function are short enough to be waited for on the spot. */
export interface Meter {
  /** Calls left that do not try. */
  skip: number;
  /** Calls to leave out after the next failure. */
  backoff: number;
}

const STAGING_WORDS = 1 << 15;
const EVENTS_WORDS = 1 << 14;
/** Calls staged beyond this many words go down within the turn, so that workers start early. */
const PIPELINE_WORDS = 256;
/** Longest wait on the spot: for one call, for each further one, and altogether. */
const SPIN_NS = 5000;
const SPIN_NS_PER_CALL = 100;
const SPIN_NS_MAX = 25_000;
const EXCHANGES_IN_A_ROW_MAX = 256;
const BACKOFF_MAX = 16;
/** Longest stretch of settling and its handlers before timers and I/O get their turn. */
const DRAIN_BUDGET_MS = 0.2;
const SETTLED_BEFORE_LOOK = 64;

let captured: Settle;
/** An executor that makes no closure. */
const capture = (resolve: Settle): void => {
  captured = resolve;
};

function swallow(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {});
}

function openBridge(
  native: Native,
  calls: number,
  callback: CallbackChannel | null,
): { handle: Wide; descriptor: number } {
  const { size, offsets } = layouts.bridgeOptions;
  const options = words(size / 8);
  options.u32[offsets.sizeBytes / 4] = size;
  options.u32[offsets.callsMax / 4] = calls;
  options.u64[offsets.wakeFunction / 8] = callback?.address ?? 0n;
  const out = words(2);
  const opened = native.siding_bridge_open(options.u8, out.u8.subarray(0, 8), out.u8.subarray(8));
  checkStatus(opened, "open a bridge");
  return { handle: runtime.wide(Number(out.u64[0])), descriptor: out.i32[2]! };
}

/** The connection of one JavaScript thread. */
export class Bridge {
  /** Functions of libsiding. */
  readonly native: Native;
  /** The handle, as `native` takes it. */
  readonly handle: Wide;
  /** Where call records are written, from word `at` on. */
  readonly staging: Words = words(STAGING_WORDS);
  /** Where event records are read. */
  readonly events: Words = words(EVENTS_WORDS);
  /** A stack of free tokens; calls leave the last `TOKENS_RESERVED`. */
  readonly free: Int32Array;
  /** Number of free tokens. */
  top: number;
  /** Next unused word of `staging`. */
  at = 0;
  /** Calls that wait for a token; while there are some, new ones wait behind them. */
  queued = 0;
  /** Whether a waiting call is being admitted now. */
  admitting = false;
  /** Calls whose promise was rejected while C runs on. */
  abandoned = 0;
  /** Whether it was closed. */
  closed = false;
  /** What tells the functions made on it that it was closed. */
  readonly gates: Set<{ closed: boolean }> = new Set();
  /** Blocks of calls in flight, by token. */
  readonly blocks: Map<number, Blocks> = new Map();

  readonly #settlers: (Settle | undefined)[] = [];
  readonly #decoders: Decode[] = [];
  readonly #channel: WakeChannel;
  readonly #waiting: Waiting = new Waiting();
  #pending = 0;
  #held = false;
  #turnCalls = 0;
  #fed = false;
  #lone = true;
  #exchanges = 0;
  #draining = false;
  #paused = false;
  #deadline = 0;
  #cursor = 0;
  #end = 0;
  #more = false;
  readonly #turnMeter: Meter = { skip: 0, backoff: 1 };
  readonly #drainMeter: Meter = { skip: 0, backoff: 1 };

  constructor() {
    this.native = loadNative().native;
    const calls = settings.calls + TOKENS_RESERVED;
    /* Windows has no descriptor that the runtimes watch */
    const wantsCallback = settings.wake === "callback" || runtime.system === "windows";
    const callback = wantsCallback ? runtime.callback(this.#onWake) : null;
    const { handle, descriptor } = openBridge(this.native, calls, callback);
    this.handle = handle;
    this.#channel = callback ?? runtime.watch(descriptor, this.#onWake);
    this.free = new Int32Array(calls);
    for (let token = 0; token < calls; token++) this.free[token] = calls - 1 - token;
    this.top = calls;
  }

  /** What the wake channel is made of. */
  get wake(): WakeChannel["kind"] {
    return this.#channel.kind;
  }

  /** Calls whose event has not come. */
  get inFlight(): number {
    return this.free.length - this.top;
  }

  /** Makes room for a record of `count` words in `staging`. */
  room(count: number): void {
    if (this.at + count > STAGING_WORDS) this.#submit();
  }

  /** Sends down the record of `count` words written at `at`, and promises its result. */
  call(token: number, count: number, decode: Decode, meter: Meter): Promise<unknown> {
    const promise = new Promise(capture);
    this.#settlers[token] = captured;
    this.#decoders[token] = decode;
    this.at += count;
    this.#pending++;
    if (this.#turnCalls++ === 0) this.#beginTurn(meter);
    else if (this.at >= PIPELINE_WORDS) this.#feed();
    return promise;
  }

  /** The same with `settle` in place of a promise; without it the result is dropped. */
  send(token: number, count: number, decode: Decode, settle: Settle = swallow): void {
    this.#settlers[token] = settle;
    this.#decoders[token] = decode;
    this.at += count;
    this.#pending++;
    if (this.#turnCalls++ === 0) this.#beginTurn(undefined);
    else if (this.at >= PIPELINE_WORDS) this.#feed();
  }

  /** Reads and frees a block that holds the tails of a call. */
  takeTails(block: number, size: number): Words {
    const taken = words(size / 8);
    this.native.siding_block_take(this.handle, block, taken.u8, runtime.wide(size));
    return taken;
  }

  /** Runs `admit` when a token is free, in order. */
  wait(admit: () => void): void {
    this.#waiting.add(admit);
    this.queued = this.#waiting.length;
    this.#hold();
  }

  /** Cancels a call; its event still comes. Whether C never runs. */
  cancel(token: number): boolean {
    this.#submit();
    return this.native.siding_bridge_cancel(this.handle, token) === status.ok;
  }

  /** Lets go of a call whose promise was rejected: its event only frees what it held. */
  abandon(token: number, running: boolean): void {
    const decode = this.#decoders[token]!;
    this.#decoders[token] = (at, token) => {
      this.#discard(at, token);
      this.#dropBlock(at, token, decode);
    };
    this.#pending--; // its event will take it off once more: the settler makes up for that
    this.abandoned += running ? 1 : 0;
    this.#settlers[token] = (value) => {
      swallow(value);
      this.#pending++;
      this.abandoned -= running ? 1 : 0;
    };
    this.#channel.listen(); // its event comes when nothing else is waited for
    this.#scheduleRelease();
  }

  /* What was copied for a call that was given up is in a block where it is long. */
  #dropBlock(at: number, token: number, decode: Decode): void {
    const { u32 } = this.events;
    if ((u32[at + 1]! >>> 16 & eventBlock) === 0) return;
    if (decode.blockWord === undefined) decode(at, token); // which takes it
    else {
      const word = eventWords + decode.blockWord;
      this.native.siding_block_drop(this.handle, u32[at + word * 2]!);
    }
  }

  /** Runs `then` once every call in flight whose results `decodes` reads has settled. */
  settled(decodes: ReadonlySet<Decode>, then: () => void): void {
    let left = 1;
    const one = (): void => {
      if (--left === 0) then();
    };
    this.#settlers.forEach((settle, token) => {
      if (settle === undefined || !decodes.has(this.#decoders[token]!)) return;
      left++;
      this.#settlers[token] = (value) => {
        settle(value);
        one();
      };
    });
    one();
  }

  /** Has libsiding report the end of what `start` begins, under a token of its own. */
  report(action: string, start: (token: number) => number): Promise<void> {
    if (this.closed) {
      return Promise.resolve();
    }
    if (this.top === 0) {
      return Promise.reject(new SidingError("ERR_SIDING_BUSY", `Cannot ${action}: no token left`));
    }
    this.#submit();
    const token = this.free[--this.top]!;
    const value = start(token);
    if (value < 0) {
      this.free[this.top++] = token;
      return Promise.reject(errorFromStatus(value, action));
    }
    this.#decoders[token] = () => undefined;
    this.#pending++;
    this.#hold();
    return new Promise<void>((resolve) => {
      this.#settlers[token] = resolve as Settle;
    });
  }

  /** Closes it: every pending call fails with `ERR_SIDING_CLOSED`. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const gate of this.gates) gate.closed = true;
    this.native.siding_bridge_close(this.handle);
    this.#channel.close();
    const settlers = this.#settlers.splice(0);
    const message = "Cannot finish the call: the bridge is closed";
    for (const settle of settlers) {
      settle?.(Promise.reject(new SidingError("ERR_SIDING_CLOSED", message)));
    }
    this.#pending = 0;
    this.top = this.free.length;
    this.#admit();
  }

  /** Sends down what was written. */
  #submit(): void {
    if (this.at === 0) return;
    const count = this.at;
    this.at = 0;
    if (this.closed) return;
    const taken = this.native.siding_bridge_submit(this.handle, this.staging.u8, count);
    checkStatus(taken, "submit calls");
  }

  #beginTurn(meter: Meter | undefined): void {
    queueMicrotask(this.#endTurn);
    if (!this.#lone) return;
    if (meter !== undefined && this.#mayExchange(1, meter)) this.#take(this.#await(1, meter));
    else this.#submit();
  }

  /* Sends down what a turn has so far; the turn's end looks at what came back. */
  #feed(): void {
    const count = this.at;
    this.at = 0;
    this.#fed = true;
    if (this.closed) return;
    checkStatus(
      this.native.siding_bridge_feed(this.handle, this.staging.u8, count),
      "submit calls",
    );
  }

  readonly #endTurn = (): void => {
    const calls = this.#turnCalls;
    this.#lone = calls === 1;
    this.#turnCalls = 0;
    if (this.closed) return;
    if (calls > 1 && this.#mayExchange(calls, this.#turnMeter)) {
      this.#take(this.#await(calls, this.#turnMeter));
    } else {
      this.#submit();
      if (this.#fed && this.#draining) this.#more = true;
      else if (this.#fed) this.#drain();
    }
    this.#fed = false;
    if (this.#pending > 0) this.#hold();
  };

  /* After a while of exchanges timers and I/O get their turn: the next event comes by a kick. */
  #mayExchange(calls: number, meter: Meter): boolean {
    if (meter.skip > 0) {
      meter.skip--;
      return false;
    }
    if (this.#draining || this.#exchanges >= EXCHANGES_IN_A_ROW_MAX) return false;
    this.#exchanges++;
    if (calls > 1 || (this.#exchanges & 15) === 1) this.#lookAtTime();
    return this.#exchanges < EXCHANGES_IN_A_ROW_MAX;
  }

  /* A drain and the exchanges after it in the same turn of the event loop share one budget. */
  #lookAtTime(): void {
    const now = performance.now();
    if (now - this.#deadline > DRAIN_BUDGET_MS) this.#deadline = now + DRAIN_BUDGET_MS;
    else if (now > this.#deadline) this.#exchanges = EXCHANGES_IN_A_ROW_MAX;
  }

  /** Submits, and waits for `calls` events on the spot; learns whether that pays. */
  #await(calls: number, meter: Meter): number {
    const { native, handle, staging, events } = this;
    const count = this.at;
    this.at = 0;
    const got = native.siding_bridge_exchange(
      handle,
      staging.u8,
      count,
      events.u8,
      EVENTS_WORDS,
      calls,
      Math.min(SPIN_NS + calls * SPIN_NS_PER_CALL, SPIN_NS_MAX),
    );
    checkStatus(got, "submit calls");
    if ((got & ~drainMore) >= calls * eventWords) {
      meter.backoff = 1;
    } else {
      meter.skip = meter.backoff;
      meter.backoff = Math.min(meter.backoff * 2, BACKOFF_MAX);
    }
    return got;
  }

  /* Every kick is followed by a drain: libsiding sends no second one before it. */
  readonly #onWake = (): void => {
    if (this.closed) return;
    this.#more = true;
    if (this.#draining && !this.#paused) return; // the drain that goes on will see to it
    this.#draining = true;
    this.#paused = false;
    this.#exchanges = 0;
    this.#deadline = performance.now() + DRAIN_BUDGET_MS;
    this.#next();
  };

  /* Where many calls are in flight, waiting for more of them here saves as many kicks. */
  #drain(): void {
    const { native, handle, events } = this;
    const calls = Math.min(this.inFlight, SETTLED_BEFORE_LOOK);
    const meter = this.#drainMeter;
    if (calls > 1 && meter.skip === 0) return this.#take(this.#await(calls, meter));
    meter.skip -= meter.skip > 0 ? 1 : 0;
    const got = native.siding_bridge_drain(handle, events.u8, EVENTS_WORDS);
    this.#take(checkStatus(got, "drain events"));
  }

  /** Settles the events just got, with looks at the time in between. */
  #take(got: number): void {
    this.#draining = true;
    this.#cursor = 0;
    this.#end = got & ~drainMore;
    this.#more = (got & drainMore) !== 0;
    this.#step();
  }

  /* Handlers of what was settled run before the microtask queued here. */
  #step(): void {
    this.#cursor = this.#settle(this.#cursor, this.#end);
    if (this.#cursor < this.#end || this.#more) {
      queueMicrotask(this.#look);
      return;
    }
    this.#draining = false;
    this.#scheduleRelease();
  }

  readonly #look = (): void => {
    if (performance.now() < this.#deadline) return this.#next();
    this.#paused = true;
    /* timers and I/O have their turn before the socket has; callbacks would starve them */
    if (this.wake === "socket") this.native.siding_bridge_wake(this.handle);
    else runtime.later(this.#onWake);
  };

  #next(): void {
    if (this.closed) return;
    if (this.#cursor < this.#end) this.#step();
    else this.#drain();
  }

  /** Settles some events from word `from`; gives the word after them. No handler runs in here. */
  #settle(from: number, end: number): number {
    const { u32, i32 } = this.events;
    const { free } = this;
    const settlers = this.#settlers;
    const decoders = this.#decoders;
    let top = this.top;
    let word = from;
    let left = SETTLED_BEFORE_LOOK;
    for (; word < end && left > 0; left--) {
      const at = word * 2;
      const token = u32[at]!;
      word += u32[at + 1]! & 0xffff;
      const settle = settlers[token]!;
      settlers[token] = undefined;
      free[top++] = token;
      let value: unknown;
      try {
        value = i32[at + 2] === status.ok ? decoders[token]!(at, token) : this.#fail(at, token);
      } catch (error) {
        value = Promise.reject(error);
      }
      settle(value);
    }
    this.#pending -= top - this.top;
    this.top = top;
    if (this.queued > 0) this.#admit();
    return word;
  }

  #fail(at: number, token: number): Promise<never> {
    this.#discard(at, token);
    const name = this.#decoders[token]!.label ?? "a function";
    return Promise.reject(errorFromStatus(this.events.i32[at + 2]!, `call ${name}`));
  }

  readonly #discard = (_at: number, token: number): void => {
    this.blocks.get(token)?.drop();
    this.blocks.delete(token);
  };

  #admit(): void {
    this.admitting = true;
    while (this.top > TOKENS_RESERVED && this.#waiting.length > 0) {
      const admit = this.#waiting.take();
      this.queued = this.#waiting.length;
      admit();
    }
    this.admitting = false;
  }

  #hold(): void {
    if (this.#held || this.closed) return;
    this.#held = true;
    this.#channel.ref();
  }

  /* Handlers that run first may call again, which saves a pair of ref and unref. */
  #scheduleRelease(): void {
    if (this.#held && this.#pending === 0 && this.queued === 0) queueMicrotask(this.#release);
  }

  readonly #release = (): void => {
    if (!this.#held || this.#pending > 0 || this.queued > 0 || this.closed) return;
    this.#held = false;
    this.#channel.unref();
  };
}

let current: Bridge | undefined;

/** The connection of this thread, opened when first asked for. */
export function bridge(): Bridge {
  if (current === undefined || current.closed) current = new Bridge();
  return current;
}

/** The connection of this thread if there is one. */
export function currentBridge(): Bridge | undefined {
  return current?.closed ? undefined : current;
}
