/**
 * Layouts: the types that can stand in memory, with size, alignment and offsets as C gives them.
 *
 * @module
 */
import { structDepthMax, types } from "./generated/siding.ts";
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

/** Plans a type without parts. */
export const planOf = (kind: Kind, code: number, size: number): TypePlan => ({
  kind,
  size,
  align: size,
  fields: [],
  descriptor: [code],
});

/** The types with a name. */
export const scalars: Readonly<Record<string, TypePlan>> = Object.fromEntries(
  Object.entries(scalarKinds).map(([name, [kind, code, size]]) => [name, planOf(kind, code, size)]),
);
/** No value. */
export const voidPlan: TypePlan = planOf("void", types.void, 0);
/** Where a definition goes wrong, for its error. */
export function fault(name: string, where: string, reason: string): TypeError {
  return new TypeError(`Cannot define "${name}": ${where} ${reason}`);
}

/** A type as an error shows it. */
export function describe(type: unknown): string {
  return typeof type === "string" ? `"${type}"` : JSON.stringify(type) ?? String(type);
}

/** Whether a value is an object with named properties. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The only property of a type object, or nothing. */
export function onlyKey(type: unknown): [key: string, value: unknown] | undefined {
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

/** Words that a value of `size` bytes takes. */
export function wordsFor(size: number): number {
  return Math.max(1, Math.ceil(size / 8));
}
