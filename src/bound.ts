/**
 * Bound calls: C functions with their arguments, kept in native memory.
 *
 * @module
 */
import { bindChain, type Binding, bindTo, closedError, isFull } from "./binding.ts";
import { dropBinding, holdBinding, setBinding, submitBound } from "./binding.ts";
import { BoundPointer } from "./bound_pointer.ts";
import { setExported } from "./callable.ts";
import { type Chain, chainParts, type Rounds } from "./chain.ts";
import type { InvokeOptions, NativeFunction } from "./convert.ts";
import { count } from "./check.ts";
import { originsOf } from "./function.ts";
import { type Arg, arityOf, openPlan } from "./holes.ts";
import { invoker } from "./invoke.ts";
import { creationStack, reportLeak } from "./leak.ts";
import { Marshal, type Ticket } from "./marshal.ts";
import { reenters, reentrantError, reentry } from "./reentry.ts";
import type { Callable, CallbackDefinition, FunctionPointer } from "./types.ts";

/* With arguments for what it leaves open, its run is a call like any other. */
function runnerOf(binding: Binding): (ticket: Ticket, ...args: unknown[]) => void {
  const { b, gate, name, signature, handle, context, origins, given: { holes } } = binding;
  if (holes.length === 0) return (ticket) => post(binding, ticket);
  const plan = openPlan(origins.entry.plan, holes);
  const submit = new Marshal(b, plan, { name, address: handle, signature }, null).post(
    gate,
    context,
  );
  return (ticket, ...args) => {
    if (binding.closed) return ticket.settle?.(Promise.reject(closedError(name)));
    submit(ticket, ...args);
  };
}

