/**
 * Random structs: as definitions, as values, and as the C source that works on them.
 *
 * @module
 */
import process from "node:process";
import type { FieldType } from "../../mod.ts";

/** A type with its C side. */
export interface RandomType {
  readonly type: FieldType;
  /** A declaration of `name` in C. */
  declare(name: string): string;
  /** C statements that change what `target` is in place. */
  change(target: string): string;
  /** A random value of the type. */
  value(): unknown;
  /** What the C statements make of a value. */
  changed(value: unknown): unknown;
  /** Of what came from C, what is comparable: of a union, the alternative in use. */
  comparable(value: unknown): unknown;
}

type Random = () => number;

const FIELDS_MAX = 16;
const LEVELS_MAX = 4;
const MASK = 0x55;

const below = (random: Random, end: number): number => Math.floor(random() * end);

function bits(random: Random, count: number): bigint {
  let value = 0n;
  for (let i = 0; i < count; i += 16) value = value << 16n | BigInt(below(random, 65536));
  return BigInt.asUintN(count, value);
}

interface Leaf {
  readonly name: string;
  readonly c: string;
  readonly make: (random: Random) => unknown;
  readonly change: (value: never) => unknown;
  readonly statement: (target: string) => string;
}

const xor = (target: string): string => `${target} ^= ${MASK};`;
const minus = (target: string): string => `${target} = -${target};`;

function integer(name: string, c: string, size: number, isSigned: boolean): Leaf {
  const cut = isSigned ? BigInt.asIntN : BigInt.asUintN;
  const make = (random: Random): number => Number(cut(size, bits(random, size)));
  const change = (value: number): number => Number(cut(size, BigInt(value) ^ BigInt(MASK)));
  return { name, c, make, change, statement: xor };
}

function wide(name: string, c: string, isSigned: boolean): Leaf {
  const cut = isSigned ? BigInt.asIntN : BigInt.asUintN;
  const make = (random: Random): bigint => cut(64, bits(random, 64));
  const change = (value: bigint): bigint => cut(64, value ^ BigInt(MASK));
  return { name, c, make, change, statement: xor };
}

/* of 64 bits in C, of 52 here, so that every value is a safe integer */
const narrow = (name: string, c: string, isSigned: boolean): Leaf => ({
  ...integer(name, c, 52, isSigned),
});

const leaves: readonly Leaf[] = [
  integer("i8", "int8_t", 8, true),
  integer("u8", "uint8_t", 8, false),
  integer("i16", "int16_t", 16, true),
  integer("u16", "uint16_t", 16, false),
  integer("i32", "int32_t", 32, true),
  integer("u32", "uint32_t", 32, false),
  wide("i64", "int64_t", true),
  wide("usize", "size_t", false),
  narrow("i53", "int64_t", true),
  process.platform === "win32"
    ? integer("ulong", "unsigned long", 32, false)
    : narrow("ulong", "unsigned long", false),
  {
    name: "bool",
    c: "bool",
    make: (random) => random() < 0.5,
    change: (value: boolean) => !value,
    statement: (target) => `${target} = !${target};`,
  },
  {
    name: "f32",
    c: "float",
    make: (random) => Math.fround(random() * 1e6 - 5e5),
    change: (value: number) => -value,
    statement: minus,
  },
  {
    name: "f64",
    c: "double",
    make: (random) => random() * 1e12 - 5e11,
    change: (value: number) => -value,
    statement: minus,
  },
  {
    name: "pointer",
    c: "void *",
    make: (random) => Number(BigInt.asIntN(52, bits(random, 52))) || null,
    change: (value: number | null) => Number(BigInt(value ?? 0) ^ BigInt(MASK)) || null,
    statement: (target) => `${target} = (void *)((uintptr_t)${target} ^ ${MASK});`,
  },
];

function randomLeaf(random: Random): RandomType {
  const leaf = leaves[below(random, leaves.length)]!;
  return {
    type: leaf.name as FieldType,
    declare: (name) => `${leaf.c} ${name}`,
    change: leaf.statement,
    value: () => leaf.make(random),
    changed: (value) => leaf.change(value as never),
    comparable: (value) => value,
  };
}

