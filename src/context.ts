/**
 * Contexts: one native thread that runs calls in order, and what belongs to it.
 *
 * @module
 */
import { wholeBindingOf } from "./binding.ts";
import type { Bound, Single } from "./bound.ts";
import type { Chain } from "./chain.ts";
import { onLost } from "./callback_object.ts";
import { contextChannel, type Notice, type Overflow, stuckChannel } from "./channels.ts";
import type { ContextLibrary, NativeFunction } from "./convert.ts";
import type { Lost } from "./endpoint.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { type Interrupt, interruptBytes, interruptParts } from "./interrupt.ts";
import { acquire, attach, type ContextOptions, type Lease } from "./lease.ts";
import { contextObject, type LibraryState, stateOf } from "./library.ts";
import type { Gate } from "./marshal.ts";
import { checkListener, Notices } from "./notices.ts";
import { own, type Owned, type Owner } from "./owned.ts";
import type { Port } from "./port.ts";
import { type ChainRepeatOptions, repeat, type RepeatOptions } from "./repeat.ts";
import { runtime } from "./runtime/current.ts";
import { noteLease, unnoteLease } from "./trace.ts";
import type { Pointer } from "./types.ts";
import { type Words, words } from "./words.ts";

export type { ContextOptions } from "./lease.ts";

/**
 * What another JavaScript thread takes part in a context with; `postMessage` carries it.
 *
 * @category Contexts
 */
export interface ContextToken {
  /** Number of the lease. */
  readonly context: number;
  /** Name of the context. */
  readonly name: string;
}

/**
 * What a context can keep until its lease has ended.
 *
 * @category Contexts
 */
export type Keepable = Disposable | AsyncDisposable | { close(): unknown };

const out: Words = words(1);

function disposer(kept: Keepable): () => unknown {
  if (Symbol.asyncDispose in kept) return () => kept[Symbol.asyncDispose]();
  if (Symbol.dispose in kept) return () => kept[Symbol.dispose]();
  if ("close" in kept && typeof kept.close === "function") return () => kept.close();
  throw new TypeError("Cannot keep this: it has neither a method of disposal nor close");
}

/* All of them, last first, whatever becomes of the others. */
async function disposeAll(disposers: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const dispose of disposers.toReversed()) {
    try {
      await dispose();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, "Cannot dispose of what was kept");
}

function closedError(name: string): SidingError {
  return new SidingError("ERR_SIDING_CLOSED", `Cannot call ${name}: its library is closed`);
}

function checkToken(token: unknown): asserts token is ContextToken {
  const { context, name } = (token ?? {}) as Partial<Record<keyof ContextToken, unknown>>;
  if (Number.isSafeInteger(context) && typeof name === "string") return;
  throw new TypeError("Cannot attach to a context: this is no token of Context.share");
}

/** What the context knows of its use of a library. */
interface Used {
  readonly object: object;
  readonly state: LibraryState;
  readonly gate: Gate;
}

let idly: (options: ContextOptions) => Promise<Context>;

/** {@linkcode Context.acquire} that keeps the process alive no more than an idle context does. */
export function acquireIdly(options: ContextOptions): Promise<Context> {
  return idly(options);
}

/**
 * A leased native thread: its calls run on it alone, in the order in which they were made.
 *
 * Give it back with {@linkcode Context.release} or `await using`; it goes back by itself when its
 * JavaScript thread ends.
 *
 * @example
 * ```ts
 * import { Context, open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   getpid: { parameters: [], result: "i32" },
 * });
 * await using context = await Context.acquire({ name: "worker" });
 * console.log(await context.use(libc).getpid());
 * ```
 *
 * @category Contexts
 */
export class Context implements AsyncDisposable {
  /** Its name, empty when it has none. */
  readonly name: string;
  readonly #lease: Lease;
  #used: Map<object, Used> | undefined;
  #owner: Owner | undefined;
  /** What asks for the end of calls that are no library's. */
  readonly #self: Gate;
  #kept: (() => unknown)[] | undefined;
  #notices: Notices | undefined;
  #overflows: Set<{ readonly listener: (overflow: Overflow) => void }> | undefined;
  #released: Promise<void> | undefined;

  private constructor(lease: Lease, name: string) {
    this.#lease = lease;
    this.name = name;
    this.#self = { closed: false, error: (name) => this.#error(`call ${name}`) };
    noteLease(lease.handle, name);
    if (stuckChannel.hasSubscribers) this.#listen();
  }

  /**
   * Leases a thread. Where as many are leased as {@linkcode configure} allows, it waits in line.
   *
   * Rejects with `ERR_SIDING_POOL_EXHAUSTED` where it shall not wait, `ERR_SIDING_TIMEOUT`, or the
   * reason of the signal. Throws `TypeError` and `RangeError` for wrong options.
   */
  static acquire(options: ContextOptions = {}): Promise<Context> {
    return Context.#acquire(options, true);
  }

  static {
    idly = (options) => Context.#acquire(options, false);
  }

