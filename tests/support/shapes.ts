/**
 * Random types that can stand in memory, with the C declaration of each, and values for them.
 *
 * @module
 */
import type { FieldType } from "../../mod.ts";

/** A type in both languages. */
export interface Shape {
  readonly type: FieldType;
  /** The C declaration of `name` with this type. */
  declare(name: string): string;
  /** Paths to all its parts, in TypeScript and in C. */
  readonly paths: readonly (readonly [string, string])[];
  /** A value for an argument. */
  value(): unknown;
  /** Whether `given` is what C gives back for the argument `value`. */
  matches(value: unknown, given: unknown): boolean;
}

type Random = () => number;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

const integers: readonly (readonly [FieldType, string, number])[] = [
  ["i8", "int8_t", 8],
  ["u8", "uint8_t", 8],
  ["i16", "int16_t", 16],
  ["u16", "uint16_t", 16],
  ["i32", "int32_t", 32],
  ["u32", "uint32_t", 32],
];

function leaf(type: FieldType, c: string, value: () => unknown): Shape {
  return {
    type,
    declare: (name) => `${c} ${name}`,
    paths: [],
    value,
    matches: Object.is,
  };
}

function randomInteger(random: Random): Shape {
  const [type, c, bits] = integers[below(random, integers.length)]!;
  const least = String(type).startsWith("i") ? -(2 ** (bits - 1)) : 0;
  return leaf(type, c, () => least + below(random, 2 ** bits));
}

function randomScalar(random: Random): Shape {
  const wide = (): number => below(random, 2 ** 31) * 2 ** 21;
  const others: readonly (() => Shape)[] = [
    () => leaf("bool", "bool", () => random() < 0.5),
    () => leaf("i64", "int64_t", () => BigInt(wide()) * -3n),
    () => leaf("usize", "size_t", () => BigInt(wide()) * 1021n),
    () => leaf("i53", "int64_t", () => -wide()),
    () => leaf("long", "long", () => -below(random, 2 ** 31)),
    () => leaf("pointer", "void *", () => random() < 0.2 ? null : wide() + 1),
    () => leaf({ pointer: "thing" }, "struct thing *", () => wide() + 1),
    () => leaf("f32", "float", () => Math.fround(random() * 1000 - 500)),
    () => leaf("f32", "float", () => Math.fround(random())),
    () => leaf("f64", "double", () => random() * 1e9 - 5e8),
    () => leaf("f64", "double", () => -random()),
  ];
  const index = below(random, others.length + 5);
  return others[index]?.() ?? randomInteger(random);
}

function array(element: Shape, length: number): Shape {
  const indices = Array.from({ length }, (_, index) => index);
  return {
    type: { array: element.type, length },
    declare: (name) => element.declare(`${name}[${length}]`),
    paths: indices.flatMap((index) => [
      [`[${index}]`, `[${index}]`] as const,
      ...element.paths.map(([js, c]) => [`[${index}]${step(js)}`, `[${index}]${step(c)}`] as const),
    ]),
    value: () => indices.map(() => element.value()),
    matches: (value, given) =>
      Array.isArray(given) && given.length === length &&
      indices.every((index) => element.matches((value as unknown[])[index], given[index])),
  };
}

/* A path behind another one. */
const step = (path: string): string => path.startsWith("[") ? path : `.${path}`;

interface Fields {
  readonly names: readonly string[];
  readonly shapes: readonly Shape[];
}

function randomFields(random: Random, depth: number, most: number): Fields {
  const count = 1 + below(random, most);
  const shapes = Array.from({ length: count }, () => randomShape(random, depth - 1));
  return { names: shapes.map((_, index) => `f${index}`), shapes };
}

function fieldPaths({ names, shapes }: Fields): (readonly [string, string])[] {
  return shapes.flatMap(({ paths }, index) => {
    const name = names[index]!;
    const deeper = paths.map(([js, c]) => [`${name}${step(js)}`, `${name}${step(c)}`] as const);
    return [[name, name] as const, ...deeper];
  });
}

function declaration(keyword: string, { names, shapes }: Fields): (name: string) => string {
  const body = shapes.map((shape, index) => `${shape.declare(names[index]!)};`).join(" ");
  return (name) => `${keyword} { ${body} } ${name}`;
}

const typesOf = ({ names, shapes }: Fields): Record<string, FieldType> =>
  Object.fromEntries(names.map((name, index) => [name, shapes[index]!.type]));

function struct(fields: Fields): Shape {
  const { names, shapes } = fields;
  return {
    type: { struct: typesOf(fields) },
    declare: declaration("struct", fields),
    paths: fieldPaths(fields),
    value: () => Object.fromEntries(names.map((name, index) => [name, shapes[index]!.value()])),
    matches: (value, given) =>
      names.every((name, index) =>
        shapes[index]!.matches(
          (value as Record<string, unknown>)[name],
          (given as Record<string, unknown>)[name],
        )
      ),
  };
}

function union(fields: Fields, random: Random): Shape {
  const { names, shapes } = fields;
  return {
    type: { union: typesOf(fields) },
    declare: declaration("union", fields),
    paths: fieldPaths(fields),
    value: () => {
      const index = below(random, names.length);
      return { [names[index]!]: shapes[index]!.value() };
    },
    matches: (value, given) =>
      Object.entries(value as object).every(([name, part]) =>
        shapes[names.indexOf(name)]!.matches(part, (given as Record<string, unknown>)[name])
      ),
  };
}

/** A random struct, which may have unions, arrays and structs inside, `depth` levels deep. */
export function randomStruct(random: Random, depth: number, most: number): Shape {
  return struct(randomFields(random, depth, most));
}

/** A small struct with a union between scalars: what decides about registers. */
export function randomMixture(random: Random): Shape {
  const shapes = [union(randomFields(random, 1, 3), random)];
  if (random() < 0.5) shapes.unshift(randomScalar(random));
  if (random() < 0.3) shapes.push(randomScalar(random));
  return struct({ names: shapes.map((_, index) => `f${index}`), shapes });
}

/** A random type. */
export function randomShape(random: Random, depth: number): Shape {
  const kind = depth <= 0 ? 1 : random();
  if (kind < 0.12) return randomStruct(random, depth, 4);
  if (kind < 0.26) return union(randomFields(random, depth, 4), random);
  if (kind < 0.42) {
    const isLong = random() < 0.2;
    return array(randomShape(random, depth - 1), 1 + below(random, isLong ? 12 : 4));
  }
  return randomScalar(random);
}
