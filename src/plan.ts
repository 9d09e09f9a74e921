/**
 * From a definition to a plan: what each parameter is, where it lies in a record, and the signature
 * descriptor that libsiding prepares.
 *
 * @module
 */
import { notVariadic, parametersMax, types } from "./generated/siding.ts";
import {
  describe,
  fault,
  isRecord,
  type Kind,
  onlyKey,
  planOf,
  type TypePlan,
  voidPlan,
  wordsFor,
} from "./layout.ts";
import { runtime } from "./runtime/current.ts";
import { freeInside, planShape, type Shape } from "./shape.ts";
import { type Output, type Resolve, type Source, type TailKind, TailPlanner } from "./tails.ts";

/**
 * How an argument gets into the record: `scalar` and `struct` by generated code, `text`, `text16`
 * and `buffer` by a reference, `image` as bytes that were written before; `none` is no argument.
 */
export type Passing = "scalar" | "struct" | "text" | "text16" | "buffer" | "image" | "none";

/** A parameter. */
export interface ParameterPlan {
  readonly type: TypePlan;
  /** `value`: passed itself; the others are cells that C reads, changes or fills. */
  readonly role: "value" | "in" | "inout" | "out";
  readonly passing: Passing;
  /** Whether a buffer is copied in before the call, and out after it. */
  readonly copyIn: boolean;
  readonly copyOut: boolean;
  /** First word, counted from the first argument word; of a cell, that of the pointer. */
  readonly word: number;
  readonly shape: Shape;
}

/** A function's plan. */
export interface Plan {
  readonly parameters: readonly ParameterPlan[];
  /** The parameters that are arguments. */
  readonly values: readonly ParameterPlan[];
  /** The parameters whose cells come back. */
  readonly cells: readonly ParameterPlan[];
  readonly result: TypePlan;
  readonly errno: "none" | "report" | "throw";
  /** Which error that is. */
  readonly errorKind: "errno" | "lastError";
  readonly variadic: boolean;
  /** Flags of its calls beyond those that follow from errno. */
  readonly flags?: number;
  /** Argument words. */
  readonly words: number;
  /** What is copied for the result and the cells; a plain text result is not among them. */
  readonly tails: readonly TailKind[];
  /** The result, then each cell. */
  readonly outputs: readonly Output[];
  readonly descriptor: Uint8Array;
  /** Equal for plans whose calls look alike in JavaScript and in memory. */
  readonly key: string;
}

const textPlan = planOf("text", types.text, 8);
const bufferPlan = planOf("buffer", types.buffer, 8);
/** Words of the arguments of one call, and of its result and cells, that libsiding takes. */
const WORDS_MAX = 2048;

/* What C promotes an argument in the variable part to. */
const promotions: Readonly<Record<string, number>> = {
  bool: types.i32,
  i8: types.i32,
  u8: types.i32,
  i16: types.i32,
  u16: types.i32,
  f32: types.f64,
};

const scalarKinds: ReadonlySet<Kind> = new Set<Kind>([
  ...["bool", "i8", "u8", "i16", "u16", "i32", "u32", "i53", "u53"] as const,
  ...["i64", "u64", "f32", "f64", "pointer"] as const,
]);

/** Whether a value of the type is one machine word at most, and no bytes. */
export function isScalar(type: TypePlan): boolean {
  return scalarKinds.has(type.kind);
}

const signedKinds: ReadonlySet<Kind> = new Set<Kind>(["i8", "i16", "i32", "i53", "i64"]);

/** The result by which a C function says that it failed; `undefined` where only errno can. */
export function failedResult({ kind }: TypePlan): -1 | null | undefined {
  if (signedKinds.has(kind)) return -1;
  return kind === "pointer" || kind === "text" ? null : undefined;
}

/** Whether generated code stores and reads it field by field: structs of structs and scalars. */
export function isSimple(type: TypePlan): boolean {
  if (isScalar(type)) return true;
  return type.kind === "struct" && type.fields.length > 0 &&
    type.fields.every((field) => isSimple(field.type));
}

type Draft = Omit<ParameterPlan, "word">;

function reference(passing: "text" | "text16" | "buffer", shape: Shape): Draft {
  const type = passing === "buffer" ? bufferPlan : textPlan;
  return { type, role: "value", passing, copyIn: true, copyOut: false, shape };
}

function buffer(copyIn: boolean, copyOut: boolean): Draft {
  const shape: Shape = { kind: "plain", type: bufferPlan };
  return { ...reference("buffer", shape), copyIn, copyOut };
}

