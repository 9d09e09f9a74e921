/**
 * This thread's connection to libsiding: call records go down in batches, events come up in
 * batches.
 *
 * @module
 */
import type { Blocks } from "./blocks.ts";
import type { Callbacks } from "./callbacks.ts";
import { checkStatus, errorFromStatus, SidingError } from "./errors.ts";
import { layouts, status } from "./generated/siding.ts";
import { KeepAlive } from "./keep_alive.ts";
import { loadNative } from "./loader.ts";
import type { Meter } from "./pacing.ts";
import { runtime } from "./runtime/current.ts";
import type { CallbackChannel, Native, WakeChannel, Wide } from "./runtime/runtime.ts";
import type { NativeSources } from "./native_sources.ts";
import { type Decode, type Settle, Settling, swallow } from "./settling.ts";
import { CALLBACKS_MAX, settings, SOURCES_MAX, TOKENS_RESERVED } from "./settings.ts";
import { Turns } from "./turns.ts";
import { Queue } from "./queue.ts";
import { type Words, words } from "./words.ts";

export type { Meter } from "./pacing.ts";
export type { Decode, Settle } from "./settling.ts";

const STAGING_WORDS = 1 << 15;
const EVENTS_WORDS = 1 << 14;
/** Tokens made at once: a longer loop has V8 compile it, which takes a millisecond. */
const TOKENS_STEP = 1024;

