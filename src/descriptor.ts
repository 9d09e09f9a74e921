/**
 * Descriptors of types by value: what libffi is told, which knows neither arrays nor unions.
 *
 * @module
 */
import { types } from "./generated/siding.ts";
import type { Kind, TypePlan } from "./layout.ts";
import { runtime } from "./runtime/current.ts";

/** A type whose descriptor is still to be made. */
type Draft = Omit<TypePlan, "descriptor">;

/** Records of calls hold no larger value: 2,048 words. */
const BY_VALUE_MAX = 2048 * 8;
const ELEMENTS_MAX = 255;
/** No processor passes a larger union in registers: four doubles on AArch64. */
const IN_REGISTERS_MAX = 32;

/** Scalars by size. */
const integers: Readonly<Record<number, number>> = {
  1: types.u8,
  2: types.u16,
  4: types.u32,
  8: types.u64,
};
const floats: Readonly<Record<number, number>> = { 4: types.f32, 8: types.f64 };

/** A scalar at an offset of a union. */
interface Leaf {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
}

function leavesOf(type: Draft, start: number): Leaf[] {
  if (type.kind === "array") {
    const { element, length = 0 } = type;
    const offsets = Array.from({ length }, (_, index) => index * element!.size);
    return offsets.flatMap((offset) => leavesOf(element!, start + offset));
  }
  if (type.fields.length === 0) return [{ kind: type.kind, start, end: start + type.size }];
  return type.fields.flatMap((field) => leavesOf(field.type, start + field.offset));
}

const isFloat = ({ kind }: Leaf): boolean => kind === "f32" || kind === "f64";

/*
 * Scalars as large as the union is aligned. System V on x86-64 passes each eight bytes in a general
 * register where any alternative has an integer there, else in a vector register. AArch64 takes
 * vector registers only where the whole union is made of one float type.
 */
function unitsOf(union: Draft): number[][] {
  const { size, align } = union;
  const leaves = size <= IN_REGISTERS_MAX ? leavesOf(union, 0) : [];
  const isUniform = leaves.every(({ kind }) => kind === leaves[0]!.kind);
  const mayFloat = leaves.length > 0 && (isUniform || runtime.architecture === "x64");
  return Array.from({ length: size / align }, (_, index) => {
    const start = index * align;
    const here = leaves.filter((leaf) => leaf.start < start + align && leaf.end > start);
    const code = mayFloat && here.every(isFloat) ? floats[align] : undefined;
    return [code ?? integers[align]!];
  });
}

function structOf(elements: readonly (readonly number[])[]): number[] {
  return [types.struct, elements.length, ...elements.flat()];
}

/* Elements of one size and alignment: structs of them lie as they would. */
function nested(elements: readonly (readonly number[])[]): number[] {
  if (elements.length <= ELEMENTS_MAX) return structOf(elements);
  const groups: number[][] = [];
  for (let at = 0; at < elements.length; at += ELEMENTS_MAX) {
    groups.push(structOf(elements.slice(at, at + ELEMENTS_MAX)));
  }
  return nested(groups);
}

/* The elements that a field of the type is inside a struct. */
function elementsOf(type: Draft & { readonly descriptor?: readonly number[] }): number[][] {
  if (type.kind === "union") return unitsOf(type);
  if (type.kind === "array") {
    const each = elementsOf(type.element!);
    return Array.from({ length: type.length! }, () => each).flat();
  }
  return [[...type.descriptor!]];
}

/** The descriptor of a struct, a union or an array; nothing for one too large to pass by value. */
export function descriptorOf(type: Draft): readonly number[] {
  if (type.size > BY_VALUE_MAX) return [];
  if (type.kind === "union" || type.kind === "array") return nested(elementsOf(type));
  const parts = type.fields.map((field) => elementsOf(field.type));
  const flat = parts.flat();
  if (flat.length <= ELEMENTS_MAX) return structOf(flat);
  return structOf(parts.map((part) => part.length === 1 ? part[0]! : nested(part)));
}
