/**
 * Layouts: the types that can stand in memory, with size, alignment and offsets as C gives them.
 *
 * @module
 */
import { describe, fault, isRecord } from "./definition.ts";
import { descriptorOf } from "./descriptor.ts";
import { structDepthMax, types } from "./generated/siding.ts";
import { runtime } from "./runtime/current.ts";

export { describe, fault, isRecord, onlyKey } from "./definition.ts";

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
  | "text16"
  | "bytes"
  | "struct"
  | "tuple"
  | "union"
  | "array";

/** A type with its layout. */
export interface TypePlan {
  readonly kind: Kind;
  /** Size in bytes. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  /** Fields of a struct or a tuple, which is a struct without names; alternatives of a union. */
  readonly fields: readonly FieldPlan[];
  /** Elements of an array. */
  readonly element?: TypePlan;
  /** Number of elements of an array. */
  readonly length?: number;
  /** Factors of the length of bytes. */
  readonly lengths?: readonly LengthPlan[];
  /** Name of the function that frees bytes. */
  readonly free?: string;
  /** Descriptor bytes of the type by value; none for one too large to be passed so. */
  readonly descriptor: readonly number[];
}

/** A field of a struct. */
export interface FieldPlan {
  readonly name: string;
  readonly type: TypePlan;
  /** Offset in bytes. */
  readonly offset: number;
}

/** A factor of a length in bytes. */
export type LengthPlan =
  | { readonly from: "constant"; readonly value: number }
  /** An integer `delta` bytes behind the pointer to the bytes. */
  | { readonly from: "field"; readonly type: TypePlan; readonly delta: number }
  /** What only a call knows. */
  | { readonly from: "parameter"; readonly index: number }
  | { readonly from: "result" };

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

/* Pointers whose targets are copied; in memory and by value they are plain pointers. */
const texts: Readonly<Record<string, TypePlan>> = {
  cstring: planOf("text", types.pointer, 8),
  cstring16: planOf("text16", types.pointer, 8),
};
/** Kinds with parts inside them. */
const aggregates: ReadonlySet<Kind> = new Set<Kind>(["struct", "tuple", "union", "array"]);

/** Whether a value of the type lies in its words as it lies in memory. */
export function isAggregate(type: TypePlan): boolean {
  return aggregates.has(type.kind);
}

/** Whether a type is a pointer whose target is copied. */
export function isPointee({ kind }: TypePlan): boolean {
  return kind === "text" || kind === "text16" || kind === "bytes";
}

const FIELDS_MAX = 255;
const LENGTH_MAX = 2 ** 24;
const SIZE_MAX = 2 ** 30;
const FACTORS_MAX = 4;
const UINT32_MAX = 2 ** 32 - 1;

/** Where a type stands while its definition is planned. */
class Place {
  readonly #name: string;
  readonly #where: string;
  /* The definitions around it: a struct that contains itself is found here. */
  readonly #around: readonly unknown[];

  constructor(name: string, where: string, around: readonly unknown[] = []) {
    this.#name = name;
    this.#where = where;
    this.#around = around;
  }

