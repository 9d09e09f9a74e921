/**
 * Source text of the pieces of generated functions that check, store and read a value in memory.
 *
 * Names that the pieces use: `u8 view` views of the memory, `c` the module of checks, `name` the
 * function; those of {@linkcode pointedHere} also `own`, which holds what is pointed to.
 *
 * @module
 */
import type { Kind, LengthPlan, TypePlan } from "./layout.ts";

/** What a type's pointers to texts and bytes become: where their targets are differs by use. */
export interface Pointees {
  /** An expression for the target of the pointer at byte `at` of the view. */
  read(type: TypePlan, at: string): string;
  /** A statement that stores a pointer to the checked variable `v` at byte `at` of the view. */
  store(type: TypePlan, at: string, v: string): string;
}

/** Longer arrays are loops. */
const UNROLLED_MAX = 8;

const quoted = (text: string): string => JSON.stringify(text);
const namesOf = ({ fields }: TypePlan): string => JSON.stringify(fields.map(({ name }) => name));

/** A key of an object literal; `__proto__` would set the prototype. */
function literalKey(name: string): string {
  return name === "__proto__" ? `["__proto__"]` : quoted(name);
}

const quickLooks: Readonly<Partial<Record<Kind, (v: string) => string>>> = {
  bool: (v) => `typeof ${v} !== "boolean"`,
  i8: (v) => `typeof ${v} !== "number" || ${v} !== ${v} << 24 >> 24`,
  u8: (v) => `typeof ${v} !== "number" || ${v} !== (${v} & 255)`,
  i16: (v) => `typeof ${v} !== "number" || ${v} !== ${v} << 16 >> 16`,
  u16: (v) => `typeof ${v} !== "number" || ${v} !== (${v} & 65535)`,
  i32: (v) => `typeof ${v} !== "number" || ${v} !== (${v} | 0)`,
  u32: (v) => `typeof ${v} !== "number" || ${v} !== ${v} >>> 0`,
  i64: (v) =>
    `typeof ${v} === "bigint" ? BigInt.asIntN(64, ${v}) !== ${v} : !Number.isSafeInteger(${v})`,
  u64: (v) =>
    `typeof ${v} === "bigint" ? BigInt.asUintN(64, ${v}) !== ${v}` +
    ` : !(Number.isSafeInteger(${v}) && ${v} >= 0)`,
  i53: (v) => `!Number.isSafeInteger(${v})`,
  u53: (v) => `!Number.isSafeInteger(${v}) || ${v} < 0`,
  f32: (v) => `typeof ${v} !== "number"`,
  f64: (v) => `typeof ${v} !== "number"`,
  pointer: (v) => `${v} !== null && !Number.isSafeInteger(${v})`,
  struct: (v) => `typeof ${v} !== "object" || ${v} === null`,
  text: (v) => `${v} !== null`,
  text16: (v) => `${v} !== null`,
};

/** The variable that holds part `index` of the value in variable `v`. */
function partVariable(v: string, index: number): string {
  return `${v}_${index}`;
}

/**
 * Statements that throw unless the variable `v` fits `type`; `where` names it in the error.
 * Parts of a value are read here, once, into variables: their getters may run any code, so they
 * must not run while a record is being written.
 */
export function checkSource(type: TypePlan, v: string, where: string): string {
  return checkAt(type, v, quoted(where));
}

/* Here `where` is an expression: elements of an array are named by their index. */
function checkAt(type: TypePlan, v: string, where: string): string {
  const { kind } = type;
  const place = `name, ${where}`;
  const parts = checkParts(type, v, where);
  const look = quickLooks[kind];
  const check = checks[kind]?.(v, place) ?? `c.integer(${v}, "${kind}", ${place});`;
  return [look === undefined ? check : `if (${look(v)}) ${check}`, ...parts].join("\n");
}

