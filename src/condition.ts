/**
 * Conditions on the result of a call, which libsiding looks at without JavaScript.
 *
 * @module
 */
import * as check from "./check.ts";
import { testDifferent, testEqual, testNone } from "./generated/siding.ts";
import { isScalar, type Plan } from "./plan.ts";

/** A condition as libsiding takes it. */
export interface Condition {
  readonly test: number;
  readonly expected: bigint;
}

/** Whether results can be compared as they are: they must be one word, without rounding. */
export function isComparable({ result, outputs }: Plan): boolean {
  return outputs[0]!.kind === "plain" && isScalar(result) && !["f32", "f64"].includes(result.kind);
}

/** A value as the result that it is compared with; it is what an argument of that type could be. */
export function expectedOf(value: unknown, { result: { kind } }: Plan, name: string): bigint {
  const where = "of the condition";
  if (kind === "bool") {
    if (typeof value !== "boolean") check.type(value, "a boolean", name, where);
  } else if (kind === "pointer") {
    if (value !== null) check.pointer(value, name, where);
  } else if (kind === "i64" || kind === "u64") {
    check.wide(value, kind, name, where);
  } else {
    check.integer(value, kind, name, where);
  }
  return BigInt((value ?? 0) as number | bigint | boolean);
}

function given(condition: unknown): { test: number; value: unknown } {
  if (typeof condition === "object" && condition !== null) {
    if ("is" in condition) return { test: testEqual, value: condition.is };
    if ("not" in condition) return { test: testDifferent, value: condition.not };
  }
  return { test: testEqual, value: condition };
}

/** A condition from a value, `{ is: value }` or `{ not: value }`; none from `undefined`. */
export function conditionOf(condition: unknown, plan: Plan, name: string): Condition {
  if (condition === undefined) return { test: testNone, expected: 0n };
  if (!isComparable(plan)) {
    throw new TypeError(`Cannot repeat ${name}: its result is no integer or pointer to compare`);
  }
  const { test, value } = given(condition);
  return { test, expected: BigInt.asUintN(64, expectedOf(value, plan, name)) };
}