  /** The place of a part of `whole`, which stands here. */
  inner(suffix: string, whole: unknown): Place {
    return new Place(this.#name, `${this.#where}${suffix}`, [...this.#around, whole]);
  }

  /** The error of what stands here. */
  fault(reason: string): TypeError {
    return fault(this.#name, this.#where, reason);
  }

  /** Throws where `type` stands inside itself or too deep. */
  demandEnd(type: unknown): void {
    if (this.#around.includes(type)) throw this.fault("contains itself: use a pointer instead");
    if (this.#around.length >= structDepthMax) {
      throw this.fault(`nests deeper than ${structDepthMax}`);
    }
  }
}

/* What planning needs of each form of aggregate. */
type Draft = Omit<TypePlan, "descriptor">;

function finish(draft: Draft, place: Place): TypePlan {
  if (draft.size > SIZE_MAX) throw place.fault(`is larger than 1 GiB: use a pointer instead`);
  return { ...draft, descriptor: descriptorOf(draft) };
}

const roundUp = (value: number, align: number): number => Math.ceil(value / align) * align;

/* Lengths of bytes may stand behind them, so bytes are planned when all offsets are known. */
function withLengths(fields: readonly FieldPlan[], types_: unknown, place: Place): FieldPlan[] {
  const list = Object.values(types_ as object) as unknown[];
  return fields.map((field, index) => {
    if (field.type.kind !== "bytes") return field;
    const inner = place.inner(`.${field.name}`, types_);
    return { ...field, type: planBytes(list[index], inner, fields, field.offset) };
  });
}

function planFields(types_: unknown, whole: unknown, place: Place): FieldPlan[] {
  let end = 0;
  const fields = Object.entries(types_ as object).map(([name, type]) => {
    const inner = place.inner(`.${name}`, whole);
    const plan = isBytes(type) ? barePointer : planType(type, inner);
    const offset = roundUp(end, plan.align);
    end = offset + plan.size;
    return { name, type: plan, offset };
  });
  return withLengths(fields, types_, place);
}

function planStruct(type: Readonly<Record<string, unknown>>, place: Place): TypePlan {
  const given = type["struct"];
  const isList = Array.isArray(given);
  const count = isList || isRecord(given) ? Object.keys(given).length : 0;
  if (count === 0 || count > FIELDS_MAX) {
    throw place.fault(`is a struct without one to ${FIELDS_MAX} fields`);
  }
  const fields = planFields(given, type, place);
  const last = fields.at(-1)!;
  const align = Math.max(...fields.map((field) => field.type.align));
  const size = roundUp(last.offset + last.type.size, align);
  return finish({ kind: isList ? "tuple" : "struct", size, align, fields }, place);
}

function planUnion(type: Readonly<Record<string, unknown>>, place: Place): TypePlan {
  const given = type["union"];
  const count = isRecord(given) ? Object.keys(given).length : 0;
  if (count === 0 || count > FIELDS_MAX) {
    throw place.fault(`is a union without one to ${FIELDS_MAX} named fields`);
  }
  const fields = Object.entries(given as object).map(([name, inner]) => ({
    name,
    type: planType(inner, place.inner(`.${name}`, type)),
    offset: 0,
  }));
  const align = Math.max(...fields.map((field) => field.type.align));
  const size = roundUp(Math.max(...fields.map((field) => field.type.size)), align);
  return finish({ kind: "union", size, align, fields }, place);
}

function planArray(type: Readonly<Record<string, unknown>>, place: Place): TypePlan {
  const { length } = type;
  if (typeof length !== "number" || !Number.isInteger(length) || length < 1) {
    throw place.fault(`is an array of the length ${describe(length)}, not an integer from 1 up`);
  }
  if (length > LENGTH_MAX) {
    throw place.fault(`is an array of ${length} elements, more than ${LENGTH_MAX}`);
  }
  const element = planType(type["array"], place.inner("[]", type));
  const { size, align } = element;
  return finish({ kind: "array", size: size * length, align, fields: [], element, length }, place);
}

const isBytes = (type: unknown): boolean => isRecord(type) && Object.hasOwn(type, "bytes");
const barePointer = planOf("bytes", types.pointer, 8);
const integers: ReadonlySet<Kind> = new Set<Kind>(
  ["i8", "u8", "i16", "u16", "i32", "u32", "i53", "u53", "i64", "u64"],
);

function planBytes(
  type: unknown,
  place: Place,
  beside: readonly FieldPlan[] = [],
  offset = 0,
): TypePlan {
  const { bytes, free } = type as { readonly bytes: unknown; readonly free?: unknown };
  if (free !== undefined && typeof free !== "string") {
    throw place.fault(`is freed by ${describe(free)}, which is no name of a function`);
  }
  const parts: readonly unknown[] = Array.isArray(bytes) ? bytes : [bytes];
  if (parts.length < 1 || parts.length > FACTORS_MAX) {
    throw place.fault(`has a length of ${parts.length} factors, not one to ${FACTORS_MAX}`);
  }
  const lengths = parts.map((part) => planLength(part, place, beside, offset));
  return { ...barePointer, lengths, ...(free === undefined ? {} : { free }) };
}

function planLength(
  part: unknown,
  place: Place,
  beside: readonly FieldPlan[],
  offset: number,
): LengthPlan {
  const natural = (value: unknown): value is number =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= UINT32_MAX;
  if (natural(part)) return { from: "parameter", index: part };
  if (isRecord(part) && natural(part["constant"])) {
    return { from: "constant", value: part["constant"] };
  }
  const field = beside.find(({ name }) => name === part);
  if (field !== undefined) {
    if (integers.has(field.type.kind)) {
      return { from: "field", type: field.type, delta: field.offset - offset };
    }
    throw place.fault(`has its length in the field ${describe(part)}, which is no integer`);
  }
  if (part === "result") return { from: "result" };
  const names = beside.map(({ name }) => name).join(", ");
  throw place.fault(
    `has the length ${describe(part)}: give a parameter's index, a field beside it` +
      `${names === "" ? "" : ` (${names})`}, "result" or { constant }`,
  );
}

function planType(type: unknown, place: Place): TypePlan {
  if (typeof type === "string") {
    if (Object.hasOwn(scalars, type)) return scalars[type]!;
    if (Object.hasOwn(texts, type)) return texts[type]!;
  }
  if (isRecord(type)) {
    const keys = Object.keys(type).sort().join();
    if (keys === "pointer" && typeof type["pointer"] === "string") return scalars["pointer"]!;
    if (keys === "function" && isRecord(type["function"])) return scalars["function"]!;
    if (keys === "bytes" || keys === "bytes,free") return planBytes(type, place);
    place.demandEnd(type);
    if (keys === "struct") return planStruct(type, place);
    if (keys === "union") return planUnion(type, place);
    if (keys === "array,length" || keys === "array") return planArray(type, place);
  }
  throw place.fault(`has the unknown type ${describe(type)}`);
}

/** A type that can stand in memory: of a field, a cell or a variable. */
export function planField(type: unknown, name: string, where: string): TypePlan {
  return planType(type, new Place(name, where));
}

/** Words that a value of `size` bytes takes. */
export function wordsFor(size: number): number {
  return Math.max(1, Math.ceil(size / 8));
}
