/**
 * Options of callbacks: what they are, and what libsiding is told.
 *
 * @module
 */
import { bindingOf } from "./binding.ts";
import type { Bound } from "./bound.ts";
import { makeCode } from "./callback_code.ts";
import type { CallbackPlan } from "./callback_plan.ts";
import { answerSource } from "./callback_source.ts";
import type { CallbackResult } from "./convert.ts";
import type { EndpointOptions } from "./endpoint.ts";
import {
  answerWords,
  capacityMax,
  overflowBlock,
  overflowDropNewest,
  overflowDropOldest,
  overflowLatest,
  returnValue,
} from "./generated/siding.ts";
import { wordsFor } from "./layout.ts";
import { checkRange, type Range } from "./range.ts";
import type { CallbackDefinition } from "./types.ts";
import { type Words, words } from "./words.ts";

/**
 * Options of every callback.
 *
 * @category Callbacks
 */
export interface CallbackOptions {
  /** Its name in errors; default: that of its handler. */
  readonly name?: string;
  /**
   * Calls that may wait for JavaScript: 2 to 1,048,576, rounded up to a power of two. Default
   * 1,024.
   */
  readonly capacity?: number;
  /**
   * Bytes that one call may copy of what its arguments point to; a call with more is refused.
   * Default 1 MiB; 256 where calls are dropped, for there the memory is set aside.
   */
  readonly limit?: number;
  /**
   * How long C waits, in milliseconds: for an answer, or for room in the queue. Default 10,000.
   */
  readonly timeout?: number;
  /**
   * A bound call that runs on the thread that calls, with the arguments that it takes by
   * {@linkcode arg}, before JavaScript can have the event: what keeps a pointee alive.
   */
  readonly retain?: Pick<Bound<unknown>, "~result">;
}

/**
 * Options of callbacks for which C does not wait.
 *
 * @category Callbacks
 */
export interface QueueOptions extends CallbackOptions {
  /**
   * What happens to a call where `capacity` wait already. `"block"` has C wait for room; the others
   * drop and count, and are fit for real-time threads. Default `"block"`.
   */
  readonly overflow?: "block" | "drop-newest" | "drop-oldest" | "latest";
}

/**
 * What C gets at once: a constant, or one of its own arguments.
 *
 * @category Callbacks
 */
export type Returned<D extends CallbackDefinition> =
  | CallbackResult<D>
  | { readonly parameter: number };

/**
 * What C gets without an answer: one value, or one for each reason.
 *
 * @category Callbacks
 */
export type Fallback<D extends CallbackDefinition> = CallbackResult<D> | {
  /** The handler threw, or its answer was wrong. */
  readonly throw: CallbackResult<D>;
  /** No answer came in time. */
  readonly timeout: CallbackResult<D>;
  /** The callback is closed. */
  readonly closed: CallbackResult<D>;
};

/**
 * Options of `callback.post` and `callback.stream`; needless only where C expects no result.
 *
 * @category Callbacks
 */
export type PostOptions<D extends CallbackDefinition> = D["result"] extends "void"
  ? [options?: QueueOptions]
  : [options: QueueOptions & { readonly returns: Returned<D> }];

/**
 * Options of `callback.call`; needless only where C expects no result.
 *
 * @category Callbacks
 */
export type CallOptions<D extends CallbackDefinition> = D["result"] extends "void"
  ? [options?: CallbackOptions]
  : [options: CallbackOptions & { readonly fallback: Fallback<D> }];

/** The options as they come, of any kind. */
export interface GivenOptions extends QueueOptions {
  readonly returns?: unknown;
  readonly fallback?: unknown;
}

const TIMEOUT_MS_DEFAULT = 10_000;
const CAPACITY_DEFAULT = 1024;
const LIMIT_DEFAULT = 1 << 20;
const LIMIT_SET_ASIDE = 256;
const CAPACITIES: Range = { least: 2, most: capacityMax };
const LIMITS: Range = { least: 0, most: 2 ** 31 };
const TIMES: Range = { least: 1, most: 2 ** 31 };

const policies: Readonly<Record<string, number>> = {
  "block": overflowBlock,
  "drop-newest": overflowDropNewest,
  "drop-oldest": overflowDropOldest,
  "latest": overflowLatest,
};

