/**
 * Source text of the pieces of generated functions: how one value is checked, stored and read.
 *
 * Names that the pieces use: `u32 i32 f32 f64 i64 u64 view u8` views of the words, `s` the first
 * word of the record, `p` the same in 32-bit units, `c` the module of checks, `name` the function.
 *
 * @module
 */
import { callWords } from "./generated/siding.ts";
import { type Kind, type TypePlan, wordsFor } from "./layout.ts";
import type { ParameterPlan } from "./plan.ts";
import type { Output } from "./tails.ts";

/** Index of the high half of a pair of 32-bit words. */
const TWO_32 = "4294967296";

const quickLooks: Readonly<Partial<Record<Kind, (v: string) => string>>> = {
  i8: (v) => `typeof ${v} !== "number" || ${v} !== ${v} << 24 >> 24`,
  u8: (v) => `typeof ${v} !== "number" || ${v} !== (${v} & 255)`,
  i16: (v) => `typeof ${v} !== "number" || ${v} !== ${v} << 16 >> 16`,
  u16: (v) => `typeof ${v} !== "number" || ${v} !== (${v} & 65535)`,
  i32: (v) => `typeof ${v} !== "number" || ${v} !== (${v} | 0)`,
  u32: (v) => `typeof ${v} !== "number" || ${v} !== ${v} >>> 0`,
  i53: (v) => `!Number.isSafeInteger(${v})`,
  u53: (v) => `!Number.isSafeInteger(${v}) || ${v} < 0`,
};

/** The variable that holds field `index` of the struct in variable `v`. */
function fieldVariable(v: string, index: number): string {
  return `${v}_${index}`;
}

/**
 * Statements that throw unless the variable `v` fits `type`; `where` names it in the error.
 * Fields of a struct are read here, once, into variables: their getters may run any code, so they
 * must not run while a record is being written.
 */
export function checkSource(type: TypePlan, v: string, where: string): string {
  const place = `name, ${JSON.stringify(where)}`;
  const look = quickLooks[type.kind];
  if (look !== undefined) return `if (${look(v)}) c.integer(${v}, "${type.kind}", ${place});`;
  switch (type.kind) {
    case "bool":
      return `if (typeof ${v} !== "boolean") c.type(${v}, "a boolean", ${place});`;
    case "f32":
    case "f64":
      return `if (typeof ${v} !== "number") c.type(${v}, "a number", ${place});`;
    case "i64":
    case "u64":
      return `c.wide(${v}, "${type.kind}", ${place});`;
    case "pointer":
      return `if (${v} !== null && !Number.isSafeInteger(${v})) c.pointer(${v}, ${place});`;
    case "text":
      return `if (${v} !== null) c.text(${v}, ${place});`;
    case "buffer":
      return `if (${v} !== null) ${v} = c.bytes(${v}, ${place});`;
    default:
      return checkStruct(type, v, where);
  }
}

function checkStruct(type: TypePlan, v: string, where: string): string {
  const fields = type.fields.map(({ name, type: inner }, index) => {
    const field = fieldVariable(v, index);
    const read = `let ${field} = ${v}[${JSON.stringify(name)}];`;
    return `${read} ${checkSource(inner, field, `${where}.${name}`)}`;
  });
  return [`c.struct(${v}, name, ${JSON.stringify(where)});`, ...fields].join("\n");
}

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

const setters: Readonly<Partial<Record<Kind, string>>> = {
  i8: "setInt8",
  u8: "setUint8",
  i16: "setInt16",
  u16: "setUint16",
  i32: "setInt32",
  u32: "setUint32",
  f32: "setFloat32",
  f64: "setFloat64",
};

/** An expression for the value of the checked variable `v`, made of what was read of it. */
export function checkedSource(type: TypePlan, v: string): string {
  if (type.kind !== "struct") return v;
  const fields = type.fields.map(({ name, type: inner }, index) =>
    `[${JSON.stringify(name)}]: ${checkedSource(inner, fieldVariable(v, index))}`
  );
  return `{ ${fields.join(", ")} }`;
}

/** A statement that stores the checked variable `v` at byte `at` of the view. */
export function storeField(type: TypePlan, at: string, v: string): string {
  const setter = setters[type.kind];
  if (setter !== undefined) return `view.${setter}(${at}, ${v}, true);`;
  switch (type.kind) {
    case "bool":
      return `view.setUint8(${at}, ${v} ? 1 : 0);`;
    case "i64":
      return `view.setBigInt64(${at}, BigInt(${v}), true);`;
    case "u64":
      return `view.setBigUint64(${at}, BigInt(${v}), true);`;
    case "struct":
      return type.fields.map(({ type: inner, offset }, index) =>
        storeField(inner, `${at} + ${offset}`, fieldVariable(v, index))
      ).join("\n");
    default:
      return `view.setBigInt64(${at}, BigInt(${v} ?? 0), true);`;
  }
}

function storeStruct(type: TypePlan, word: number, v: string): string {
  const first = callWords + word;
  const clear = Array.from(
    { length: wordsFor(type.size) * 2 },
    (_, half) => `u32[p + ${first * 2 + half}] = 0;`,
  );
  return [...clear, storeField(type, `(s + ${first}) * 8`, v)].join("\n");
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

const getters: Readonly<Partial<Record<Kind, string>>> = {
  i8: "getInt8",
  u8: "getUint8",
  i16: "getInt16",
  u16: "getUint16",
  i32: "getInt32",
  u32: "getUint32",
  f32: "getFloat32",
  f64: "getFloat64",
  i64: "getBigInt64",
  u64: "getBigUint64",
};

/** An expression for the value at byte `at` of the view. */
export function readField(type: TypePlan, at: string): string {
  const getter = getters[type.kind];
  if (getter !== undefined) return `view.${getter}(${at}, true)`;
  const low = `view.getUint32(${at}, true)`;
  const high = `view.getInt32(${at} + 4, true)`;
  switch (type.kind) {
    case "bool":
      return `view.getUint8(${at}) !== 0`;
    case "i53":
      return `c.safe(${low}, ${high}, name)`;
    case "u53":
      return `c.safe(${low}, view.getUint32(${at} + 4, true), name)`;
    case "struct":
      return `{ ${
        type.fields.map(({ name, type: inner, offset }) =>
          `[${JSON.stringify(name)}]: ${readField(inner, `${at} + ${offset}`)}`
        ).join(", ")
      } }`;
    default:
      return `c.address(${low}, ${high}, name)`;
  }
}

/** An expression for a value whose words begin at 32-bit index `at`. */
export function readSource(type: TypePlan, at: string): string {
  return type.kind === "struct" ? readField(type, `(${at}) * 4`) : readScalar(type.kind, at);
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
