/**
 * The steps of a chain: recorded calls, and the descriptor that libsiding makes a signature of.
 *
 * @module
 */
import type { FunctionDefinition, ParameterType } from "./types.ts";
import type { FunctionEntry } from "./function.ts";
import {
  chain as chainMark,
  stepEmit,
  stepErrno,
  stepLastError,
  stepsMax,
  testNone,
} from "./generated/siding.ts";
import { type TypePlan, wordsFor } from "./layout.ts";
import { isScalar, type ParameterPlan, type Plan } from "./plan.ts";

/** A value that a step will have made. */
export class StepValue {
  /** Number of the step. */
  readonly step: number;
  /** Its word: of the result first, then of the arguments. */
  readonly word: number;
  readonly type: TypePlan;

  constructor(step: number, word: number, type: TypePlan) {
    this.step = step;
    this.word = word;
    this.type = type;
  }
}

/** The result of a recorded call. */
export class StepResult {
  readonly index: number;
  readonly entry: FunctionEntry;
  /** The plain result. */
  readonly value: StepValue;
  /** The cells. */
  readonly out: readonly StepValue[];

  constructor(index: number, entry: FunctionEntry) {
    const { result, cells } = entry.plan;
    const resultWords = wordsFor(result.size);
    this.index = index;
    this.entry = entry;
    this.value = new StepValue(index, 0, result);
    this.out = cells.map(({ word, type }) => new StepValue(index, resultWords + word + 1, type));
  }
}

/** One recorded call. */
export interface Step {
  readonly entry: FunctionEntry;
  readonly args: readonly unknown[];
  readonly result: StepResult;
  /** The result with which the chain goes on, or ends. */
  test: { readonly kind: number; readonly expected: bigint } | undefined;
  /** Whether the payload is part of the chain's result. */
  emits: boolean;
}

function valueOf(argument: unknown): StepValue | undefined {
  if (argument instanceof StepValue) return argument;
  return argument instanceof StepResult ? argument.value : undefined;
}

function fault(step: Step, index: number, reason: string): TypeError {
  return new TypeError(`Cannot chain ${step.entry.name}: argument ${index} ${reason}`);
}

const floats: ReadonlySet<string> = new Set(["f32", "f64"]);

/* The word of a result is taken as it is, so it must be what the parameter asks for. */
function checkValue(value: StepValue, parameter: ParameterPlan, step: Step, index: number): void {
  const { type } = parameter;
  if (parameter.passing !== "scalar" || parameter.role !== "value" || !isScalar(value.type)) {
    throw fault(step, index, "cannot come from a step: only numbers and pointers can");
  }
  if (value.type.size !== type.size || floats.has(value.type.kind) !== floats.has(type.kind)) {
    throw fault(step, index, `is ${value.type.kind} from a step, not ${type.kind}`);
  }
}

/* What C changes is each step's own copy. */
function inputType(type: ParameterType): unknown {
  return typeof type === "object" && "inout" in type ? { in: type.inout } : type;
}

/** What the chain gets from its caller: the constants among its steps' arguments. */
export interface Inputs {
  readonly definition: FunctionDefinition;
  readonly values: readonly unknown[];
}

/** Collects the constants; throws for a wrong number of arguments or a result that does not fit. */
export function inputsOf(steps: readonly Step[]): Inputs {
  const types: unknown[] = ["u64"]; // how often
  const values: unknown[] = [];
  for (const step of steps) {
    const { plan, name, definition } = step.entry;
    if (step.args.length !== plan.values.length) {
      const given = `${plan.values.length} arguments expected, ${step.args.length} given`;
      throw new TypeError(`Cannot chain ${name}: ${given}`);
    }
    plan.values.forEach((parameter, index) => {
      const value = valueOf(step.args[index]);
      if (value !== undefined) return checkValue(value, parameter, step, index);
      types.push(inputType(definition.parameters[plan.parameters.indexOf(parameter)]!));
      values.push(step.args[index]);
    });
  }
  return {
    definition: { parameters: types, result: "void" } as unknown as FunctionDefinition,
    values,
  };
}

/** Bytes of a descriptor. */
class Writer {
  readonly bytes: number[] = [];

  number(value: number | bigint, size: number): void {
    const whole = BigInt.asUintN(64, BigInt(value));
    for (let i = 0n; i < BigInt(size); i++) this.bytes.push(Number(whole >> 8n * i & 0xffn));
  }

  value(value: number | bigint): void {
    this.number(0, 1);
    this.number(value, 8);
  }

  input(word: number): void {
    this.number(1, 1);
    this.number(word, 2);
  }

  earlier({ step, word }: StepValue): void {
    this.number(2, 1);
    this.number(step, 1);
    this.number(word, 2);
  }
}

/* The word before a cell says whether NULL is passed in its place. */
function writeInput(writer: Writer, input: ParameterPlan, isNull: boolean): void {
  const { role, type } = input;
  if (role !== "value") writer.value(isNull ? 1 : 0);
  const first = input.word + (role === "value" ? 0 : 1);
  for (let word = 0; word < wordsFor(type.size); word++) writer.input(first + word);
}

function writeSources(writer: Writer, step: Step, inputs: Iterator<ParameterPlan>): void {
  let argument = 0;
  for (const parameter of step.entry.plan.parameters) {
    if (parameter.role === "out") {
      for (let word = 0; word <= wordsFor(parameter.type.size); word++) writer.value(0);
      continue;
    }
    const given = step.args[argument++];
    const value = valueOf(given);
    if (value !== undefined) writer.earlier(value);
    else writeInput(writer, inputs.next().value as ParameterPlan, given === null);
  }
}

function errorFlag({ errno, errorKind }: Plan): number {
  if (errno === "none") return 0;
  return errorKind === "errno" ? stepErrno : stepLastError;
}

/** The descriptor of a chain whose inputs have the plan `plan`. */
export function describeChain(steps: readonly Step[], plan: Plan): Uint8Array {
  if (steps.length === 0 || steps.length > stepsMax) {
    throw new RangeError(`Cannot chain ${steps.length} calls: 1 to ${stepsMax} are possible`);
  }
  const writer = new Writer();
  writer.number(chainMark, 1);
  writer.number(plan.descriptor.length, 2);
  writer.bytes.push(...plan.descriptor);
  const inputs = plan.values.slice(1)[Symbol.iterator]();
  for (const step of steps) {
    const { signature, address, plan: called } = step.entry;
    writer.number(signature, 4);
    writer.number(address, 8);
    writer.number(errorFlag(called) | (step.emits ? stepEmit : 0), 1);
    writer.number(step.test?.kind ?? testNone, 1);
    writer.number(step.test?.expected ?? 0, 8);
    writeSources(writer, step, inputs);
  }
  return Uint8Array.from(writer.bytes);
}