/** The options that both modes have; throws `TypeError` and `RangeError`. */
export function commonOptions(
  plan: CallbackPlan,
  given: GivenOptions,
  action: string,
): Pick<EndpointOptions, "overflow" | "capacity" | "limit" | "timeoutMs" | "retain"> {
  const { overflow = "block", capacity = CAPACITY_DEFAULT, timeout = TIMEOUT_MS_DEFAULT } = given;
  const policy = Object.hasOwn(policies, overflow) ? policies[overflow] : undefined;
  if (policy === undefined) {
    const known = Object.keys(policies).join(", ");
    throw new TypeError(`Cannot ${action}: overflow is "${overflow}", none of ${known}`);
  }
  const isSetAside = policy !== overflowBlock;
  const { limit = isSetAside ? LIMIT_SET_ASIDE : LIMIT_DEFAULT } = given;
  checkRange(capacity, "capacity", action, CAPACITIES);
  checkRange(limit, "limit", action, LIMITS);
  checkRange(timeout, "timeout", action, TIMES);
  return {
    overflow: policy,
    capacity: 2 ** Math.ceil(Math.log2(capacity)),
    limit: plan.tails.length === 0 ? 0 : Math.ceil(limit),
    timeoutMs: Math.ceil(timeout),
    retain: retainOf(given.retain, action),
  };
}

function retainOf(retain: unknown, action: string): number {
  if (retain === undefined) return 0;
  const binding = bindingOf(retain);
  if (binding === undefined) throw new TypeError(`Cannot ${action}: retain is no bound call`);
  return binding.handle;
}

/** Each value as words of a result; throws what is wrong with it. */
function encodeValues(plan: CallbackPlan, values: readonly unknown[], name: string): Words {
  const count = wordsFor(plan.result.size);
  const scratch = words(answerWords + count);
  const answer = makeCode<(low: number, high: number, value: unknown) => void>(
    answerSource,
    plan,
    scratch,
    { name, begin: () => 0 },
  );
  const all = words(count * values.length);
  values.forEach((value, index) => {
    answer(0, 0, value);
    all.u8.set(scratch.u8.subarray(answerWords * 8), index * count * 8);
  });
  return all;
}

function hasKeys(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.keys(value).sort().join() === keys.toSorted().join();
}

/* What C gets at once has the type of the result, so one of its arguments is as wide. */
function parameterOf(plan: CallbackPlan, parameter: unknown, action: string): number {
  const isIndex = Number.isInteger(parameter) && Number(parameter) >= 0 &&
    Number(parameter) < plan.outputs.length;
  if (isIndex) return Number(parameter);
  const state = `it returns parameter ${String(parameter)}, of ${plan.outputs.length}`;
  throw new TypeError(`Cannot ${action}: ${state}`);
}

/** What C gets of a callback for which it does not wait. */
export function returnedOf(
  plan: CallbackPlan,
  returns: unknown,
  name: string,
  action: string,
): Pick<EndpointOptions, "values" | "returned"> {
  const count = wordsFor(plan.result.size);
  if (plan.result.kind === "void") return { values: words(count), returned: returnValue };
  if (hasKeys(returns, ["parameter"])) {
    const returned = parameterOf(plan, returns["parameter"], action);
    return { values: words(count), returned };
  }
  if (returns === undefined) {
    throw new TypeError(`Cannot ${action}: its option "returns" must say what C gets`);
  }
  return { values: encodeValues(plan, [returns], name), returned: returnValue };
}

/** What C gets without an answer. */
export function fallbacksOf(
  plan: CallbackPlan,
  fallback: unknown,
  name: string,
  action: string,
): Pick<EndpointOptions, "values" | "returned"> {
  const returned = returnValue;
  if (plan.result.kind === "void") {
    return { values: words(3 * wordsFor(plan.result.size)), returned };
  }
  if (fallback === undefined) {
    const state = 'its option "fallback" must say what C gets without an answer';
    throw new TypeError(`Cannot ${action}: ${state}`);
  }
  const { closed, timeout, throw: thrown } = hasKeys(fallback, ["closed", "throw", "timeout"])
    ? fallback
    : { closed: fallback, timeout: fallback, throw: fallback };
  return { values: encodeValues(plan, [closed, timeout, thrown], name), returned };
}
