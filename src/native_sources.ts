/**
 * The sources of one connection: their tokens, and the events that each gets.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { SidingError } from "./errors.ts";
import { eventMore, status } from "./generated/siding.ts";
import { SOURCES_MAX } from "./settings.ts";
import { type Words, words } from "./words.ts";

/** Those that one system call looks at. */
const ASKED_MAX = 64;
const MORE = eventMore << 16;

/** What gets the events of a source; none of it runs code of others. */
export interface Listener {
  /** Takes an event at 32-bit index `at`. */
  take(at: number): void;
  /** Takes its end. */
  ended(status: number, error: number): void;
}

/** Sources by token, which are the last ones of the connection. */
export class NativeSources {
  readonly #b: Bridge;
  readonly #first: number;
  readonly #listeners: (Listener | undefined)[] = [];
  readonly #free: number[] = [];
  /** Handles of which one more event is asked for, and how many they are. */
  readonly #asked: Words = words(ASKED_MAX);
  #askedCount = 0;

  constructor(b: Bridge, first: number) {
    this.#b = b;
    this.#first = first;
  }

  /** Opens a source under a token of its own; `open` throws where that fails. */
  add(listener: Listener, action: string, open: (token: number) => void): void {
    const index = this.#free.at(-1) ?? this.#listeners.length;
    if (index >= SOURCES_MAX) {
      const message = `Cannot ${action}: ${SOURCES_MAX} sources are open`;
      throw new SidingError("ERR_SIDING_LIMIT", message);
    }
    open(this.#first + index);
    if (this.#free.length > 0) this.#free.pop();
    this.#listeners[index] = listener;
    this.#b.alive.listen();
  }

  /** Takes the event at 32-bit index `at`; gives the word after it. */
  take(at: number): number {
    const { u32, i32 } = this.#b.events;
    const head = u32[at + 1]!;
    const index = u32[at]! - this.#first;
    const listener = this.#listeners[index]!;
    if ((head & MORE) !== 0) {
      listener.take(at);
    } else {
      this.#listeners[index] = undefined;
      this.#free.push(index);
      listener.ended(i32[at + 2]!, i32[at + 3]!);
    }
    return (at >> 1) + (head & 0xffff);
  }

  /** Asks for one more event of a source, together with others. */
  ask(handle: number): void {
    if (this.#askedCount === ASKED_MAX) this.#pull();
    const { u32 } = this.#asked;
    const at = this.#askedCount++ * 2;
    u32[at] = handle >>> 0;
    u32[at + 1] = Math.floor(handle / 4294967296);
    if (this.#askedCount === 1) queueMicrotask(this.#pull);
  }

  readonly #pull = (): void => {
    const { native, handle, closed } = this.#b;
    const count = this.#askedCount;
    this.#askedCount = 0;
    if (count === 0 || closed) return;
    if (native.siding_source_pull_all(handle, this.#asked.u8, count) > 0) this.#b.soon();
  };

  /** Ends them all with the connection. */
  close(): void {
    for (const listener of this.#listeners.splice(0)) listener?.ended(status.closed, 0);
  }
}

/** The sources of a connection. */
export function sourcesOf(b: Bridge): NativeSources {
  return b.sources ??= new NativeSources(b, b.firstSource);
}