type Parts = readonly (readonly [name: string, part: RandomType])[];
type Values = Readonly<Record<string, unknown>>;

function mapParts(parts: Parts, map: (part: RandomType, name: string) => unknown): Values {
  return Object.fromEntries(parts.map(([name, part]) => [name, map(part, name)]));
}

function declareParts(parts: Parts): string {
  return parts.map(([name, part]) => `${part.declare(name)};`).join(" ");
}

function structOf(parts: Parts): RandomType {
  return {
    type: { struct: mapParts(parts, ({ type }) => type) } as FieldType,
    declare: (name) => `struct { ${declareParts(parts)} } ${name}`,
    change: (target) => parts.map(([name, part]) => part.change(`${target}.${name}`)).join(" "),
    value: () => mapParts(parts, (part) => part.value()),
    changed: (value) => mapParts(parts, (part, name) => part.changed((value as Values)[name])),
    comparable: (value) =>
      mapParts(parts, (part, name) => part.comparable((value as Values)[name])),
  };
}

/* C works on one alternative, which is the one that values have. */
function unionOf(parts: Parts, used: number): RandomType {
  const [name, part] = parts[used]!;
  const only = (value: unknown): unknown => (value as Values)[name];
  return {
    type: { union: mapParts(parts, ({ type }) => type) } as FieldType,
    declare: (target) => `union { ${declareParts(parts)} } ${target}`,
    change: (target) => part.change(`${target}.${name}`),
    value: () => ({ [name]: part.value() }),
    changed: (value) => ({ [name]: part.changed(only(value)) }),
    comparable: (value) => ({ [name]: part.comparable(only(value)) }),
  };
}

function arrayOf(element: RandomType, length: number): RandomType {
  const indices = Array.from({ length }, (_, index) => index);
  const each = (value: unknown, map: (one: unknown) => unknown): unknown =>
    (value as unknown[]).map(map);
  return {
    type: { array: element.type, length },
    declare: (name) => element.declare(`${name}[${length}]`),
    change: (target) => indices.map((index) => element.change(`${target}[${index}]`)).join(" "),
    value: () => indices.map(() => element.value()),
    changed: (value) => each(value, element.changed),
    comparable: (value) => each(value, element.comparable),
  };
}

/* A budget of fields for the whole shape keeps nested ones from exploding. */
interface Budget {
  fields: number;
}

function randomField(random: Random, level: number, budget: Budget): RandomType {
  const dice = level < LEVELS_MAX && budget.fields > 1 ? random() : 1;
  if (dice < 0.15) return randomStruct(random, level + 1, budget);
  if (dice < 0.22) {
    const parts = randomParts(random, level + 1, budget, 3);
    return unionOf(parts, below(random, parts.length));
  }
  if (dice < 0.32) {
    return arrayOf(randomField(random, level + 1, budget), 1 + below(random, 4));
  }
  return randomLeaf(random);
}

function randomParts(random: Random, level: number, budget: Budget, most: number): Parts {
  const count = 1 + below(random, Math.max(1, Math.min(most, budget.fields)));
  budget.fields -= count;
  return Array.from(
    { length: count },
    (_, index) => [`f${index}`, randomField(random, level, budget)] as const,
  );
}

/** A random struct of at most 16 fields, on at most four levels. */
export function randomStruct(
  random: Random,
  level = 1,
  budget: Budget = { fields: FIELDS_MAX },
): RandomType {
  return structOf(randomParts(random, level, budget, FIELDS_MAX));
}

/** C source of `change_<index>` and `second_<index>`, by value, and `touch_<index>`, in place. */
export function sourceOf(shape: RandomType, index: number): string {
  const name = `shape_${index}`;
  return `typedef ${shape.declare(name)};
    ${name} change_${index}(int32_t before, ${name} value, double after, ${name} again) {
      if (before != 7 || after != 0.5) abort();
      (void)again; ${shape.change("value")} return value; }
    ${name} second_${index}(${name} value, float between, ${name} again) {
      (void)value; if (between != 1.5f) abort(); ${shape.change("again")} return again; }
    uint32_t touch_${index}(${name} *value) {
      ${shape.change("(*value)")} return sizeof *value; }
    `;
}
