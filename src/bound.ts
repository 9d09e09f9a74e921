/**
 * Bound calls: C functions with their arguments, kept in native memory.
 *
 * @module
 */
import { bindChain, type Binding, bindTo, closedError, isFull } from "./binding.ts";
import { dropBinding, holdBinding, setBinding, submitBound } from "./binding.ts";
import { type Chain, chainParts, type Rounds } from "./chain.ts";
import type { InvokeOptions, NativeFunction } from "./convert.ts";
import { originsOf } from "./function.ts";
import { invoker } from "./invoke.ts";
import type { Ticket } from "./marshal.ts";

/** Runs a bound call for a ticket, once there is a token for it. */
function post(binding: Binding, ticket: Ticket): void {
  const { b, gate, name } = binding;
  const refuse = (error: Error): void => ticket.settle?.(Promise.reject(error));
  if (ticket.done) return;
  if (gate.closed || b.closed) return refuse(gate.error(name));
  if (binding.closed && !b.admitting) return refuse(closedError(name));
  if (isFull(b)) return postLater(binding, ticket);
  const { flags, timeoutMs, settle } = ticket;
  ticket.token = submitBound(
    binding,
    { context: binding.context, flags, timeoutMs, owner: gate },
    settle,
  );
}

/* A run that waits for a token is one that was asked for. */
function postLater(binding: Binding, ticket: Ticket): void {
  holdBinding(binding);
  binding.b.wait(() => {
    post(binding, ticket);
    dropBinding(binding);
  });
}

/* Nothing of a bound call that nobody can run any more is of use. */
const forgotten: FinalizationRegistry<Binding> = new FinalizationRegistry(dropBinding);

/**
 * A C function with all its arguments, kept in native memory; made by {@linkcode bind}.
 *
 * It can be run again and again, and is what runs where JavaScript cannot: as a destructor, an
 * interrupt, or the body of a repetition. What uses it keeps it; closing it only gives up this
 * object.
 *
 * @example
 * ```ts
 * import { bind, open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   strlen: { parameters: ["cstring"], result: "usize" },
 * });
 * using length = bind(libc.strlen, "siding");
 * console.log(await length.run(), await length.run()); // 6n 6n
 * ```
 */
export class Bound<R> implements Disposable {
  /** Exists in the type only. */
  declare readonly "~result": R;
  readonly #binding: Binding;

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding;
    setBinding(this, binding);
    forgotten.register(this, binding, this);
  }

  /** Name of its function. */
  get name(): string {
    return this.#binding.name;
  }

  /**
   * Runs it on the context of its function, or on any thread where that has none.
   *
   * Rejects as the function itself does, and with `ERR_SIDING_CLOSED` once it was closed.
   */
  run(options: InvokeOptions = {}): Promise<R> {
    const binding = this.#binding;
    const { b, name, context, chain } = binding;
    const invoke = invoker({ b, name, context }, (ticket) => post(binding, ticket), options);
    const result = invoke();
    return (chain === undefined ? result : result.then(chain.rounds)) as Promise<R>;
  }

  /** Gives it up; runs that were asked for still happen. Idempotent. */
  close(): void {
    if (this.#binding.closed) return;
    this.#binding.closed = true;
    dropBinding(this.#binding);
    forgotten.unregister(this);
  }

  /** {@linkcode Bound.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Binds a C function to all its arguments.
 *
 * Strings and buffers are copied now, and live as long as the bound call: what C writes into such a
 * buffer stays there, so give memory of {@linkcode alloc} where you want to see it. A chain is
 * bound to the most rounds that one run makes, and a run gives them.
 *
 * Throws as the function itself for wrong arguments; `TypeError` for what is no function of a
 * library.
 *
 * @example
 * ```ts
 * import { bind, open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   labs: { parameters: ["i64"], result: "i64" },
 * });
 * using distance = bind(libc.labs, -5);
 * console.log(await distance.run()); // 5n
 * ```
 */
export function bind<A extends readonly unknown[], R>(
  fn: NativeFunction<A, R>,
  ...args: A
): Bound<R>;
/** Binds a chain to the most rounds that one run makes. */
export function bind<T>(chain: Chain<T>, max: number): Bound<Rounds<T>>;
export function bind(fn: unknown, ...args: readonly unknown[]): Bound<unknown> {
  const chain = chainParts(fn);
  if (chain !== undefined) return new Bound(bindChain(chain, args[0]));
  const origins = originsOf(fn);
  if (origins === undefined) {
    throw new TypeError("Cannot bind this: it is no function of a library and no chain");
  }
  return new Bound(bindTo(origins, args));
}