const checks: Readonly<Partial<Record<Kind, (v: string, place: string) => string>>> = {
  bool: (v, place) => `c.type(${v}, "a boolean", ${place});`,
  f32: (v, place) => `c.type(${v}, "a number", ${place});`,
  f64: (v, place) => `c.type(${v}, "a number", ${place});`,
  i64: (v, place) => `c.wide(${v}, "i64", ${place});`,
  u64: (v, place) => `c.wide(${v}, "u64", ${place});`,
  pointer: (v, place) => `${v} = c.pointer(${v}, ${place});`,
  text: (v, place) => `c.text(${v}, ${place});`,
  text16: (v, place) => `c.text(${v}, ${place});`,
  buffer: (v, place) => `if (${v} !== null) ${v} = c.bytes(${v}, ${place});`,
  bytes: (v, place) => `if (${v} !== null) ${v} = c.bytes(${v}, ${place});`,
  struct: (v, place) => `c.struct(${v}, ${place});`,
  tuple: () => "",
  union: () => "",
  array: () => "",
};

function checkParts(type: TypePlan, v: string, where: string): string[] {
  const place = `name, ${where}`;
  switch (type.kind) {
    case "struct":
      return [...checkFields(type, v, where), ...checkLengths(type, v, where)];
    case "tuple":
      return [`${v} = c.exactly(${v}, ${type.size}, ${place});`];
    case "union":
      return [checkUnion(type, v, where)];
    case "array":
      return [`c.list(${v}, ${type.length}, ${place});`, checkElements(type, v, where)];
    default:
      return [];
  }
}

function checkFields(type: TypePlan, v: string, where: string): string[] {
  return type.fields.map(({ name, type: inner }, index) => {
    const part = partVariable(v, index);
    const read = `let ${part} = ${v}[${quoted(name)}];`;
    return `${read} ${checkAt(inner, part, extended(where, `.${name}`))}`;
  });
}

/* C reads as many bytes as the fields beside them say. */
function checkLengths(type: TypePlan, v: string, where: string): string[] {
  return type.fields.flatMap(({ name, type: { lengths = [] }, offset }, index) => {
    const factors = lengths.map((length) => {
      if (length.from === "constant") return String(length.value);
      if (length.from !== "field") return "NaN";
      const at = type.fields.findIndex((field) => field.offset === offset + length.delta);
      return `Number(${partVariable(v, at)})`;
    });
    if (factors.length === 0 || factors.includes("NaN")) return []; // no bytes, or up to the call
    const place = `name, ${extended(where, `.${name}`)}`;
    return [`c.enough(${partVariable(v, index)}, ${factors.join(" * ")}, ${place});`];
  });
}

/** The expression of a place with more behind it, as one literal where it is one. */
function extended(where: string, suffix: string): string {
  const isLiteral = where.startsWith('"') && !where.includes(" + ");
  return isLiteral ? quoted(JSON.parse(where) + suffix) : `${where} + ${quoted(suffix)}`;
}

const isUnrolled = (type: TypePlan): boolean => type.length! <= UNROLLED_MAX;
const eachIndex = (type: TypePlan): number[] => Array.from({ length: type.length! }, (_, i) => i);

function checkElements(type: TypePlan, v: string, where: string): string {
  const { element, length } = type;
  if (isUnrolled(type)) {
    return eachIndex(type).map((index) => {
      const part = partVariable(v, index);
      const place = extended(where, `[${index}]`);
      return `let ${part} = ${v}[${index}]; ${checkAt(element!, part, place)}`;
    }).join("\n");
  }
  const [list, at, one] = [`${v}_list`, `${v}_at`, `${v}_one`];
  const place = `${where} + "[" + ${at} + "]"`;
  return `const ${list} = new Array(${length});
    for (let ${at} = 0; ${at} < ${length}; ${at}++) {
      let ${one} = ${v}[${at}];
      ${checkAt(element!, one, place)}
      ${list}[${at}] = ${checkedSource(element!, one)};
    }`;
}

