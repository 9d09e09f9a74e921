/**
 * What a trip of a chain brings: its rounds, and what ended it.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { errnoError, lastErrorError } from "./check.ts";
import { checkStatus } from "./errors.ts";
import type { Place } from "./function.ts";
import { eventBlock, eventWords, testDifferent } from "./generated/siding.ts";
import { Marshal } from "./marshal.ts";
import { runtime } from "./runtime/current.ts";
import { type Step, StepResult, StepValue } from "./steps.ts";
import { type Words, words } from "./words.ts";

/**
 * Which step ended a chain, and how.
 *
 * @category Bound calls and chains
 */
export interface ChainEnd {
  /** Name of its function. */
  readonly step: string;
  /** Its result. */
  readonly value: unknown;
  /** errno or lastError, where its definition asks for it; else 0. */
  readonly errno: number;
}

/**
 * What the rounds of a chain gave, in order.
 *
 * @category Bound calls and chains
 */
export interface Rounds<T> extends Array<T> {
  /**
   * What ended the chain; `null` where it had all the rounds it was allowed, or its results have
   * reached 256 MiB.
   */
  readonly end: ChainEnd | null;
}

/** Which results make a round, by key or index. */
export type Recipe = readonly unknown[] | Readonly<Record<string, unknown>>;

function partSource(part: unknown, constants: unknown[]): string {
  if (part instanceof StepResult) return `r${part.index}`;
  if (!(part instanceof StepValue)) return `constants[${constants.push(part) - 1}]`;
  throw new TypeError("Cannot read part of a step: give the step, its result has all parts");
}

/** Source text for the loop over all rounds; each payload has its words in front. */
function roundsSource(steps: readonly Step[], recipe: Recipe, constants: unknown[]): string {
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
export interface Trip {
  readonly page: Page;
  readonly count: number;
  readonly end: ChainEnd | null;
}

const PAGE_WORDS_MIN = 512;

/** Reads what the steps emitted; its pages are reused, and grow with what comes. */
export class Reader {
  readonly #b: Bridge;
  readonly #steps: readonly Step[];
  readonly #place: Place;
  readonly #source: string;
  readonly #constants: unknown[] = [];
  readonly #free: Page[] = [];

  constructor(steps: readonly Step[], recipe: Recipe, place: Place) {
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
      const marshal = new Marshal(this.#place.bridge, entry.plan, entry, null);
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
      const errorOf = entry.plan.errorKind === "errno" ? errnoError : lastErrorError;
      throw errorOf(i32[at + 3]!, entry.name);
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