function checkSize(type: TypePlan, name: string, where: string): void {
  if (type.descriptor.length > 0) return;
  throw fault(name, where, `has ${type.size} bytes, too many by value: use a pointer`);
}

function value(shape: Shape): Draft {
  const { type } = shape;
  const isPlain = shape.kind === "plain" && isSimple(type);
  const passing = !isPlain ? "image" : isScalar(type) ? "scalar" : "struct";
  return { type, role: "value", passing, copyIn: false, copyOut: false, shape };
}

function cell(role: "in" | "inout" | "out", shape: Shape): Draft {
  const { type } = shape;
  const passing = role === "out"
    ? "none"
    : shape.kind === "plain" && isScalar(type)
    ? "scalar"
    : "image";
  return { type, role, passing, copyIn: false, copyOut: false, shape };
}

function isArray(type: unknown): boolean {
  return isRecord(type) && "array" in type;
}

/* What an argument cannot be, though a result or an `out` cell can. */
function checkArgument(shape: Shape, name: string, where: string): Shape {
  if (shape.kind === "copy") {
    throw fault(name, where, "is { copy } as an argument: use { in: … }");
  }
  const free = freeInside(shape);
  if (free === undefined) return shape;
  throw fault(name, where, `is an argument, which ${describe(free)} must not free: leave it out`);
}

function planParameter(type: unknown, name: string, where: string): Draft {
  if (type === "buffer") return buffer(true, true);
  const [key, inner] = onlyKey(type) ?? [];
  if (key === "in" && inner === "buffer") return buffer(true, false);
  if (key === "out" && inner === "buffer") return buffer(false, true);
  if (key === "out") return cell("out", planShape(inner, name, where));
  if (key === "in" || key === "inout") {
    return cell(key, checkArgument(planShape(inner, name, where), name, where));
  }
  if (isArray(type)) {
    throw fault(name, where, "is an array, which C passes by address: use { in } or { inout }");
  }
  const shape = checkArgument(planShape(type, name, where), name, where);
  if (shape.kind === "text" || shape.kind === "text16") return reference(shape.kind, shape);
  if (shape.kind === "bytes") return reference("buffer", shape);
  checkSize(shape.type, name, where);
  return value(shape);
}

function promoted(draft: Draft): Draft {
  const code = promotions[draft.type.kind];
  if (code === undefined || draft.role !== "value") return draft;
  const kind = draft.type.kind === "f32" ? "f64" : draft.type.kind;
  const type = { ...draft.type, kind, descriptor: [code] };
  return { ...draft, type, shape: { kind: "plain", type } };
}

function wordsOf({ role, type }: Draft): number {
  return (role === "value" ? 0 : 1) + wordsFor(type.size);
}

function planParameters(types_: readonly unknown[], fixed: number, name: string): ParameterPlan[] {
  let word = 0;
  return types_.map((type, index) => {
    const draft = planParameter(type, name, `parameter ${index}`);
    const plan = { ...(index < fixed ? draft : promoted(draft)), word };
    word += wordsOf(plan);
    if (word <= WORDS_MAX) return plan;
    const remedy = "pass a buffer or memory from alloc";
    throw fault(name, `parameter ${index}`, `ends beyond ${WORDS_MAX * 8} bytes: ${remedy}`);
  });
}

/* A length is a number in the record: an argument, or what a cell holds once C has returned. */
function sourceOf({ role, type, passing, word }: ParameterPlan, resultWords: number): Source {
  const first = resultWords + word + (role === "value" ? 0 : 1);
  const isNumber = passing === "scalar" || role === "out";
  return { type: isNumber ? type : bufferPlan, place: { tail: -1, offset: first * 8 } };
}

function checkedError(value: unknown, kind: Plan["errorKind"], name: string): Plan["errno"] {
  if (value === undefined) return "none";
  if (value === true) return "report";
  if (value === "throw") return "throw";
  throw fault(name, kind, `is ${describe(value)}, neither true nor "throw"`);
}

function planErrors(
  definition: Readonly<Record<string, unknown>>,
  name: string,
): Pick<Plan, "errno" | "errorKind"> {
  const errno = checkedError(definition["errno"], "errno", name);
  const lastError = checkedError(definition["lastError"], "lastError", name);
  if (lastError === "none") return { errno, errorKind: "errno" };
  if (errno !== "none") throw fault(name, "lastError", "is asked for beside errno");
  if (runtime.system !== "windows") throw fault(name, "lastError", "is of Windows only");
  return { errno: lastError, errorKind: "lastError" };
}