/** Runs a bound call for a ticket, once there is a token for it. */
function post(binding: Binding, ticket: Ticket): void {
  const { b, gate, name } = binding;
  const refuse = (error: Error): void => ticket.settle?.(Promise.reject(error));
  if (ticket.done) return;
  if (gate.closed || b.closed) return refuse(gate.error(name));
  if (binding.closed && !b.admitting) return refuse(closedError(name));
  const target = binding.context;
  if (reentry.waiting !== 0 && target !== 0 && reenters(target)) {
    return refuse(reentrantError(name));
  }
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
const forgotten: FinalizationRegistry<Holding> = new FinalizationRegistry(
  ({ binding, pointer, stack }) => {
    const address = pointer.taken;
    dropBinding(binding);
    if (address === 0 || binding.b.closed) return; // what C may have stays
    reportLeak({ kind: "bound", address, size: 0, stack });
  },
);

/* What is left of one that is collected. */
interface Holding {
  readonly binding: Binding;
  readonly pointer: BoundPointer;
  readonly stack: string | undefined;
}

/**
 * A C function with its arguments, kept in native memory; made by {@linkcode bind}.
 *
 * It can be run again and again, and is what runs where JavaScript cannot: as a destructor, an
 * interrupt, or the body of a repetition. As an argument it is a function pointer, which any thread
 * may call. What uses it keeps it; closing it only gives up this object and its pointer.
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
 *
 * @category Bound calls and chains
 */
export class Bound<
  R,
  Rest extends readonly unknown[] = readonly [],
  D extends CallbackDefinition = never,
> implements Callable<D>, Disposable {
  /** @ignore Exists in the type only. */
  declare readonly "~result": R;
  readonly #binding: Binding;
  readonly #pointer: BoundPointer;
  #run: ReturnType<typeof runnerOf> | undefined;

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding;
    this.#pointer = new BoundPointer(binding);
    setBinding(this, binding);
    setExported(this, this.#pointer);
    const holding = { binding, pointer: this.#pointer, stack: creationStack() };
    forgotten.register(this, holding, this);
  }

  /** Name of its function. */
  get name(): string {
    return this.#binding.name;
  }

  /**
   * A C function of what is left open, or of the signature that `as` gave: it makes the call on the
   * thread that calls it, with no JavaScript involved, and gives its result and errno. Once this
   * object is closed it does nothing and returns zero.
   *
   * Throws `TypeError` where the types of what is left open do not fit the signature.
   */
  get pointer(): FunctionPointer<D> {
    return this.#pointer.address() as FunctionPointer<D>;
  }

  /**
   * Runs it on the context of its function, or on any thread where that has none, with what is left
   * open as arguments.
   *
   * Rejects as the function itself does, and with `ERR_SIDING_CLOSED` once it was closed.
   */
  run(...rest: [...Rest, options?: InvokeOptions]): Promise<R> {
    const { b, name, context, chain, given: { holes } } = this.#binding;
    const arity = arityOf(holes);
    const options = rest.length > arity ? rest.at(-1) as InvokeOptions : {};
    if (rest.length < arity || rest.length > arity + 1) count(name, arity, rest.length);
    const invoke = invoker({ b, name, context }, this.#run ??= runnerOf(this.#binding), options);
    const result = invoke(...holes.map(({ argument }) => rest[argument]));
    return (chain === undefined ? result : result.then(chain.rounds)) as Promise<R>;
  }

  /** Gives it up; runs that were asked for still happen. Idempotent. */
  close(): void {
    if (this.#binding.closed) return;
    this.#binding.closed = true;
    this.#pointer.close();
    dropBinding(this.#binding);
    forgotten.unregister(this);
  }

  /**
   * Closes it, and lets the address of its pointer serve another. Only where C is known not to have
   * it any more: a late call would reach that one.
   */
  forget(): void {
    this.close();
    this.#pointer.forget();
  }

  /** {@linkcode Bound.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A bound call of one function, and no bound chain.
 *
 * @internal
 */
export type Single<R> = Bound<R> & (R extends Rounds<unknown> ? never : unknown);

/**
 * How a bound call may be bound: each argument, or {@linkcode arg} in its place.
 *
 * @category Bound calls and chains
 */
export type Bindable<A extends readonly unknown[]> = {
  readonly [Index in keyof A]: A[Index] | Arg;
};

/**
 * The argument that each index of {@linkcode arg} stands for.
 *
 * @internal
 */
type Named<A extends readonly unknown[], B extends readonly unknown[]> = {
  [Index in Extract<keyof B, `${number}`> as B[Index] extends Arg<infer N> ? N : never]:
    A[Index & keyof A];
};

/**
 * The same as a list.
 *
 * @internal
 */
type Listed<M, Left = keyof M, List extends readonly unknown[] = []> = [Left] extends [never] ? List
  : Listed<
    M,
    Exclude<Left, List["length"]>,
    [...List, List["length"] extends keyof M ? M[List["length"]] : unknown]
  >;

/**
 * What is left of a list behind another one.
 *
 * @internal
 */
type Behind<A extends readonly unknown[], B extends readonly unknown[]> = B extends
  readonly [unknown, ...infer Others]
  ? A extends readonly [unknown, ...infer Rest] ? Behind<Rest, Others> : []
  : A;

/**
 * The arguments of a function `A` that the list `B` leaves open, in the caller's order.
 *
 * @category Bound calls and chains
 */
export type Open<A extends readonly unknown[], B extends readonly unknown[]> = number extends
  A["length"] ? readonly unknown[]
  : B extends readonly [] ? A
  : [...Listed<Named<A, B>>, ...Behind<A, B>];

/**
 * Binds a C function to its arguments. What is not given stays open, and so does {@linkcode arg}.
 *
 * Strings and buffers are copied now, and live as long as the bound call: what C writes into such a
 * buffer stays there, so give memory of {@linkcode alloc} where you want to see it. A last argument
 * `{ as: definition }` says the signature of its pointer, where that is not what is left open:
 * integers and pointers take each other's place. A chain is bound to the most rounds that one run
 * makes, and a run gives them.
 *
 * Throws as the function itself for wrong arguments; `TypeError` for what is no function of a
 * library, and for a cell that is left open.
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
 *
 * @category Bound calls and chains
 */
export function bind<A extends readonly unknown[], R, const B extends Partial<Bindable<A>>>(
  fn: NativeFunction<A, R>,
  ...args: B
): Bound<R, Open<A, B>>;
/** Binds a function, with another signature for its pointer. */
export function bind<
  A extends readonly unknown[],
  R,
  const B extends Partial<Bindable<A>>,
  const D extends CallbackDefinition,
>(
  fn: NativeFunction<A, R>,
  ...args: readonly [...B, { readonly as: D }]
): Bound<R, Open<A, B>, D>;
/** Binds a chain to the most rounds that one run makes. */
export function bind<T>(chain: Chain<T>, max: number): Bound<Rounds<T>>;
export function bind(fn: unknown, ...args: readonly unknown[]): Bound<unknown, readonly unknown[]> {
  const chain = chainParts(fn);
  if (chain !== undefined) return new Bound(bindChain(chain, args[0]));
  const origins = originsOf(fn);
  if (origins === undefined) {
    throw new TypeError("Cannot bind this: it is no function of a library and no chain");
  }
  return new Bound(bindTo(origins, args));
}
