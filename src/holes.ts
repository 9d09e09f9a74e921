/**
 * What a bound call leaves open: which arguments of its caller fill which parameters.
 *
 * @module
 */
import { count } from "./check.ts";
import { planCallback } from "./callback_plan.ts";
import { callBound, notVariadic, types } from "./generated/siding.ts";
import { isRecord } from "./layout.ts";
import type { ParameterPlan, Plan } from "./plan.ts";
import type { CallbackDefinition } from "./types.ts";

/**
 * Stands for the caller's argument `index` in {@linkcode bind}; made by {@linkcode arg}.
 *
 * @category Bound calls and chains
 */
export class Arg<Index extends number = number> {
  /** Which argument of the caller. */
  readonly index: Index;

  /** Does what {@linkcode arg} does. */
  constructor(index: Index) {
    this.index = index;
  }
}

const INDEX_MAX = 63;

/**
 * Leaves a parameter of a bound call open: argument `index` of whoever calls it fills it, whatever
 * the order.
 *
 * Throws `RangeError` unless `index` is within 0 to 63.
 *
 * @example
 * ```ts
 * import { arg, bind, open } from "@siding/ffi";
 *
 * const libm = open({ linux: "libm.so.6", darwin: "libSystem.dylib" }, {
 *   pow: { parameters: ["f64", "f64"], result: "f64" },
 * });
 * using square = bind(libm.pow, arg(0), 2);
 * using swapped = bind(libm.pow, arg(1), arg(0));
 * console.log(await square.run(9), await swapped.run(2, 3)); // 81 9
 * ```
 *
 * @category Bound calls and chains
 */
export function arg<const Index extends number>(index: Index): Arg<Index> {
  if (Number.isInteger(index) && index >= 0 && index <= INDEX_MAX) return new Arg(index);
  throw new RangeError(`Cannot leave an argument open: ${index} is not within 0 to ${INDEX_MAX}`);
}

/** A parameter left open. */
interface Hole {
  readonly parameter: number;
  readonly argument: number;
  readonly plan: ParameterPlan;
}

/** What `bind` was given. */
export interface Given {
  /** The arguments that are bound. */
  readonly args: readonly unknown[];
  /** The function with only these. */
  readonly fixed: Plan;
  readonly holes: readonly Hole[];
  /** The signature of its pointer, where that was said. */
  readonly as: CallbackDefinition | undefined;
}

function isShape(value: unknown): value is { readonly as: CallbackDefinition } {
  return isRecord(value) && Object.keys(value).join() === "as" && isRecord(value["as"]);
}

function holeOf(plan: Plan, index: number, argument: number, name: string): Hole {
  const parameter = plan.values[index]!;
  if (parameter.role === "value") {
    return { parameter: plan.parameters.indexOf(parameter), argument, plan: parameter };
  }
  const state = `argument ${index} is a cell, which cannot stay open`;
  throw new TypeError(`Cannot bind ${name}: ${state}`);
}

/* Parameters without an argument are open, behind those that are open by name. */
function withRest(plan: Plan, args: readonly unknown[]): readonly unknown[] {
  const named = args.flatMap((one) => one instanceof Arg ? [one.index + 1] : []);
  const next = Math.max(0, ...named);
  const missing = Math.max(0, plan.values.length - args.length);
  return [...args, ...Array.from({ length: missing }, (_, index) => arg(next + index))];
}

/** Looks into the arguments of `bind`; throws `TypeError` for a cell that is left open. */
export function givenTo(plan: Plan, list: readonly unknown[], name: string): Given {
  const last = list.at(-1);
  const as = isShape(last) ? last.as : undefined;
  const all = withRest(plan, as === undefined ? list : list.slice(0, -1));
  if (all.length > plan.values.length) count(name, plan.values.length, all.length);
  const isOpen = (index: number): boolean => all[index] instanceof Arg;
  const holes = all.flatMap((one, index) =>
    one instanceof Arg && index < plan.values.length ? [holeOf(plan, index, one.index, name)] : []
  );
  const values = plan.values.filter((_, index) => !isOpen(index));
  const key = holes.length === 0 ? plan.key : `${plan.key} ${JSON.stringify(values)}`;
  const args = all.filter((one) => !(one instanceof Arg));
  return { args, fixed: { ...plan, values, key }, holes, as };
}

/** The pairs that libsiding takes. */
export function pairsOf(holes: readonly Hole[]): Uint8Array {
  return Uint8Array.from(holes.flatMap(({ parameter, argument }) => [parameter, argument]));
}

/** Arguments that a caller gives. */
export function arityOf(holes: readonly Hole[]): number {
  return Math.max(0, ...holes.map(({ argument }) => argument + 1));
}

/** The function with only what is open, for calls that run it. */
export function openPlan(plan: Plan, holes: readonly Hole[]): Plan {
  const values = holes.map((hole) => hole.plan);
  return { ...plan, values, flags: callBound, key: `${plan.key} open ${JSON.stringify(values)}` };
}

function bytesOf({ type, passing }: ParameterPlan): readonly number[] {
  return passing === "buffer" || passing === "text" || passing === "text16"
    ? [types.pointer]
    : type.descriptor;
}

/* What is left of the function's own signature. */
function ownDescriptor(plan: Plan, holes: readonly Hole[], name: string): Uint8Array {
  const parameters = Array.from({ length: arityOf(holes) }, (_, argument) => {
    const hole = holes.find((one) => one.argument === argument);
    if (hole !== undefined) return bytesOf(hole.plan);
    const state = `its argument ${argument} has no type: say { as: definition }`;
    throw new TypeError(`Cannot make a pointer of ${name}: ${state}`);
  });
  const result = plan.result.kind === "text" ? [types.pointer] : plan.result.descriptor;
  return Uint8Array.from([notVariadic, ...result, ...parameters.flat()]);
}

/** The descriptor of a bound call's pointer. */
export function pointerDescriptor(
  plan: Plan,
  { holes, as }: Pick<Given, "holes" | "as">,
  name: string,
): Uint8Array {
  if (as === undefined) return ownDescriptor(plan, holes, name);
  const { descriptor, tails, outputs } = planCallback(as, name);
  const arity = arityOf(holes);
  if (tails.length > 0) {
    const remedy = 'declare "pointer", a bound call copies nothing';
    throw new TypeError(`Cannot make a pointer of ${name}: its signature has copies; ${remedy}`);
  }
  if (arity <= outputs.length) return descriptor;
  const state = `its signature has ${outputs.length} parameters, argument ${arity - 1} is used`;
  throw new TypeError(`Cannot make a pointer of ${name}: ${state}`);
}
