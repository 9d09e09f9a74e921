/**
 * From a definition to a plan: what each parameter is, where it lies in a record, and the signature
 * descriptor that libsiding prepares.
 *
 * @module
 */
import { notVariadic, parametersMax, structDepthMax, types } from "./generated/siding.ts";
import { runtime } from "./runtime/current.ts";

/** How a value is represented in JavaScript and in memory. */
export type Kind =
  | "void"
  | "bool"
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "i53"
  | "u53"
  | "i64"
  | "u64"
  | "f32"
  | "f64"
  | "pointer"
  | "buffer"
  | "text"
  | "struct";

/** A type with its layout. */
export interface TypePlan {
  readonly kind: Kind;
  /** Size in bytes. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  /** Fields of a struct. */
  readonly fields: readonly FieldPlan[];
  /** Descriptor bytes. */
  readonly descriptor: readonly number[];
}

/** A field of a struct. */
export interface FieldPlan {
  readonly name: string;
  readonly type: TypePlan;
  /** Offset in bytes. */
  readonly offset: number;
}

/** A parameter. */
export interface ParameterPlan {
  readonly type: TypePlan;
  /** `value`: an argument; `cell`: filled by C, no argument. */
  readonly role: "value" | "cell";
  /** Whether a buffer is copied in before the call, and out after it. */
  readonly copyIn: boolean;
  readonly copyOut: boolean;
  /** First word, counted from the first argument word. */
  readonly word: number;
}

/** A function's plan. */
export interface Plan {
  readonly parameters: readonly ParameterPlan[];
  /** The parameters that are arguments. */
  readonly values: readonly ParameterPlan[];
  /** The parameters that are cells. */
  readonly cells: readonly ParameterPlan[];
  readonly result: TypePlan;
  readonly errno: "none" | "report" | "throw";
  readonly variadic: boolean;
  /** Argument words. */
  readonly words: number;
  readonly descriptor: Uint8Array;
  /** Equal for plans whose calls look alike in JavaScript and in memory. */
  readonly key: string;
}

const scalarKinds: Readonly<Record<string, readonly [Kind, code: number, size: number]>> = {
  bool: ["bool", types.bool, 1],
  i8: ["i8", types.i8, 1],
  u8: ["u8", types.u8, 1],
  i16: ["i16", types.i16, 2],
  u16: ["u16", types.u16, 2],
  i32: ["i32", types.i32, 4],
  u32: ["u32", types.u32, 4],
  i53: ["i53", types.i64, 8],
  u53: ["u53", types.u64, 8],
  i64: ["i64", types.i64, 8],
  u64: ["u64", types.u64, 8],
  isize: ["i64", types.i64, 8],
  usize: ["u64", types.u64, 8],
  /* C's long has 32 bits on Windows */
  long: runtime.system === "windows" ? ["i32", types.i32, 4] : ["i53", types.i64, 8],
  ulong: runtime.system === "windows" ? ["u32", types.u32, 4] : ["u53", types.u64, 8],
  f32: ["f32", types.f32, 4],
  f64: ["f64", types.f64, 8],
  pointer: ["pointer", types.pointer, 8],
  function: ["pointer", types.pointer, 8],
};

const planOf = (kind: Kind, code: number, size: number): TypePlan => ({
  kind,
  size,
  align: size,
  fields: [],
  descriptor: [code],
});

const scalars: Readonly<Record<string, TypePlan>> = Object.fromEntries(
  Object.entries(scalarKinds).map(([name, [kind, code, size]]) => [name, planOf(kind, code, size)]),
);
const voidPlan = planOf("void", types.void, 0);
const textPlan = planOf("text", types.text, 8);
const bufferPlan = planOf("buffer", types.buffer, 8);

/* What C promotes an argument in the variable part to. */
const promotions: Readonly<Record<string, number>> = {
  bool: types.i32,
  i8: types.i32,
  u8: types.i32,
  i16: types.i32,
  u16: types.i32,
  f32: types.f64,
};

/** Where a definition goes wrong, for its error. */
function fault(name: string, where: string, reason: string): TypeError {
  return new TypeError(`Cannot define "${name}": ${where} ${reason}`);
}