  static #acquire(options: ContextOptions, isAwaited: boolean): Promise<Context> {
    const { name = "" } = options;
    const start = contextChannel.hasSubscribers ? performance.now() : 0;
    return acquire(options, isAwaited).then((lease) => {
      if (contextChannel.hasSubscribers) {
        const elapsed = performance.now() - start;
        contextChannel.publish({ event: "acquire", context: name, elapsed });
      }
      return new Context(lease, name);
    });
  }

  /**
   * Takes part in the context of another JavaScript thread, which gave `token`. The lease ends when
   * all who take part have released it.
   *
   * Throws `ERR_SIDING_STALE` where the lease has ended, `ERR_SIDING_BUSY` where this thread takes
   * part already.
   */
  static attach(token: ContextToken): Context {
    checkToken(token);
    return new Context(attach(token.context), token.name);
  }

  /**
   * The functions of `library` on this context, without `sync`.
   *
   * Throws `ERR_SIDING_CONTEXT_RECYCLING` after {@linkcode Context.release}.
   */
  use<L extends object>(library: L): ContextLibrary<L> {
    this.#demand("use a library");
    const used = this.#used ??= new Map();
    const known = used.get(library);
    if (known !== undefined) return known.object as ContextLibrary<L>;
    const state = stateOf(library);
    const { b, handle } = this.#lease;
    const gate: Gate = {
      closed: state.closing !== undefined || b.closed,
      error: (name) =>
        this.#released === undefined ? closedError(name) : this.#error(`call ${name}`),
    };
    state.gates.add(gate);
    b.gates.add(gate);
    const object = contextObject(state, gate, handle);
    used.set(library, { object, state, gate });
    return object as ContextLibrary<L>;
  }

  /**
   * Has the context own a handle: `destructor` is called with it on the context's thread when the
   * lease ends, those owned last first, unless it was closed or released before.
   *
   * `destructor` is a function of one pointer, of the library or of this context's use of it.
   */
  own<P extends Pointer, R>(
    pointer: P,
    destructor: NativeFunction<[P | null], R> | NativeFunction<[Pointer | null], R>,
  ): Owned<P, R> {
    this.#demand("own a handle");
    return own(this.#owner ??= this.#ownerOf(), pointer, destructor);
  }

  /**
   * Runs a bound call on the context's thread when the lease ends, in one line with the destructors
   * of what it owns: what was given last runs first.
   */
  defer(bound: Bound<unknown>): void {
    this.#demand("defer a call");
    const binding = wholeBindingOf(bound, "defer");
    if (binding === undefined) throw new TypeError("Cannot defer this: it is no bound call");
    const { b, handle } = this.#lease;
    const wide = runtime.wide(binding.handle);
    const deferred = b.native.siding_context_defer(b.handle, runtime.wide(handle), wide);
    checkStatus(deferred, `defer ${binding.name}`);
  }

  /**
   * Keeps an object until the lease has ended, and disposes of it then, the last one first. Gives
   * it back.
   */
  keep<T extends Keepable>(kept: T): T {
    this.#demand("keep an object");
    const dispose = disposer(kept);
    (this.#kept ??= []).push(dispose);
    onLost(kept, (callback, lost) => this.#overflow(callback, lost));
    return kept;
  }

  /** A token with which other JavaScript threads {@linkcode Context.attach}. */
  share(): ContextToken {
    this.#demand("share it");
    const { b, handle } = this.#lease;
    const shared = b.native.siding_context_share(b.handle, runtime.wide(handle), out.u8);
    checkStatus(shared, "share a context");
    return { context: Number(out.u64[0]), name: this.name };
  }

  /**
   * Tells `listener` of calls that run for longer than `stuckAfter` ("stuck"), once each, of their
   * end ("recovered"), and of destructors that take longer than `teardownTimeout` ("teardown").
   *
   * Throws `ERR_SIDING_BUSY` where another JavaScript thread listens to the same lease.
   */
  on(event: Notice["event"], listener: (notice: Notice) => void): Disposable;
  /** Tells `listener` of calls lost by callbacks that it keeps ({@linkcode Context.keep}). */
  on(event: "overflow", listener: (overflow: Overflow) => void): Disposable;
  on(event: Notice["event"] | "overflow", listener: (notice: never) => void): Disposable {
    this.#demand(`listen for "${event}"`);
    if (event !== "overflow") return this.#noticesOf().on(event, listener as never);
    checkListener(event, listener);
    const entry = { listener: listener as (overflow: Overflow) => void };
    const listeners = this.#overflows ??= new Set();
    listeners.add(entry);
    return { [Symbol.dispose]: () => void listeners.delete(entry) };
  }

  /**
   * How a call that still runs is made to return: when the lease ends, and when a call is given up
   * that has no `interrupt` of its own.
   */
  interruptWith(interrupt: Interrupt): void {
    const action = "set the interrupt of a context";
    this.#demand(action);
    const parts = interruptParts(interrupt, "interrupt", action);
    const { b, handle } = this.#lease;
    const wide = runtime.wide(handle);
    b.flush(); // what was called before keeps what it had
    const set = b.native.siding_context_interrupt_with(b.handle, wide, interruptBytes(parts));
    checkStatus(set, action);
  }

  /**
   * Runs a bound call or a chain again and again on this context, one run at a time in turn with
   * its other calls, and gives what it makes as a port. A chain is repeated until it ends by
   * itself, and its rounds come one by one.
   *
   * Throws `ERR_SIDING_CONTEXT_RECYCLING` after {@linkcode Context.release}, `ERR_SIDING_CLOSED`
   * where the library is closed, `TypeError` and `RangeError` for what cannot be repeated so.
   *
   * @example
   * ```ts
   * import { bind, Context, open } from "@siding/ffi";
   *
   * const file = { pointer: "FILE" } as const;
   * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
   *   tmpfile: { parameters: [], result: file },
   *   fputs: { parameters: ["cstring", file], result: "i32" },
   *   rewind: { parameters: [file], result: "void" },
   *   fgetc: { parameters: [file], result: "i32" },
   *   fclose: { parameters: [file], result: "i32" },
   * });
   * await using context = await Context.acquire();
   * const here = context.use(libc);
   * const { pointer } = context.own((await here.tmpfile())!, here.fclose);
   * await here.fputs("siding", pointer);
   * await here.rewind(pointer);
   * for await (const code of context.repeat(bind(here.fgetc, pointer), { until: -1 })) {
   *   console.log(String.fromCharCode(code));
   * }
   * ```
   */
  repeat<R>(body: Single<R>, options?: RepeatOptions<R>): Port<R>;
  /** Repeats a chain. */
  repeat<T>(body: Chain<T>, options?: ChainRepeatOptions): Port<T>;
  repeat(body: unknown, options: RepeatOptions<unknown> = {}): Port<unknown> {
    this.#demand("repeat a call");
    return repeat(this.#lease, this.#self, body, options);
  }

  /**
   * Ends the lease. From now on calls fail with `ERR_SIDING_CONTEXT_RECYCLING`, and so do those
   * that have not begun. The one that runs has `drainTimeout` to end, is then interrupted and has
   * as much time again; then destructors run, and what was kept is disposed of. Resolves when all
   * that is over.
   *
   * Where C does not return, its thread is left to it, and the lease ends without it.
   *
   * Idempotent: every caller waits for the same end.
   */
  release(): Promise<void> {
    return this.#released ??= this.#end();
  }

  /** {@linkcode Context.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /* Listeners run after the events have been read, and none once the lease is ending. */
  #overflow(callback: string, lost: Lost): void {
    for (const entry of this.#overflows ?? []) {
      queueMicrotask(() => {
        if (this.#released !== undefined || !this.#overflows?.has(entry)) return;
        entry.listener({ callback, ...lost });
      });
    }
  }

  #listen(): void {
    this.#noticesOf().listen();
  }

  #noticesOf(): Notices {
    return this.#notices ??= new Notices(this.#lease, this.name);
  }

  #end(): Promise<void> {
    const { b } = this.#lease;
    const start = contextChannel.hasSubscribers ? performance.now() : 0;
    this.#self.closed = true;
    for (const { gate } of this.#used?.values() ?? []) {
      gate.closed = true;
      b.gates.delete(gate);
    }
    const end = (): Promise<void> =>
      this.#report().then((isWedged) => this.#finish(isWedged, start));
    if (b.queued === 0) return end();
    return new Promise((resolve) => b.wait(() => resolve(end())));
  }

  /* Whether the lease ended without its thread. */
  #report(): Promise<boolean> {
    const { b, handle } = this.#lease;
    const wide = runtime.wide(handle);
    const start = (token: number): number => b.native.siding_context_release(b.handle, wide, token);
    return b.report("release a context", start).then((number) => number !== 0);
  }

  #finish(isWedged: boolean, start: number): Promise<void> | undefined {
    const { handle } = this.#lease;
    if (isWedged) this.#giveUpCalls();
    for (const { state, gate } of this.#used?.values() ?? []) state.gates.delete(gate);
    for (const owned of [...this.#owner?.owned ?? []]) owned.end();
    unnoteLease(handle);
    if (contextChannel.hasSubscribers) {
      const elapsed = performance.now() - start;
      contextChannel.publish({ event: "release", context: this.name, elapsed });
    }
    return this.#kept && disposeAll(this.#kept);
  }

  /* C has not returned: the events of what waits behind it come when it does. */
  #giveUpCalls(): void {
    const gates = [...this.#used?.values() ?? []].map(({ gate }) => gate);
    const refuse = (name: string): unknown => Promise.reject(this.#error(`call ${name}`));
    this.#lease.b.settling.giveUp(new Set([this.#self, ...gates]), refuse);
  }

  #ownerOf(): Owner {
    const released = (): Promise<void> | undefined => this.#released;
    return {
      lease: this.#lease,
      gate: this.#self,
      get released() {
        return released();
      },
      error: (action) => this.#error(action),
      owned: new Set(),
    };
  }

  #demand(action: string): void {
    if (this.#released !== undefined) throw this.#error(action);
  }

  #error(action: string): SidingError {
    const which = this.name === "" ? "the context" : `context "${this.name}"`;
    const message = `Cannot ${action}: ${which} is being released`;
    return new SidingError("ERR_SIDING_CONTEXT_RECYCLING", message);
  }
}
