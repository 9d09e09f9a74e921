/**
 * Chains: several calls in one trip to a native thread, without JavaScript in between.
 *
 * @module
 */
import type { Bridge, Decode } from "./bridge.ts";
import type { InvokeOptions, NativeFunction } from "./convert.ts";
import { checkStatus } from "./errors.ts";
import { type FunctionEntry, functionOf, type Place } from "./function.ts";
import { errnoError } from "./check.ts";
import {
  eventBlock,
  eventWords,
  testDifferent,
  testEqual,
  testNoErrno,
  testSuccess,
} from "./generated/siding.ts";
import { entriesOf, placeOf } from "./library.ts";
import { Marshal } from "./marshal.ts";
import { planFunction } from "./plan.ts";
import { runtime } from "./runtime/current.ts";
import { describeChain, inputsOf, type Step as Recorded, StepResult, StepValue } from "./steps.ts";
import { type Words, words } from "./words.ts";

/**
 * The result that a recorded call will have. It can be an argument of later steps and part of what
 * the chain gives; of a call with cells so can its `value` and each of `out`.
 */
export type Step<R> =
  & { /** Exists in the type only. */ readonly "~result": R }
  & (R extends { readonly value: infer V; readonly out: infer O extends readonly unknown[] }
    ? { readonly value: Step<V>; readonly out: { readonly [Index in keyof O]: Step<O[Index]> } }
    : R extends { readonly value: infer V } ? { readonly value: Step<V> }
    : unknown);

/** Records the steps of a chain over the library `L`. */
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

/** Which step ended a chain, and how. */
export interface ChainEnd {
  /** Name of its function. */
  readonly step: string;
  /** Its result. */
  readonly value: unknown;
  /** errno, where its definition asks for it; else 0. */
  readonly errno: number;
}

/** What the rounds of a chain gave, in order. */
export interface Rounds<T> extends Array<T> {
  /**
   * What ended the chain; `null` where it had all the rounds it was allowed, or its results have
   * reached 256 MiB.
   */
  readonly end: ChainEnd | null;
}

/** Options of {@linkcode Chain.collect}. */
export interface CollectOptions extends InvokeOptions {
  /** Rounds at most. */
  readonly max: number;
}

/** Several calls that run one after the other on one thread. */
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

/* As `errno: "throw"` has it for a single call. */
const failedResults: Readonly<Record<string, bigint>> = {
  i8: -1n,
  i16: -1n,
  i32: -1n,
  i53: -1n,
  i64: -1n,
  pointer: 0n,
  text: 0n,
};

/* Where a definition says that errno is an error, it ends the chain, which then rejects. */
function failureOf({ plan }: FunctionEntry): Recorded["test"] {
  if (plan.errno !== "throw") return undefined;
  const failed = failedResults[plan.result.kind];
  return failed === undefined
    ? { kind: testNoErrno, expected: 0n }
    : { kind: testSuccess, expected: failed };
}

/* ---- recording ------------------------------------------------------------------------------- */

class Recorder {
  readonly steps: Recorded[] = [];
  readonly run: Readonly<Record<string, unknown>>;

  constructor(find: (key: string) => FunctionEntry | undefined) {
    this.run = new Proxy({}, {
      get: (_, key) => {
        const entry = typeof key === "string" ? find(key) : undefined;
        return entry && ((...args: unknown[]) => this.#add(entry, args));
      },
    });
  }

  #add(entry: FunctionEntry, args: readonly unknown[]): StepResult {
    const result = new StepResult(this.steps.length, entry);
    this.steps.push({ entry, args, result, test: failureOf(entry), emits: false });
    return result;
  }

  readonly unless = (step: unknown, value: unknown): void => this.#test(step, value, testEqual);

  readonly until = (step: unknown, value: unknown): void => this.#test(step, value, testDifferent);

  #test(result: unknown, value: unknown, kind: number): void {
    const step = result instanceof StepResult ? this.steps[result.index] : undefined;
    if (step === undefined) throw new TypeError("Cannot end a chain: this is none of its steps");
    const { name } = step.entry;
    if (step.test !== undefined && step.test.kind <= testDifferent) {
      throw new TypeError(`Cannot end a chain at ${name}: it already has a condition`);
    }
    const { kind: type } = step.entry.plan.result;
    if (type === "text" || type === "void" || type === "struct" || type.startsWith("f")) {
      throw new TypeError(`Cannot end a chain at ${name}: its result is ${type}`);
    }
    step.test = { kind, expected: BigInt((value ?? 0) as number | bigint | boolean) };
  }
}

/* ---- reading --------------------------------------------------------------------------------- */

/** Which results make a round, by key or index. */
type Recipe = readonly unknown[] | Readonly<Record<string, unknown>>;

function partSource(part: unknown, constants: unknown[]): string {
  if (part instanceof StepResult) return `r${part.index}`;
  if (!(part instanceof StepValue)) return `constants[${constants.push(part) - 1}]`;
  throw new TypeError("Cannot read part of a step: give the step, its result has all parts");
}