function describe(type: unknown): string {
  return typeof type === "string" ? `"${type}"` : JSON.stringify(type) ?? String(type);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The only property of a type object, or nothing. */
function onlyKey(type: unknown): [key: string, value: unknown] | undefined {
  const entries = isRecord(type) ? Object.entries(type) : [];
  return entries.length === 1 ? entries[0] : undefined;
}

function planStruct(fields: unknown, name: string, where: string, depth: number): TypePlan {
  if (!isRecord(fields) || Object.keys(fields).length === 0 || Object.keys(fields).length > 255) {
    throw fault(name, where, "is a struct without one to 255 named fields");
  }
  if (depth > structDepthMax) throw fault(name, where, `nests deeper than ${structDepthMax}`);
  const plans: FieldPlan[] = [];
  let end = 0;
  let align = 1;
  for (const [field, type] of Object.entries(fields)) {
    const plan = planField(type, name, `${where}.${field}`, depth + 1);
    const offset = Math.ceil(end / plan.align) * plan.align;
    plans.push({ name: field, type: plan, offset });
    end = offset + plan.size;
    align = Math.max(align, plan.align);
  }
  const inner = plans.flatMap(({ type }) => type.descriptor);
  const descriptor = [types.struct, plans.length, ...inner];
  return { kind: "struct", size: Math.ceil(end / align) * align, align, fields: plans, descriptor };
}

/** A type that can stand in memory: of a field, a cell or a variable. */
export function planField(type: unknown, name: string, where: string, depth = 1): TypePlan {
  if (typeof type === "string" && Object.hasOwn(scalars, type)) return scalars[type]!;
  const [key, value] = onlyKey(type) ?? [];
  if (key === "pointer" && typeof value === "string") return scalars["pointer"]!;
  if (key === "struct") return planStruct(value, name, where, depth);
  throw fault(name, where, `has the unknown type ${describe(type)}`);
}

function planResult(type: unknown, name: string): TypePlan {
  if (type === "void") return voidPlan;
  if (type === "cstring") return textPlan;
  return planField(type, name, "result");
}

type Draft = Omit<ParameterPlan, "word">;

const value = (type: TypePlan, copyIn = false, copyOut = false): Draft => ({
  type,
  role: "value",
  copyIn,
  copyOut,
});

function planParameter(type: unknown, name: string, where: string): Draft {
  if (type === "cstring") return value(textPlan);
  if (type === "buffer") return value(bufferPlan, true, true);
  const [key, inner] = onlyKey(type) ?? [];
  if (key === "in" && inner === "buffer") return value(bufferPlan, true, false);
  if (key === "out" && inner === "buffer") return value(bufferPlan, false, true);
  if (key === "out") {
    return { type: planField(inner, name, where), role: "cell", copyIn: false, copyOut: false };
  }
  return value(planField(type, name, where));
}

/** Words that a value of `size` bytes takes. */
export function wordsFor(size: number): number {
  return Math.max(1, Math.ceil(size / 8));
}

function promoted(draft: Draft): Draft {
  const code = promotions[draft.type.kind];
  if (code === undefined || draft.role === "cell") return draft;
  const kind = draft.type.kind === "f32" ? "f64" : draft.type.kind;
  return { ...draft, type: { ...draft.type, kind, descriptor: [code] } };
}

function planParameters(types_: readonly unknown[], fixed: number, name: string): ParameterPlan[] {
  let word = 0;
  return types_.map((type, index) => {
    const draft = planParameter(type, name, `parameter ${index}`);
    const plan = { ...(index < fixed ? draft : promoted(draft)), word };
    const inPlace = plan.type.kind === "struct" && plan.role === "value";
    word += inPlace ? wordsFor(plan.type.size) : 1;
    if (plan.role === "cell") word += wordsFor(plan.type.size);
    return plan;
  });
}

function checkedErrno(errno: unknown, name: string): Plan["errno"] {
  if (errno === undefined) return "none";
  if (errno === true) return "report";
  if (errno === "throw") return "throw";
  throw fault(name, "errno", `is ${describe(errno)}, neither true nor "throw"`);
}

function checkedFixed(variadic: unknown, count: number, name: string): number | undefined {
  if (variadic === undefined) return undefined;
  if (Number.isInteger(variadic) && Number(variadic) >= 1 && Number(variadic) <= count) {
    return Number(variadic);
  }
  throw fault(name, "variadic", `is ${describe(variadic)}, not the number of fixed parameters`);
}

function argumentWords(parameters: readonly ParameterPlan[]): number {
  const last = parameters.at(-1);
  if (last === undefined) return 0;
  const { word, role, type } = last;
  if (role === "cell") return word + 1 + wordsFor(type.size);
  return word + (type.kind === "struct" ? wordsFor(type.size) : 1);
}

/** The words a plan is compared by: names of fields matter to JavaScript, not to C. */
function keyOf(parts: unknown): string {
  return JSON.stringify(parts);
}

/** Plans the function `name`; throws a `TypeError` that names it, the place and the reason. */
export function planFunction(definition: unknown, name: string): Plan {
  if (!isRecord(definition) || !Array.isArray(definition["parameters"])) {
    throw fault(name, "definition", "has no list of parameters");
  }
  const list: readonly unknown[] = definition["parameters"];
  if (list.length > parametersMax) {
    throw fault(name, "definition", `has more than ${parametersMax} parameters`);
  }
  if (definition["result"] === undefined) throw fault(name, "definition", "has no result");
  const fixed = checkedFixed(definition["variadic"], list.length, name);
  const parameters = planParameters(list, fixed ?? list.length, name);
  const result = planResult(definition["result"], name);
  const errno = checkedErrno(definition["errno"], name);
  const bytes = parameters.flatMap(({ role, type }) =>
    role === "cell" ? [types.out, ...type.descriptor] : type.descriptor
  );
  return {
    parameters,
    values: parameters.filter(({ role }) => role === "value"),
    cells: parameters.filter(({ role }) => role === "cell"),
    result,
    errno,
    variadic: fixed !== undefined,
    words: argumentWords(parameters),
    descriptor: Uint8Array.from([fixed ?? notVariadic, ...result.descriptor, ...bytes]),
    key: keyOf([parameters, result, errno, fixed]),
  };
}
