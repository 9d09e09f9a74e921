/**
 * Native handles that a context owns: destroyed on its thread, at the latest when its lease ends.
 *
 * @module
 */
import { type Binding, bindTo, dropBinding, isFull, submitBound } from "./binding.ts";
import { count } from "./check.ts";
import { errorFromStatus, SidingError } from "./errors.ts";
import { originsOf } from "./function.ts";
import { callDeferred } from "./generated/siding.ts";
import type { Lease } from "./lease.ts";
import type { Gate } from "./marshal.ts";
import { reenters, reentrantError } from "./reentry.ts";
import { runtime } from "./runtime/current.ts";
import type { Pointer } from "./types.ts";

/** What a context is to the handles that it owns. */
export interface Owner {
  readonly lease: Lease;
  /** Whose the calls of destructors are. */
  readonly gate: Gate;
  /** The end of the lease, once it was asked for. */
  readonly released: Promise<void> | undefined;
  /** The error of what comes too late. */
  error(action: string): SidingError;
  /** What it owns. */
  readonly owned: Set<Owned<Pointer, unknown>>;
}

function isRecycling(error: unknown): boolean {
  return error instanceof SidingError && error.code === "ERR_SIDING_CONTEXT_RECYCLING";
}

/**
 * A native handle that its context destroys; made by {@linkcode Context.own}.
 *
 * @example
 * ```ts
 * import { Context, open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   tmpfile: { parameters: [], result: { pointer: "FILE" } },
 *   fputs: { parameters: ["cstring", { pointer: "FILE" }], result: "i32" },
 *   fclose: { parameters: [{ pointer: "FILE" }], result: "i32" },
 * });
 * await using context = await Context.acquire();
 * const here = context.use(libc);
 * const file = context.own((await here.tmpfile())!, here.fclose);
 * await here.fputs("one", file.pointer);
 * console.log(await file.close()); // 0, what fclose gave
 * ```
 *
 * @category Contexts
 */
export class Owned<P extends Pointer, R> implements AsyncDisposable {
  /** The handle. */
  readonly pointer: P;
  readonly #owner: Owner;
  readonly #binding: Binding;
  #closing: Promise<R | undefined> | undefined;

  /** @internal */
  constructor(owner: Owner, pointer: P, binding: Binding) {
    this.pointer = pointer;
    this.#owner = owner;
    this.#binding = binding;
    owner.owned.add(this);
  }

  /**
   * Destroys it now, in order with the other calls of the context; gives what the destructor gave.
   *
   * Idempotent. Where the lease ends first, that is what destroys it: then this resolves with
   * `undefined` when the lease has ended. Throws `ERR_SIDING_CLOSED` after
   * {@linkcode Owned.release}.
   */
  close(): Promise<R | undefined> {
    const closing = this.#closing ??= this.#close();
    return closing;
  }

  /**
   * Takes it back: it is the caller's to destroy from now on.
   *
   * Throws `ERR_SIDING_CLOSED` where it was closed or released, `ERR_SIDING_CONTEXT_RECYCLING`
   * where the lease is ending.
   */
  release(): P {
    const { lease: { b, handle } } = this.#owner;
    const action = `release what ${this.#binding.name} destroys`;
    if (this.#owner.released !== undefined) throw this.#owner.error(action);
    if (this.#closing !== undefined) throw this.#gone(action);
    const undeferred = b.native.siding_context_undefer(
      b.handle,
      runtime.wide(handle),
      runtime.wide(this.#binding.handle),
    );
    if (undeferred < 0) throw errorFromStatus(undeferred, action);
    this.#closing = Promise.reject(this.#gone(`close what ${this.#binding.name} destroys`));
    this.#closing.catch(() => {});
    this.end();
    return this.pointer;
  }

  /** {@linkcode Owned.close}, for `await using`; nothing after {@linkcode Owned.release}. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#binding.closed) await this.close();
  }

  /** @internal Gives up what is left of it. */
  end(): void {
    if (!this.#owner.owned.delete(this)) return;
    this.#binding.closed = true;
    dropBinding(this.#binding);
  }

  #gone(action: string): SidingError {
    return new SidingError("ERR_SIDING_CLOSED", `Cannot ${action}: it is its context's no more`);
  }

  async #close(): Promise<R | undefined> {
    const owner = this.#owner;
    try {
      if (owner.released === undefined) return await this.#run();
    } catch (error) {
      if (!isRecycling(error)) throw error;
    } finally {
      if (owner.released === undefined) this.end();
    }
    await owner.released;
    return undefined;
  }

  #run(): Promise<R> {
    const { lease: { b, handle }, gate: owner } = this.#owner;
    if (reenters(handle)) return Promise.reject(reentrantError(this.#binding.name));
    const run = { context: handle, flags: callDeferred, owner };
    return new Promise((resolve) => {
      const submit = (): void => {
        submitBound(this.#binding, run, resolve as (value: unknown) => void);
      };
      if (isFull(b)) b.wait(submit);
      else submit();
    });
  }
}

/** Has a context own a handle. */
export function own<P extends Pointer, R>(
  owner: Owner,
  pointer: P,
  destructor: unknown,
): Owned<P, R> {
  const origins = originsOf(destructor);
  if (origins === undefined) {
    throw new TypeError("Cannot own a handle: its destructor is no function of a library");
  }
  if (pointer === null) throw new TypeError("Cannot own a handle: it is null");
  const { b, handle } = owner.lease;
  const { name, plan } = origins.entry;
  if (plan.values.length !== 1) count(name, plan.values.length, 1);
  const binding = bindTo(origins, [pointer]);
  const deferred = b.native.siding_context_defer(
    b.handle,
    runtime.wide(handle),
    runtime.wide(binding.handle),
  );
  if (deferred < 0) {
    dropBinding(binding);
    throw errorFromStatus(deferred, "own a handle");
  }
  return new Owned<P, R>(owner, pointer, binding);
}
