/**
 * Source text of the pieces of generated functions: how one value is checked, stored and read.
 *
 * Names that the pieces use: `u32 i32 f32 f64 i64 u64 view u8` views of the words, `s` the first
 * word of the record, `p` the same in 32-bit units, `c` the module of checks, `name` the function.
 *
 * @module
 */
import { readField, storeField } from "./field.ts";
import { callWords } from "./generated/siding.ts";
import { isAggregate, type Kind, type TypePlan, wordsFor } from "./layout.ts";
import { isSimple, type ParameterPlan } from "./plan.ts";
import type { Output } from "./tails.ts";

export { checkedSource, checkSource, readField, storeField } from "./field.ts";

/** Index of the high half of a pair of 32-bit words. */
const TWO_32 = "4294967296";

/** A statement that stores `v` as the argument of a scalar parameter. */
function storeScalar(kind: Kind, word: number, v: string): string {
  const half = `p + ${(callWords + word) * 2}`;
  const whole = `s + ${callWords + word}`;
  const pair = `u32[${half}] = ${v}; i32[${half} + 1] = Math.floor(${v} / ${TWO_32});`;
  switch (kind) {
    case "bool":
      return `u32[${half}] = ${v} ? 1 : 0;`;
    case "f32":
      return `f32[${half}] = ${v};`;
    case "f64":
      return `f64[${whole}] = ${v};`;
    case "i64":
    case "u64":
      return `if (typeof ${v} === "bigint") ${kind}[${whole}] = ${v}; else { ${pair} }`;
    case "i53":
    case "u53":
      return pair;
    case "pointer":
      return `if (${v} === null) u32[${half}] = u32[${half} + 1] = 0; else { ${pair} }`;
    default:
      return `i32[${half}] = ${v};`;
  }
}

/* Views of whole numbers and typed arrays are faster than a DataView. */
const inWords: ReadonlySet<Kind> = new Set<Kind>(["f32", "i32", "u32"]);

/* Statements for the scalars of a struct whose first byte is `offset` bytes behind word `word`. */
function storeLeaves(type: TypePlan, v: string, word: number, offset: number): string[] {
  if (type.kind === "struct") {
    return type.fields.flatMap((field, index) =>
      storeLeaves(field.type, `${v}_${index}`, word, offset + field.offset)
    );
  }
  const first = callWords + word;
  if (type.size === 8) return [storeScalar(type.kind, word + offset / 8, v)];
  if (inWords.has(type.kind)) return [`${type.kind}[p + ${first * 2 + offset / 4}] = ${v};`];
  return [storeField(type, `(s + ${first}) * 8 + ${offset}`, v)];
}

function sizeOfLeaves(type: TypePlan): number {
  if (type.kind !== "struct") return type.size;
  return type.fields.reduce((size, field) => size + sizeOfLeaves(field.type), 0);
}

/* Padding is cleared: nothing of an earlier call goes to C. */
function storeStruct(type: TypePlan, word: number, v: string): string {
  const words = wordsFor(type.size);
  const isFull = sizeOfLeaves(type) === words * 8;
  const clear = Array.from(
    { length: isFull ? 0 : words },
    (_, index) => `f64[s + ${callWords + word + index}] = 0;`,
  );
  return [...clear, ...storeLeaves(type, v, word, 0)].join("\n");
}

/* The word of a cell is 0, or 1 for a null pointer in its place. */
function storeCell({ type, word, role, passing }: ParameterPlan, v: string): string {
  const half = `p + ${(callWords + word) * 2}`;
  const pointer = `u32[${half}] = 0; u32[${half} + 1] = 0;`;
  const cell = passing === "image"
    ? `u8.set(${v}.u8, (s + ${callWords + word + 1}) * 8);`
    : storeScalar(type.kind, word + 1, v);
  if (role !== "in") return `${pointer} ${cell}`;
  return `${pointer} if (${v} === null) u32[${half}] = 1; else { ${cell} }`;
}

/** Statements that store the argument `v` of `parameter`. References are stored elsewhere. */
export function storeSource(parameter: ParameterPlan, v: string): string {
  const { type, word, role, passing } = parameter;
  if (role !== "value") return storeCell(parameter, v);
  if (passing === "image") return `u8.set(${v}.u8, (s + ${callWords + word}) * 8);`;
  if (passing === "struct") return storeStruct(type, word, v);
  return storeScalar(type.kind, word, v);
}

/** An expression for the scalar whose words begin at 32-bit index `at`. */
function readScalar(kind: Kind, at: string): string {
  switch (kind) {
    case "void":
      return "undefined";
    case "bool":
      return `(u32[${at}] & 255) !== 0`;
    case "i8":
      return `u32[${at}] << 24 >> 24`;
    case "u8":
      return `u32[${at}] & 255`;
    case "i16":
      return `u32[${at}] << 16 >> 16`;
    case "u16":
      return `u32[${at}] & 65535`;
    case "i32":
    case "u32":
    case "f32":
      return `${kind}[${at}]`;
    case "f64":
    case "i64":
    case "u64":
      return `${kind}[(${at}) >> 1]`;
    case "i53":
      return `c.safe(u32[${at}], i32[${at} + 1], name)`;
    case "u53":
      return `c.safe(u32[${at}], u32[${at} + 1], name)`;
    default:
      return `c.address(u32[${at}], i32[${at} + 1], name)`;
  }
}

/* A struct of scalars and structs whose first byte lies `offset` bytes behind index `at`. */
function readLeaves(type: TypePlan, at: string, offset: number): string {
  if (type.kind === "struct") {
    const fields = type.fields.map(({ name, type: inner, offset: behind }) =>
      `[${JSON.stringify(name)}]: ${readLeaves(inner, at, offset + behind)}`
    );
    return `{ ${fields.join(", ")} }`;
  }
  const inPlace = type.size === 8 || inWords.has(type.kind);
  return inPlace
    ? readScalar(type.kind, `${at} + ${offset / 4}`)
    : readField(type, `(${at}) * 4 + ${offset}`);
}

/** An expression for a value whose words begin at 32-bit index `at`. */
export function readSource(type: TypePlan, at: string): string {
  if (!isAggregate(type)) return readScalar(type.kind, at);
  return isSimple(type) ? readLeaves(type, at, 0) : readField(type, `(${at}) * 4`);
}

/** An expression for what is at byte `at` of the view and, where it points, in the tails. */
export function outputSource(output: Output, at: string): string {
  switch (output.kind) {
    case "plain":
      return readField(output.type, at);
    case "tail":
      return `t${output.tail}`;
    case "copy": {
      const to = outputSource(output.to, `t${output.tail}`);
      const read = `((view, u8) => (${to}))(tails.view, tails.u8)`;
      return `(t${output.tail} < 0 ? null : ${read})`;
    }
    case "struct": {
      const fields = output.fields.map(({ name, offset, value }) =>
        `[${JSON.stringify(name)}]: ${outputSource(value, `${at} + ${offset}`)}`
      );
      return `{ ${fields.join(", ")} }`;
    }
    case "array": {
      const elements = output.elements.map((element, index) =>
        outputSource(element, `${at} + ${index * output.stride}`)
      );
      return `[${elements.join(", ")}]`;
    }
  }
}