/** Source text for the loop over all rounds; each payload has its words in front. */
function roundsSource(steps: readonly Recorded[], recipe: Recipe, constants: unknown[]): string {
  const reads = steps.flatMap(({ emits }, index) =>
    emits ? [`const r${index} = decode${index}(at, -1); at += u32[at] * 2;`] : []
  );
  const round = Array.isArray(recipe)
    ? `[${recipe.map((part) => partSource(part, constants)).join(", ")}]`
    : `{ ${
      Object.entries(recipe).map(([key, part]) =>
        `[${JSON.stringify(key)}]: ${partSource(part, constants)}`
      ).join(", ")
    } }`;
  return `return function read(count) {
    const rounds = [];
    for (let at = 2; count > 0; count--) { ${reads.join("\n")} rounds.push(${round}); }
    return rounds;
  };`;
}

/** Words that one trip filled, and the compiled loop that reads them. */
interface Page {
  readonly words: Words;
  readonly read: (count: number) => unknown[];
}

/** What came of a trip, not yet read. */
interface Trip {
  readonly page: Page;
  readonly count: number;
  readonly end: ChainEnd | null;
}

const PAGE_WORDS_MIN = 512;

/** Reads what the steps emitted; its pages are reused, and grow with what comes. */
class Reader {
  readonly #b: Bridge;
  readonly #steps: readonly Recorded[];
  readonly #place: Place;
  readonly #source: string;
  readonly #constants: unknown[] = [];
  readonly #free: Page[] = [];

  constructor(steps: readonly Recorded[], recipe: Recipe, place: Place) {
    this.#b = place.bridge;
    this.#steps = steps;
    this.#place = place;
    this.#source = roundsSource(steps, recipe, this.#constants);
  }

  #make(size: number): Page {
    const made = words(2 ** Math.ceil(Math.log2(Math.max(size / 8, PAGE_WORDS_MIN))));
    const names: string[] = ["u32", "constants"];
    const values: unknown[] = [made.u32, this.#constants];
    this.#steps.forEach(({ entry, emits }, index) => {
      if (!emits) return;
      const { bridge, gate, context } = this.#place;
      const marshal = new Marshal(bridge, entry.plan, { ...entry, gate, context }, null);
      names.push(`decode${index}`);
      values.push(marshal.decodeFrom(made));
    });
    const read = new Function(...names, `"use strict"; ${this.#source}`)(...values);
    return { words: made, read: read as Page["read"] };
  }

  #take(size: number): Page {
    const page = this.#free.pop();
    return page !== undefined && page.words.length * 8 >= size ? page : this.#make(size);
  }

  /* The tail is in the event, or in a block that the event names. */
  #fetch(at: number): Page {
    const { events, native, handle } = this.#b;
    const { u32, u8 } = events;
    const tail = at + (eventWords + 3) * 2;
    if (((u32[at + 1]! >>> 16) & eventBlock) === 0) {
      const size = 8 + u32[tail]!;
      const page = this.#take(size);
      page.words.u8.set(u8.subarray(tail * 4, tail * 4 + size));
      return page;
    }
    const size = u32[tail + 2]!;
    const page = this.#take(size);
    const wide = runtime.wide(size);
    const taken = native.siding_block_take(handle, u32[tail]!, page.words.u8, wide);
    checkStatus(taken, "read the results of a chain");
    return page;
  }

  #endOf(at: number): ChainEnd | null {
    const { u32, i32, u64, i64 } = this.#b.events;
    const word = (at >> 1) + eventWords + 1;
    if (u32[word * 2 + 1] === 0xffffffff) return null;
    const { entry, test } = this.#steps[u32[word * 2]!]!;
    if (test !== undefined && test.kind > testDifferent) {
      throw errnoError(i32[at + 3]!, entry.name);
    }
    const { kind, size } = entry.plan.result;
    const isUnsigned = kind.startsWith("u") || kind === "bool";
    const whole = isUnsigned ? u64[word + 1]! : i64[word + 1]!;
    const bits = isUnsigned ? BigInt.asUintN(size * 8, whole) : BigInt.asIntN(size * 8, whole);
    const isBig = kind === "i64" || kind === "u64";
    const plain = kind === "bool" ? bits !== 0n : isBig ? bits : Number(bits);
    const value = kind === "pointer" && plain === 0 ? null : plain;
    return { step: entry.name, value, errno: i32[at + 3]! };
  }

  /** Takes what a trip brought from its event at 32-bit index `at`. */
  take(at: number): Trip {
    const count = this.#b.events.u32[at + eventWords * 2]!;
    const page = this.#fetch(at);
    return { page, count, end: this.#endOf(at) };
  }

  /** Makes the rounds of a trip, once. */
  rounds({ page, count, end }: Trip): Rounds<unknown> {
    const rounds = page.read(count);
    this.#free.push(page);
    return Object.assign(rounds, { end });
  }
}

/* ---- the chain ------------------------------------------------------------------------------- */

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

function checkMax(max: number): void {
  if (Number.isInteger(max) && max >= 1 && max <= ROUNDS_MAX) return;
  throw new RangeError(`Cannot collect ${String(max)} rounds: 1 to ${ROUNDS_MAX} are possible`);
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
 */
export function chain<
  L extends object,
  const T extends readonly unknown[] | Readonly<Record<string, unknown>>,
>(library: L, build: (steps: Steps<L>) => T): Chain<Settled<T>> {
  const place = placeOf(library);
  const { bridge: b, gate, context, onDecode } = place;
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
  const where = onDecode === undefined ? {} : { onDecode };
  const whole = { bridge: b, gate, context, decode, ...where };
  const travel = functionOf(entry, whole) as unknown as Travel;
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
  return made as Chain<Settled<T>>;
}
