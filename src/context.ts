/**
 * Contexts: one native thread that runs calls in order.
 *
 * @module
 */
import { type Bridge, bridge } from "./bridge.ts";
import type { ContextLibrary } from "./convert.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { stateOf, symbolsObject } from "./library.ts";
import type { Gate } from "./marshal.ts";
import { runtime } from "./runtime/current.ts";
import { words } from "./words.ts";

/** Options of {@linkcode Context.acquire}. */
export interface ContextOptions {
  /** A name for errors and the system's tools, which show its first 15 bytes. */
  name?: string;
}

const encoder = new TextEncoder();

function nameBytes(name: unknown): Uint8Array | null {
  if (name === undefined) return null;
  if (typeof name !== "string" || name.includes("\0")) {
    throw new TypeError(`Cannot acquire a context: its name ${String(name)} is no C string`);
  }
  return encoder.encode(name + "\0");
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
 */
export class Context implements AsyncDisposable {
  /** Its name, empty when it has none. */
  readonly name: string;
  readonly #bridge: Bridge;
  readonly #handle: number;
  readonly #gates: Gate[] = [];
  readonly #used: WeakMap<object, object> = new WeakMap();
  #released: Promise<void> | undefined;

  private constructor(b: Bridge, handle: number, name: string) {
    this.#bridge = b;
    this.#handle = handle;
    this.name = name;
  }

  /**
   * Leases a thread.
   *
   * Rejects with `ERR_SIDING_POOL_EXHAUSTED` when as many are leased as
   * {@linkcode configure} allows.
   */
  static acquire(options: ContextOptions = {}): Promise<Context> {
    const name = nameBytes(options.name);
    const b = bridge();
    const out = words(1);
    const acquired = b.native.siding_context_acquire(b.handle, name, out.u8);
    return new Promise((resolve) => {
      checkStatus(acquired, "acquire a context");
      resolve(new Context(b, Number(out.u64[0]), options.name ?? ""));
    });
  }

  /**
   * The functions of `library` on this context, without `sync`.
   *
   * Throws `ERR_SIDING_CONTEXT_RECYCLING` after {@linkcode Context.release}.
   */
  use<L extends object>(library: L): ContextLibrary<L> {
    const state = stateOf(library);
    if (this.#released !== undefined) throw this.#error("use a library");
    const known = this.#used.get(library);
    if (known !== undefined) return known as ContextLibrary<L>;
    const isClosed = state.closing !== undefined || this.#bridge.closed;
    const gate: Gate = {
      closed: isClosed,
      error: (name) =>
        this.#released === undefined ? closedError(name) : this.#error(`call ${name}`),
    };
    state.gates.push(gate);
    this.#gates.push(gate);
    this.#bridge.gates.add(gate);
    const object = symbolsObject(state, { gate, context: this.#handle });
    this.#used.set(library, object);
    return object as ContextLibrary<L>;
  }

  /**
   * Gives the thread back once the calls made before have run; resolves then.
   *
   * Idempotent: every caller waits for the same end.
   */
  release(): Promise<void> {
    this.#released ??= this.#end();
    return this.#released;
  }

  /** {@linkcode Context.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  #end(): Promise<void> {
    const b = this.#bridge;
    const handle = runtime.wide(this.#handle);
    const start = (): Promise<void> =>
      b.report(
        "release a context",
        (token) => b.native.siding_context_release(b.handle, handle, token),
      );
    for (const gate of this.#gates) {
      gate.closed = true;
      b.gates.delete(gate);
    }
    if (b.queued === 0) return start();
    return new Promise((resolve) => b.wait(() => resolve(start())));
  }

  #error(action: string): SidingError {
    const which = this.name === "" ? "the context" : `context "${this.name}"`;
    const message = `Cannot ${action}: ${which} is being released`;
    return new SidingError("ERR_SIDING_CONTEXT_RECYCLING", message);
  }
}

function closedError(name: string): SidingError {
  return new SidingError("ERR_SIDING_CLOSED", `Cannot call ${name}: its library is closed`);
}
