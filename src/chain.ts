/**
 * Chains: several calls in one trip to a native thread, without JavaScript in between.
 *
 * @module
 */
import type { Bridge, Decode } from "./bridge.ts";
import type { InvokeOptions, NativeFunction } from "./convert.ts";
import { checkStatus } from "./errors.ts";
import {
  contextFunction,
  contextShape,
  type FunctionEntry,
  marshalOf,
  type Origins,
  originsOf,
} from "./function.ts";
import { entriesOf, placeOf } from "./library.ts";
import { planFunction } from "./plan.ts";
import { Recorder } from "./recorder.ts";
import { describeChain, inputsOf, type Step as Recorded, StepResult } from "./steps.ts";
import { Reader, type Recipe, type Rounds, type Trip } from "./trip.ts";

export type { ChainEnd, Rounds } from "./trip.ts";

/**
 * The result that a recorded call will have. It can be an argument of later steps and part of what
 * the chain gives; of a call with cells so can its `value` and each of `out`.
 *
 * @category Bound calls and chains
 */
export type Step<R> =
  & { /** Exists in the type only. */ readonly "~result": R }
  & (R extends { readonly value: infer V; readonly out: infer O extends readonly unknown[] }
    ? { readonly value: Step<V>; readonly out: { readonly [Index in keyof O]: Step<O[Index]> } }
    : R extends { readonly value: infer V } ? { readonly value: Step<V> }
    : unknown);

/**
 * Records the steps of a chain over the library `L`.
 *
 * @category Bound calls and chains
 */
export interface Steps<L> {
  /** The functions of the library; calling one adds a step. */
  readonly run: {
    readonly [
      Key in keyof L as NonNullable<L[Key]> extends NativeFunction<never, unknown> ? Key
        : never
    ]: NonNullable<L[Key]> extends NativeFunction<infer A, infer R>
      ? (...args: { [Index in keyof A]: A[Index] | Step<A[Index]> }) => Step<R>
      : never;
  };
  /** Ends the chain at this step unless its result is `value`. */
  unless<R>(step: Step<R>, value: Plain<R>): void;
  /** Ends the chain at this step when its result is `value`. */
  until<R>(step: Step<R>, value: Plain<R>): void;
}

/**
 * The result of a call without what was added to it.
 *
 * @internal
 */
type Plain<R> = R extends { readonly value: infer V } ? V : R;

/**
 * What one round of a chain gives: what was recorded, every step replaced by its result.
 *
 * @internal
 */
type Settled<T> = { -readonly [Key in keyof T]: T[Key] extends Step<infer R> ? R : T[Key] };

/**
 * Options of {@linkcode Chain.collect}.
 *
 * @category Bound calls and chains
 */
export interface CollectOptions extends InvokeOptions {
  /** Rounds at most. */
  readonly max: number;
}

/**
 * Several calls that run one after the other on one thread.
 *
 * @category Bound calls and chains
 */
export interface Chain<T> {
  /** Runs it once; `null` where a step ended it early. */
  run(options?: InvokeOptions): Promise<T | null>;
  /**
   * Repeats it within one trip until a step ends it or `max` rounds are complete.
   *
   * `RangeError` where `max` is no integer from 1 to 2^32 - 1.
   */
  collect(options: CollectOptions): Promise<Rounds<T>>;
  /**
   * Collects again and again until a step ends the chain.
   *
   * While one array is with the caller, the native thread is already making the next one: who
   * leaves the loop early has had up to `max` more rounds run than it has seen. Throws as
   * `collect`.
   */
  pages(options: CollectOptions): AsyncIterableIterator<Rounds<T>>;
}

const ROUNDS_MAX = 2 ** 32 - 1;

function markParts(recipe: Recipe, steps: readonly Recorded[]): void {
  for (const part of Object.values(recipe)) {
    if (part instanceof StepResult) steps[part.index]!.emits = true;
  }
}

function entryOfChain(steps: readonly Recorded[], b: Bridge): [FunctionEntry, unknown[]] {
  const name = `chain of ${steps.map(({ entry }) => entry.name).join(", ")}`;
  const { definition, values } = inputsOf(steps);
  const plan = planFunction(definition, name);
  const descriptor = describeChain(steps, plan);
  const prepared = b.native.siding_signature_prepare(descriptor, descriptor.length);
  const signature = checkStatus(prepared, `prepare the ${name}`);
  const address = steps[0]!.entry.address;
  return [{ name, definition, plan, address, signature, path: null }, [...values]];
}

