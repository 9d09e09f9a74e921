/**
 * The recorder of a chain: the steps that its builder asks for, and the tests that end it.
 *
 * @module
 */
import type { FunctionEntry } from "./function.ts";
import { testDifferent, testEqual, testNoErrno, testSuccess } from "./generated/siding.ts";
import { expectedOf, isComparable } from "./condition.ts";
import { failedResult } from "./plan.ts";
import { type Step, StepResult } from "./steps.ts";

/* Where a definition says that errno is an error, it ends the chain, which then rejects. */
function failureOf({ plan }: FunctionEntry): Step["test"] {
  if (plan.errno !== "throw") return undefined;
  const failed = failedResult(plan.result);
  return failed === undefined
    ? { kind: testNoErrno, expected: 0n }
    : { kind: testSuccess, expected: BigInt(failed ?? 0) };
}

/** Records the steps of one chain. */
export class Recorder {
  readonly steps: Step[] = [];
  /** Functions by key; calling one adds a step. */
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
    const { plan } = step.entry;
    if (!isComparable(plan)) {
      throw new TypeError(`Cannot end a chain at ${name}: its result is no integer or pointer`);
    }
    step.test = { kind, expected: expectedOf(value, plan, name) };
  }
}
