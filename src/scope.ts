/**
 * What the handler of a callback knows of the C thread that waits for it.
 *
 * @module
 */
import type { ContextLibrary } from "./convert.ts";
import { SidingError } from "./errors.ts";
import { contextObject, type LibraryState, stateOf } from "./library.ts";
import type { Gate } from "./marshal.ts";
import { addWaiter, currentWaiter, removeWaiter, type Waiter } from "./reentry.ts";
import { runtime } from "./runtime/current.ts";

/**
 * The context whose thread waits for a handler; its calls run on that thread, meanwhile.
 *
 * @category Callbacks
 */
export interface ScopeContext {
  /** The functions of a library on that thread; they fail once the handler has answered. */
  use<L extends object>(library: L): ContextLibrary<L>;
}

/**
 * What a handler gets behind its arguments.
 *
 * @category Callbacks
 */
export interface CallbackScope {
  /**
   * The context whose thread waits; `null` where that is a thread of the library's own, or this
   * one.
   */
  readonly context: ScopeContext | null;
  /** Aborts when nobody waits for the answer any more: after the timeout, and at the end. */
  readonly signal: AbortSignal;
}

/** Whose calls wait for answers. */
interface Owner {
  readonly name: string;
  readonly timeoutMs: number;
  /** When its events came. */
  readonly now: number;
}

function answeredError(name: string, owner: string): SidingError {
  const message = `Cannot call ${name}: the callback ${owner} has answered`;
  return new SidingError("ERR_SIDING_CLOSED", message);
}

/** The signal of one who waits: by the clock of this thread, for C reports no timeout. */
class Deadline {
  readonly #controller: AbortController = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(owner: Owner, started: number) {
    const left = Math.max(0, started + owner.timeoutMs - performance.now());
    this.#timer = setTimeout(() => {
      const message = `Cannot answer ${owner.name}: ${owner.timeoutMs} ms passed`;
      this.abort(new SidingError("ERR_SIDING_TIMEOUT", message));
    }, left);
    runtime.unrefTimer(this.#timer);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.clear();
    this.#controller.abort(reason);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

const never: AbortSignal = new AbortController().signal;

/** One call from C that waits for its answer. */
export class Scope implements CallbackScope, Waiter {
  /** The waiting thread's context, or 0. */
  readonly handle: number;
  readonly nest: number;
  readonly order: number;
  readonly outer: Waiter | undefined;
  readonly #owner: Owner;
  readonly #started: number;
  #isOver = false;
  #deadline: Deadline | undefined;
  #context: ScopeContext | undefined;
  #used: Map<Gate, LibraryState> | undefined;
  #reason: unknown;

  constructor(owner: Owner, nest: number, handle: number) {
    this.#owner = owner;
    this.#started = owner.now;
    this.nest = nest;
    this.handle = handle;
    this.outer = handle === 0 ? undefined : currentWaiter();
    this.order = handle === 0 ? 0 : addWaiter(this);
  }

  /** Whether calls could get in its way. */
  get hasContext(): boolean {
    return this.handle !== 0;
  }

  get isWaiting(): boolean {
    return !this.#isOver && performance.now() - this.#started < this.#owner.timeoutMs;
  }

  get signal(): AbortSignal {
    if (this.#deadline !== undefined) return this.#deadline.signal;
    if (this.#reason !== undefined) return AbortSignal.abort(this.#reason);
    if (this.#isOver) return never;
    return (this.#deadline = new Deadline(this.#owner, this.#started)).signal;
  }

  get context(): ScopeContext | null {
    if (this.nest === 0) return null;
    return this.#context ??= { use: (library) => this.#use(library) };
  }

  /** Whether an error is that with which the signal was aborted. */
  isReason(error: unknown): boolean {
    const signal = this.#deadline?.signal;
    return signal?.aborted === true && signal.reason === error;
  }

  /** Notes that C got its answer. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline?.clear();
    for (const [gate, state] of this.#used ?? []) {
      gate.closed = true;
      state.gates.delete(gate);
      state.bridge.gates.delete(gate);
    }
    if (this.handle !== 0) removeWaiter(this);
  }

  /** Notes that C waits no more, without an answer. */
  abort(reason: unknown): void {
    if (this.#isOver) return;
    this.end();
    this.#reason = reason;
    this.#deadline?.abort(reason);
  }

  #use<L extends object>(library: L): ContextLibrary<L> {
    const state = stateOf(library);
    const gate: Gate = {
      closed: this.#isOver || state.closing !== undefined || state.bridge.closed,
      error: (name) => answeredError(name, this.#owner.name),
    };
    if (!gate.closed) { // else nobody would take it off
      state.gates.add(gate);
      state.bridge.gates.add(gate);
      (this.#used ??= new Map()).set(gate, state);
    }
    return contextObject(state, gate, this.nest) as ContextLibrary<L>;
  }
}

/** Of C on this thread: nothing but its answer can happen meanwhile. */
export const scopeHere: CallbackScope = { context: null, signal: never };