function checkedFixed(variadic: unknown, count: number, name: string): number | undefined {
  if (variadic === undefined) return undefined;
  if (Number.isInteger(variadic) && Number(variadic) >= 1 && Number(variadic) <= count) {
    return Number(variadic);
  }
  throw fault(name, "variadic", `is ${describe(variadic)}, not the number of fixed parameters`);
}

interface Signature {
  readonly parameters: readonly ParameterPlan[];
  readonly result: TypePlan;
  readonly shape: Shape;
}

/* A text result has its tail without being asked; it is read by a way of its own. */
function planTails(
  { parameters, result, shape }: Signature,
  name: string,
  resolve: Resolve | undefined,
): { planner: TailPlanner; outputs: Output[] } {
  const resultWords = wordsFor(result.size);
  const start = { tail: -1, offset: 0 };
  const planner = new TailPlanner({
    name,
    parameters: parameters.map((parameter) => sourceOf(parameter, resultWords)),
    result: { type: result, place: start },
    resolve,
  }, result === textPlan ? 1 : 0);
  const outputs = [
    result === textPlan
      ? { kind: "plain", type: textPlan } as const
      : planner.add(shape, start, "result"),
  ];
  parameters.forEach((parameter, index) => {
    const where = `parameter ${index}`;
    const { role, shape: inner } = parameter;
    if (role === "out" || role === "inout") {
      outputs.push(planner.add(inner, sourceOf(parameter, resultWords).place, where));
    } else if (inner.kind === "bytes") planner.length(inner, where);
    else if (inner.kind === "struct" || inner.kind === "array") {
      new TailPlanner(planner.scope, 0).add(inner, start, where); // only to look at its lengths
    }
  });
  return { planner, outputs };
}

const cellCodes = { in: types.in, inout: types.inout, out: types.out };

function parameterBytes({ role, type }: ParameterPlan): readonly number[] {
  if (role === "value") return type.descriptor;
  if (isScalar(type)) return [cellCodes[role], ...type.descriptor];
  const size = [0, 8, 16, 24].map((shift) => type.size >>> shift & 255);
  return [cellCodes[role], types.memory, ...size];
}

/** The words a plan is compared by: names of fields matter to JavaScript, not to C. */
function keyOf(parts: unknown): string {
  return JSON.stringify(parts);
}

function planResult(type: unknown, name: string): { result: TypePlan; shape: Shape } {
  if (type === "void") return { result: voidPlan, shape: { kind: "plain", type: voidPlan } };
  if (isArray(type)) throw fault(name, "result", "is an array: C returns a pointer, { copy } it");
  const shape = planShape(type, name, "result");
  checkSize(shape.type, name, "result");
  return { result: type === "cstring" ? textPlan : shape.type, shape };
}

function checkedList(definition: unknown, name: string): readonly unknown[] {
  if (!isRecord(definition) || !Array.isArray(definition["parameters"])) {
    throw fault(name, "definition", "has no list of parameters");
  }
  if (definition["parameters"].length > parametersMax) {
    throw fault(name, "definition", `has more than ${parametersMax} parameters`);
  }
  if (definition["result"] === undefined) throw fault(name, "definition", "has no result");
  return definition["parameters"];
}

/**
 * Plans the function `name`; throws a `TypeError` that names it, the place and the reason.
 * `resolve` finds functions that free; without it there is no library to have them.
 */
export function planFunction(definition: unknown, name: string, resolve?: Resolve): Plan {
  const list = checkedList(definition, name);
  const fields = definition as Readonly<Record<string, unknown>>;
  const { variadic, result: type } = fields;
  const fixed = checkedFixed(variadic, list.length, name);
  const parameters = planParameters(list, fixed ?? list.length, name);
  const { result, shape } = planResult(type, name);
  const errors = planErrors(fields, name);
  const { planner, outputs } = planTails({ parameters, result, shape }, name, resolve);
  const bytes = [fixed ?? notVariadic, ...result.descriptor, ...parameters.flatMap(parameterBytes)];
  if (planner.kinds.length > 0) bytes.push(types.tails, ...planner.descriptor);
  return {
    parameters,
    values: parameters.filter(({ role }) => role !== "out"),
    cells: parameters.filter(({ role }) => role === "out" || role === "inout"),
    result,
    ...errors,
    variadic: fixed !== undefined,
    words: parameters.reduce((words, parameter) => words + wordsOf(parameter), 0),
    tails: planner.kinds,
    outputs,
    descriptor: Uint8Array.from(bytes),
    key: keyOf([parameters, result, errors, fixed, planner.kinds, outputs]),
  };
}