type Travel = NativeFunction<unknown[], Trip>;

function checkMax(max: unknown): void {
  if (Number.isInteger(max) && Number(max) >= 1 && Number(max) <= ROUNDS_MAX) return;
  throw new RangeError(`Cannot collect ${String(max)} rounds: 1 to ${ROUNDS_MAX} are possible`);
}

/** What stands behind a chain. */
export interface ChainParts {
  readonly origins: Origins;
  /** What its steps get from here, behind the number of rounds. */
  readonly values: readonly unknown[];
  /** Throws where `max` is no number of rounds. */
  readonly checkMax: (max: unknown) => void;
  /** Makes the rounds of a trip, once. */
  readonly rounds: (trip: unknown) => Rounds<unknown>;
}

const parts: WeakMap<object, ChainParts> = new WeakMap();

/** What stands behind a chain; `undefined` for anything else. */
export function chainParts(chain: unknown): ChainParts | undefined {
  return typeof chain === "object" && chain !== null ? parts.get(chain) : undefined;
}

async function* pagesOf(
  travel: () => Promise<Trip>,
  reader: Reader,
): AsyncGenerator<Rounds<unknown>, undefined> {
  let next: Promise<Trip> | undefined = travel();
  while (next !== undefined) {
    const trip: Trip = await next;
    next = trip.end === null ? travel() : undefined;
    next?.catch(() => {}); // it is awaited after the caller had its turn, if at all
    yield reader.rounds(trip);
  }
}

/**
 * Records several calls that then run in one trip on one thread, arguments from earlier results
 * included.
 *
 * `library` is what {@linkcode open} or `context.use` gave, and says where the chain runs. `build`
 * runs once, here: what it gives, an array or an object, is what each round gives, with every step
 * replaced by its result. Arguments that are no steps stay as they are for all rounds; buffers are
 * copied in for each trip.
 *
 * Throws `TypeError` for wrong arguments, naming function and argument; `RangeError` for no step,
 * or more than 64.
 *
 * @example
 * ```ts
 * import { chain, open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   rand_r: { parameters: [{ inout: "u32" }], result: "i32" },
 *   labs: { parameters: ["i64"], result: "i64" },
 *   atoll: { parameters: ["cstring"], result: "i64" },
 * });
 * const distance = chain(libc, (s) => {
 *   const number = s.run.atoll("-12");
 *   return { number, distance: s.run.labs(number) };
 * });
 * console.log(await distance.run()); // { number: -12n, distance: 12n }
 * ```
 *
 * @category Bound calls and chains
 */
export function chain<
  L extends object,
  const T extends readonly unknown[] | Readonly<Record<string, unknown>>,
>(library: L, build: (steps: Steps<L>) => T): Chain<Settled<T>> {
  const place = placeOf(library);
  const { bridge: b } = place;
  const recorder = new Recorder(entriesOf(library));
  const recipe = build(recorder as unknown as Steps<L>) as Recipe;
  const { steps } = recorder;
  markParts(recipe, steps);
  const [entry, values] = entryOfChain(steps, b);
  const reader = new Reader(steps, recipe, place);
  const decode: Decode = (at, token) => {
    b.blocks.get(token)?.takeBack();
    b.blocks.delete(token);
    return reader.take(at);
  };
  const marshal = marshalOf(entry, b, decode);
  const travel = contextFunction(contextShape(entry, marshal), place) as unknown as Travel;
  const go = (max: number, options: InvokeOptions): Promise<Trip> =>
    travel.with(options)(max, ...values);
  const made: Chain<unknown> = {
    run: async (options = {}) => reader.rounds(await go(1, options))[0] ?? null,
    collect: ({ max, ...options }) => {
      checkMax(max);
      return go(max, options).then((trip) => reader.rounds(trip));
    },
    pages: ({ max, ...options }) => {
      checkMax(max);
      return pagesOf(() => go(max, options), reader);
    },
  };
  const origins = originsOf(travel)!;
  parts.set(made, { origins, values, checkMax, rounds: (trip) => reader.rounds(trip as Trip) });
  return made as Chain<Settled<T>>;
}