function checkUnion(type: TypePlan, v: string, where: string): string {
  const names = namesOf(type);
  const one = `${v}_one`;
  const cases = type.fields.map(({ name, type: inner }, index) =>
    `case ${index}: {
      let ${one} = ${v}[${quoted(name)}];
      ${checkAt(inner, one, extended(where, `.${name}`))}
      ${v}_value = ${checkedSource(inner, one)};
      break;
    }`
  );
  return `const ${v}_which = c.alternative(${v}, ${names}, name, ${where});
    let ${v}_value;
    switch (${v}_which) { ${cases.join("\n")} }`;
}

/** An expression for the value of the checked variable `v`, made of what was read of it. */
export function checkedSource(type: TypePlan, v: string): string {
  switch (type.kind) {
    case "struct": {
      const fields = type.fields.map(({ name, type: inner }, index) =>
        `${literalKey(name)}: ${checkedSource(inner, partVariable(v, index))}`
      );
      return `{ ${fields.join(", ")} }`;
    }
    case "union": {
      const names = namesOf(type);
      return `{ [${names}[${v}_which]]: ${v}_value }`;
    }
    case "array": {
      if (!isUnrolled(type)) return `${v}_list`;
      const parts = eachIndex(type).map((i) => checkedSource(type.element!, partVariable(v, i)));
      return `[${parts.join(", ")}]`;
    }
    default:
      return v;
  }
}

