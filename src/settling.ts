/**
 * From events to settled promises.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { errorFromStatus } from "./errors.ts";
import { eventBlock, eventMore, eventWords, status } from "./generated/siding.ts";

/** Settles one call: with a value, or with a rejected promise. */
export type Settle = (value: unknown) => void;

/** Reads the result of one call from its event at 32-bit index `at`. */
export interface Decode {
  (at: number, token: number): unknown;
  /** The function's name, for errors. */
  label?: string;
  /** For errors of what is no call: completes "Cannot …". */
  action?: string;
  /** Word of its events' payload that names the block of what was too long for them. */
  blockWord?: number;
}

/** Events settled before the time is looked at. */
export const SETTLED_BEFORE_LOOK = 64;
const MORE = eventMore << 16;

/** Marks a result as dropped. */
export function swallow(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {});
}

/** What happens to the events of one connection, by token. */
export class Settling {
  /** How calls in flight are settled. */
  readonly settlers: (Settle | undefined)[] = [];
  /** How their results are read; of a token whose events go on, what takes each. */
  readonly decoders: Decode[] = [];
  /** Whose they are. */
  readonly owners: (object | undefined)[] = [];
  /** C threads that were answered the last time. */
  answered = 0;
  /** Whether C had called, the last time. */
  wasCalled = false;
  readonly #b: Bridge;

  constructor(b: Bridge) {
    this.#b = b;
  }

  /**
   * Settles some events from word `from`; gives the word after them. Nobody who settles a call
   * takes a token. Handlers of promises run later, but for one case: where reading a result makes
   * Deno load a part of Node's modules, it runs microtasks meanwhile. Those of callbacks run now,
   * so an event of these is left where somebody else's code is running. Therefore the stack of
   * tokens is right at all times, and a token is free only when its result was read.
   */
  settle(from: number, end: number, mayRun: boolean): number {
    const b = this.#b;
    const { u32, i32 } = b.events;
    const { free } = b;
    const { settlers, decoders } = this;
    const first = free.length;
    const { firstSource } = b;
    let word = from;
    let ended = 0;
    this.wasCalled = false;
    for (let left = SETTLED_BEFORE_LOOK; word < end && left > 0; left--) {
      const at = word * 2;
      const token = u32[at]!;
      if (token >= first) {
        if (token >= firstSource) {
          word = b.sources!.take(at);
          continue;
        }
        if (!mayRun) break;
        const callbacks = b.callbacks!;
        this.wasCalled = true;
        callbacks.end = end * 2;
        callbacks.left = left;
        word = callbacks.take(at);
        if (b.closed) break; // by a handler: nothing is known any more of what is left
        left = callbacks.left + 1;
        continue;
      }
      const head = u32[at + 1]!;
      word += head & 0xffff;
      if ((head & MORE) !== 0) {
        decoders[token]!(at, token);
        continue;
      }
      const settle = settlers[token]!;
      settlers[token] = undefined;
      let value: unknown;
      try {
        value = i32[at + 2] === status.ok ? decoders[token]!(at, token) : this.#fail(at, token);
      } catch (error) {
        value = Promise.reject(error);
      }
      free[b.top++] = token;
      ended++;
      settle(value);
    }
    b.alive.pending -= ended;
    this.answered = b.callbacks?.answers.flush() ?? 0;
    return b.closed ? end : word;
  }

  #fail(at: number, token: number): Promise<never> {
    this.#discard(token);
    const { label = "a function", action = `call ${label}` } = this.decoders[token]!;
    return Promise.reject(errorFromStatus(this.#b.events.i32[at + 2]!, action));
  }

  #discard(token: number): void {
    const { blocks } = this.#b;
    blocks.get(token)?.drop();
    blocks.delete(token);
  }

  /** Lets go of a call whose promise was rejected: its event only frees what it held. */
  abandon(token: number, running: boolean): void {
    const b = this.#b;
    const decode = this.decoders[token]!;
    const drop: Decode = (at, token) => {
      this.#discard(token);
      this.#dropBlock(at, token, decode);
    };
    drop.label = decode.label ?? "";
    this.decoders[token] = drop;
    b.alive.pending--; // its event will take it off once more: the settler makes up for that
    b.abandoned += running ? 1 : 0;
    this.settlers[token] = (value) => {
      swallow(value);
      b.alive.pending++;
      b.abandoned -= running ? 1 : 0;
    };
    b.alive.listen(); // its event comes when nothing else is waited for
    b.alive.scheduleRelease();
  }

  /* What was copied for a call that was given up is in a block where it is long. */
  #dropBlock(at: number, token: number, decode: Decode): void {
    const { native, handle, events: { u32 } } = this.#b;
    if ((u32[at + 1]! >>> 16 & eventBlock) === 0) return;
    if (decode.blockWord === undefined) decode(at, token); // which takes it
    else native.siding_block_drop(handle, u32[at + (eventWords + decode.blockWord) * 2]!);
  }

  /** The tokens of the calls in flight that `settle` settles. */
  tokensOf(settle: Settle): number[] {
    return this.settlers.flatMap((one, token) => one === settle ? [token] : []);
  }

  /** Runs `then` once every call in flight of the owners has settled. */
  settled(owners: ReadonlySet<object>, then: () => void): void {
    let left = 1;
    const one = (): void => {
      if (--left === 0) then();
    };
    this.settlers.forEach((settle, token) => {
      if (settle === undefined || !owners.has(this.owners[token]!)) return;
      left++;
      this.after(token, one);
    });
    one();
  }

  /** Runs `then` once a call in flight has settled, or its event has come if it was given up. */
  after(token: number, then: () => void): void {
    const settle = this.settlers[token]!;
    this.settlers[token] = (value) => {
      settle(value);
      then();
    };
  }

  /** Settles every call in flight of the owners, and lets go of it. */
  giveUp(owners: ReadonlySet<object>, make: (name: string) => unknown): void {
    this.settlers.forEach((settle, token) => {
      if (settle === undefined || !owners.has(this.owners[token]!)) return;
      const { label = "" } = this.decoders[token]!;
      this.abandon(token, !this.#b.cancel(token));
      settle(make(label));
    });
  }

  /** Settles all that is left with what `make` makes. */
  end(make: () => unknown): void {
    for (const settle of this.settlers.splice(0)) settle?.(make());
  }
}
