/**
 * The generated functions of callbacks. Plans that are alike share the code; what differs comes in
 * through the environment.
 *
 * @module
 */
import type { CallbackPlan } from "./callback_plan.ts";
import * as check from "./check.ts";
import { Tails } from "./copied.ts";
import type { Words } from "./words.ts";

type Source = (plan: CallbackPlan) => string;
type Factory = (environment: Readonly<Record<string, unknown>>) => unknown;

const NAMES = "u8, u32, i32, f32, f64, i64, u64, view, texts, words, b, c, name, Tails, " +
  "longText, endpoint, handler, callbacks, within, scope, begin, answer";

function compile(source: string): Factory {
  const body = ['"use strict";', "const {", NAMES, "} = environment;", source].join(" ");
  return new Function("environment", body) as Factory;
}

const FACTORIES_MAX = 4096;
const known: Map<Source, Map<string, Factory>> = new Map();

function factoryOf(source: Source, plan: CallbackPlan): Factory {
  const factories = known.get(source) ?? new Map<string, Factory>();
  known.set(source, factories);
  let factory = factories.get(plan.key);
  if (factory === undefined) {
    if (factories.size >= FACTORIES_MAX) factories.delete(factories.keys().next().value!);
    factory = compile(source(plan));
    factories.set(plan.key, factory);
  }
  return factory;
}

/** Makes a function of a plan whose values are in `words`. */
export function makeCode<F>(
  source: Source,
  plan: CallbackPlan,
  words: Words,
  more: Readonly<Record<string, unknown>>,
): F {
  return factoryOf(source, plan)({ ...words, words, c: check, Tails, ...more }) as F;
}
