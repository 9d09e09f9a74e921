/**
 * The callbacks of one connection: their tokens, the stretches of events that each gets, and the
 * frame through which C on this thread reaches them at once.
 *
 * @module
 */
import { Answers, FAILED } from "./answers.ts";
import type { Bridge } from "./bridge.ts";
import type { Endpoint } from "./endpoint.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { answerWords, eventMore, eventWordsMax } from "./generated/siding.ts";
import { here, keepError } from "./here.ts";
import { runtime } from "./runtime/current.ts";
import type { InlineChannel } from "./runtime/runtime.ts";
import { Scope } from "./scope.ts";
import { CALLBACKS_MAX } from "./settings.ts";
import { type Words, words } from "./words.ts";

const MORE = eventMore << 16;

/** Callbacks by token, which are the last ones of the connection. */
export class Callbacks {
  /** The first token. */
  readonly first: number;
  /** Answers on their way down. */
  readonly answers: Answers;
  /** 32-bit index of the event that is being taken, and that behind the last one. */
  at = 0;
  end = 0;
  /** Events to be taken before somebody looks at the time. */
  left = 0;
  /** When the stretch of events began. */
  now = 0;
  /** Contexts whose threads wait for a handler of this thread. */
  waiting = 0;

  readonly #b: Bridge;
  readonly #endpoints: (Endpoint | undefined)[] = [];
  readonly #free: number[] = [];
  #frame: Words | undefined;
  #inline: InlineChannel | null | undefined;

  constructor(b: Bridge, first: number) {
    this.#b = b;
    this.first = first;
    this.answers = new Answers(b);
  }

  /** Where events and answers of C on this thread are. */
  get frame(): Words {
    return this.#frame ??= words(eventWordsMax);
  }

  /** Whether C on this thread reaches handlers. */
  get isInline(): boolean {
    return this.#inline !== null;
  }

  /** Opens a callback under a token of its own; `open` throws where that fails. */
  add(endpoint: Endpoint, open: (token: number) => void): void {
    if (this.#inline === undefined) this.#begin();
    const index = this.#free.at(-1) ?? this.#endpoints.length;
    if (index >= CALLBACKS_MAX) {
      const message = `Cannot open ${endpoint.name}: ${CALLBACKS_MAX} callbacks are open`;
      throw new SidingError("ERR_SIDING_LIMIT", message);
    }
    open(this.first + index);
    if (this.#free.length > 0) this.#free.pop();
    this.#endpoints[index] = endpoint;
    this.#b.alive.listen();
  }

  /* Libsiding calls the dispatcher on this thread only. */
  #begin(): void {
    const { native, handle } = this.#b;
    const { frame } = this;
    this.#inline = runtime.inline(this.#dispatch);
    if (this.#inline === null) return;
    const address = this.#inline.address;
    const set = native.siding_bridge_inline(handle, address, frame.u8, frame.length);
    checkStatus(set, "have callbacks run on this thread");
  }

  readonly #dispatch = (): void => {
    const { depth } = here;
    if (depth === runtime.nestedMax) return this.#refuseNested();
    here.depth = depth + 1;
    try {
      const endpoint = this.#endpoints[this.#frame!.u32[0]! - this.first];
      if (endpoint === undefined) return this.refuseHere();
      endpoint.inline();
      endpoint.onHere?.();
    } finally { // also where the stack has no room for a handler
      here.depth = depth;
    }
  };

  #refuseNested(): void {
    keepError(new RangeError(`Cannot run a handler: ${runtime.nestedMax} run, one in the other`));
    this.refuseHere();
  }

  /** Gives C on this thread the value for a throw. */
  refuseHere(): void {
    const { i32, u32 } = this.frame;
    i32[2] = FAILED;
    u32[3] = answerWords;
  }

  /** Takes the events of one callback from 32-bit index `at` on; gives the word after them. */
  take(at: number): number {
    const { u32 } = this.#b.events;
    const head = u32[at + 1]!;
    const index = u32[at]! - this.first;
    const endpoint = this.#endpoints[index]!;
    this.at = at + (head & 0xffff) * 2;
    if ((head & MORE) === 0) {
      this.#endpoints[index] = undefined;
      this.#free.push(index);
      endpoint.ended();
    } else if (endpoint.isOpen) {
      this.at = at;
      this.answers.isTaking = true;
      endpoint.take();
      this.answers.isTaking = false;
    } else {
      endpoint.drop(at);
    }
    return this.at >> 1;
  }

  /** What one who waits lets its handler know; its three words are at 32-bit index `at`. */
  scope(endpoint: Endpoint, at: number): Scope {
    const { u32 } = this.#b.events;
    const nest = u32[at + 2]! + u32[at + 3]! * 4294967296;
    const context = u32[at + 4]! + u32[at + 5]! * 4294967296;
    return new Scope(endpoint, nest, context);
  }

  /** Prepares for the end of the connection. */
  closing(): void {
    for (const endpoint of this.#endpoints) endpoint?.keepStats();
  }

  /** Ends them all with the connection. */
  close(): void {
    for (const endpoint of this.#endpoints.splice(0)) endpoint?.ended();
    this.#closeInline();
  }

  /* A handler that C on this thread is calling returns through the dispatcher. */
  readonly #closeInline = (): void => {
    if (here.depth > 0) runtime.later(this.#closeInline);
    else this.#inline?.close();
  };
}

/** The callbacks of a connection. */
export function callbacksOf(b: Bridge): Callbacks {
  return b.callbacks ??= new Callbacks(b, b.free.length);
}