let captured: Settle;
/** An executor that makes no closure. */
const capture = (resolve: Settle): void => {
  captured = resolve;
};

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
  top = 0;
  /** Next unused word of `staging`. */
  at = 0;
  /** Calls that wait for a token; while there are some, new ones wait behind them. */
  queued = 0;
  /** Whether a waiting call is being admitted now. */
  admitting = false;
  /** Calls whose promise was rejected while C runs on. */
  abandoned = 0;
  /** Tokens in use that are no calls. */
  standing = 0;
  /** Those who wait for an event that may come soon. */
  expected = 0;
  /** Whether it was closed. */
  closed = false;
  /** What tells the functions made on it that it was closed. */
  readonly gates: Set<{ closed: boolean }> = new Set();
  /** Blocks of calls in flight, by token. */
  readonly blocks: Map<number, Blocks> = new Map();
  /** Its callbacks, once there was one. */
  callbacks: Callbacks | undefined;
  /** The token of its first source. */
  readonly firstSource: number;
  /** Its sources, once there was one. */
  sources: NativeSources | undefined;
  /** Whether it keeps the process alive. */
  readonly alive: KeepAlive;
  /** Who gets the events. */
  readonly settling: Settling = new Settling(this);

  readonly #turns: Turns = new Turns(this);
  readonly #waiting: Queue<() => void> = new Queue();
  /** Tokens that there are, from 0 on; up to the length of `free`. */
  #tokens = 0;
  /** What the wake channel is made of. */
  readonly wake: WakeChannel["kind"];

  constructor() {
    this.native = loadNative().native;
    const calls = settings.calls + TOKENS_RESERVED;
    const { onWake } = this.#turns;
    const wantsCallback = (settings.wake ?? runtime.wake) === "callback";
    const callback = wantsCallback ? runtime.callback(onWake) : null;
    const { handle, descriptor } = openBridge(
      this.native,
      calls + CALLBACKS_MAX + SOURCES_MAX,
      callback,
    );
    const channel = callback ?? runtime.watch(descriptor, onWake);
    this.handle = handle;
    this.wake = channel.kind;
    this.alive = new KeepAlive(channel);
    this.free = new Int32Array(calls);
    this.firstSource = calls + CALLBACKS_MAX;
    this.#makeTokens();
  }

  /* The lowest of the new ones is taken first. */
  #makeTokens(): void {
    const { free } = this;
    const first = this.#tokens;
    this.#tokens = Math.min(first + TOKENS_STEP, free.length);
    for (let token = this.#tokens - 1; token >= first; token--) free[this.top++] = token;
  }

  /** Whether a call has to wait for a token. */
  isFull(): boolean {
    if (this.top <= TOKENS_RESERVED) this.#makeTokens();
    return this.top <= TOKENS_RESERVED || this.queued > 0;
  }

  /** Calls whose event has not come. */
  get inFlight(): number {
    return this.#tokens - this.top - this.standing;
  }

  /** Makes room for a record of `count` words in `staging`. */
  room(count: number): void {
    if (this.at + count > STAGING_WORDS) this.flush();
  }

  /**
   * Sends down the record of `count` words written at `at`, and promises its result. The owner is
   * what may ask for the end of its calls.
   */
  call(
    token: number,
    count: number,
    decode: Decode,
    meter: Meter,
    owner: object,
  ): Promise<unknown> {
    const promise = new Promise(capture);
    const { settling } = this;
    settling.owners[token] = owner;
    settling.settlers[token] = captured;
    settling.decoders[token] = decode;
    this.at += count;
    this.alive.pending++;
    this.#turns.call(meter);
    return promise;
  }

  /** The same with `settle` in place of a promise; without it the result is dropped. */
  send(
    token: number,
    count: number,
    decode: Decode,
    settle: Settle | undefined,
    owner: object | undefined,
  ): void {
    const { settling } = this;
    settling.owners[token] = owner;
    settling.settlers[token] = settle ?? swallow;
    settling.decoders[token] = decode;
    this.at += count;
    this.alive.pending++;
    this.#turns.call(undefined);
  }

  /** Sends down all calls made so far. */
  flush(): void {
    this.#turns.submit();
  }

  /** Has events read soon for which libsiding rouses nobody. */
  soon(): void {
    this.#turns.soon();
  }

  /** Takes notice that somebody begins, or ends, to wait for an event that may come soon. */
  expect(isExpected: boolean): void {
    this.expected += isExpected ? 1 : -1;
    if (isExpected) this.#turns.expect();
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
    this.alive.pending++;
    this.alive.hold();
  }

  /** Cancels a call; its event still comes. Whether C never runs. */
  cancel(token: number): boolean {
    this.flush();
    return this.native.siding_bridge_cancel(this.handle, token) === status.ok;
  }

  /** Lets go of a call whose promise was rejected: its event only frees what it held. */
  abandon(token: number, running: boolean): void {
    this.settling.abandon(token, running);
  }

  /**
   * Has libsiding report the end of what `start` begins, under a token of its own, unless it has
   * ended already; gives the number that came with the event, else 0.
   */
  report(action: string, start: (token: number) => number): Promise<number> {
    if (this.closed) return Promise.resolve(0);
    if (this.top === 0) {
      return Promise.reject(new SidingError("ERR_SIDING_BUSY", `Cannot ${action}: no token left`));
    }
    this.flush();
    const token = this.free[this.top - 1]!;
    const value = start(token);
    if (value < 0) return Promise.reject(errorFromStatus(value, action));
    if (value > 0) return Promise.resolve(0);
    return new Promise<number>((resolve) => {
      this.stand((at) => this.events.i32[at + 3]!, resolve as Settle);
    });
  }

  /**
   * Takes the next free token for what is no call: `decode` takes its events, `settle` its end.
   * Only where it is `awaited` it keeps the process alive.
   */
  stand(decode: Decode, settle: Settle, awaited = true): number {
    const { alive, settling } = this;
    const token = this.free[--this.top]!;
    if (this.top <= TOKENS_RESERVED) this.#makeTokens();
    this.standing++;
    settling.owners[token] = undefined;
    settling.decoders[token] = decode;
    settling.settlers[token] = (value) => {
      this.standing--;
      if (!awaited) alive.pending++; // its end takes off what was never put on
      settle(value);
    };
    if (awaited) {
      alive.pending++;
      alive.hold();
    } else {
      alive.listen();
    }
    return token;
  }

  /** Closes it: every pending call fails with `ERR_SIDING_CLOSED`. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const gate of this.gates) gate.closed = true;
    this.callbacks?.closing();
    this.native.siding_bridge_close(this.handle);
    this.alive.close();
    const message = "Cannot finish the call: the bridge is closed";
    this.callbacks?.close();
    this.sources?.close();
    this.settling.end(() => Promise.reject(new SidingError("ERR_SIDING_CLOSED", message)));
    this.top = this.#tokens;
    this.admit();
  }

  /** Lets waiting calls have the free tokens. */
  admit(): void {
    this.admitting = true;
    while (this.top > TOKENS_RESERVED && this.#waiting.length > 0) {
      const admit = this.#waiting.take();
      this.queued = this.#waiting.length;
      this.alive.pending--;
      admit();
    }
    this.admitting = false;
  }
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