/** Statements that set the variables of the parts of `v` from a checked value, without checks. */
function unpacked(type: TypePlan, v: string): string {
  switch (type.kind) {
    case "struct":
      return type.fields.map(({ name, type: inner }, index) => {
        const part = partVariable(v, index);
        return `const ${part} = ${v}[${quoted(name)}]; ${unpacked(inner, part)}`;
      }).join("\n");
    case "array":
      if (!isUnrolled(type)) return `const ${v}_list = ${v};`;
      return eachIndex(type).map((index) => {
        const part = partVariable(v, index);
        return `const ${part} = ${v}[${index}]; ${unpacked(type.element!, part)}`;
      }).join("\n");
    case "union": {
      const names = namesOf(type);
      return `const ${v}_which = c.alternative(${v}, ${names}, name, "");
        const ${v}_value = Object.values(${v})[0];`;
    }
    default:
      return "";
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

/* Two halves cost less than a bigint; `null` counts as zero in both. */
function storePair(at: string, v: string): string {
  return `view.setUint32(${at}, ${v}, true); ` +
    `view.setInt32(${at} + 4, Math.floor(${v} / 4294967296), true);`;
}

/** A statement that stores the checked variable `v` at byte `at` of the view. */
export function storeField(
  type: TypePlan,
  at: string,
  v: string,
  pointees: Pointees = pointedHere,
): string {
  const setter = setters[type.kind];
  if (setter !== undefined) return `view.${setter}(${at}, ${v}, true);`;
  switch (type.kind) {
    case "bool":
      return `view.setUint8(${at}, ${v} ? 1 : 0);`;
    case "i64":
      return `view.setBigInt64(${at}, BigInt(${v}), true);`;
    case "u64":
      return `view.setBigUint64(${at}, BigInt(${v}), true);`;
    case "text":
    case "text16":
    case "bytes":
      return pointees.store(type, at, v);
    case "struct":
      return type.fields.map(({ type: inner, offset }, index) =>
        storeField(inner, `${at} + ${offset}`, partVariable(v, index), pointees)
      ).join("\n");
    case "tuple":
      return `u8.set(${v}, ${at});`;
    case "array":
      return storeElements(type, at, v, pointees);
    case "union":
      return storeUnion(type, at, v, pointees);
    default:
      return storePair(at, v);
  }
}

function storeElements(type: TypePlan, at: string, v: string, pointees: Pointees): string {
  const element = type.element!;
  if (isUnrolled(type)) {
    return eachIndex(type).map((index) =>
      storeField(element, `${at} + ${index * element.size}`, partVariable(v, index), pointees)
    ).join("\n");
  }
  const [one, index, place] = [`${v}_one`, `${v}_at`, `${v}_place`];
  return `for (let ${index} = 0; ${index} < ${type.length}; ${index}++) {
    const ${one} = ${v}_list[${index}], ${place} = ${at} + ${index} * ${element.size};
    ${unpacked(element, one)}
    ${storeField(element, place, one, pointees)}
  }`;
}

/* What the alternative does not cover is zero. */
function storeUnion(type: TypePlan, at: string, v: string, pointees: Pointees): string {
  const one = `${v}_one`;
  const cases = type.fields.map(({ type: inner }, index) =>
    `case ${index}: {
      const ${one} = ${v}_value;
      ${unpacked(inner, one)}
      ${storeField(inner, at, one, pointees)}
      break;
    }`
  );
  return `u8.fill(0, ${at}, ${at} + ${type.size});
    switch (${v}_which) { ${cases.join("\n")} }`;
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
export function readField(
  type: TypePlan,
  at: string,
  pointees: Pointees = pointedHere,
): string {
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
    case "text":
    case "text16":
    case "bytes":
      return pointees.read(type, at);
    case "struct":
      return `{ ${
        type.fields.map(({ name, type: inner, offset }) =>
          `${literalKey(name)}: ${readField(inner, `${at} + ${offset}`, pointees)}`
        ).join(", ")
      } }`;
    case "tuple":
      return `u8.slice(${at}, ${at} + ${type.size})`;
    case "array":
      return readElements(type, at, pointees);
    case "union":
      return readUnion(type, at);
    default:
      return `c.address(${low}, ${high}, name)`;
  }
}

function readElements(type: TypePlan, at: string, pointees: Pointees): string {
  const element = type.element!;
  if (isUnrolled(type)) {
    const parts = eachIndex(type).map((index) =>
      readField(element, `${at} + ${index * element.size}`, pointees)
    );
    return `[${parts.join(", ")}]`;
  }
  return `((first) => {
    const list = new Array(${type.length});
    for (let i = 0, o = first; i < ${type.length}; i++, o += ${element.size}) {
      list[i] = ${readField(element, "o", pointees)};
    }
    return list;
  })(${at})`;
}

/*
 * Which alternative holds is known to the one who looks, so each is read when it is looked at, from
 * a copy of the bytes. Pointers are followed at that time too: they may be none.
 */
function readUnion(type: TypePlan, at: string): string {
  const parts = type.fields.map(({ name, type: inner }) =>
    `get ${literalKey(name)}() { return ${readField(inner, "0")}; }`
  );
  return `c.lifted(u8, ${at}, ${type.size}, (u8, view) => ({ ${parts.join(", ")} }))`;
}

function factorSource(length: LengthPlan, at: string): string {
  switch (length.from) {
    case "constant":
      return String(length.value);
    case "field":
      return `Number(${readField(length.type, `${at} + ${length.delta}`)})`;
    default:
      return "NaN"; // refused where a type is planned for memory
  }
}

/** Targets in the memory of this process, followed and copied on this thread. */
export const pointedHere: Pointees = {
  read(type: TypePlan, at: string): string {
    if (type.kind === "text") return `c.followText(view, ${at}, name)`;
    if (type.kind === "text16") return `c.followText16(view, ${at}, name)`;
    const factors = type.lengths?.map((length) => factorSource(length, at)) ?? [];
    return `c.followBytes(view, ${at}, ${factors.join(" * ")}, name)`;
  },
  store(type: TypePlan, at: string, v: string): string {
    const held = `${v} === null ? 0 : own.${type.kind}(${v})`;
    return `{ const held = ${held}; ${storePair(at, "held")} }`;
  },
};
