/**
 * Layouts as authors see them: size, alignment and offsets of a type.
 *
 * @module
 */
import { type Codec, codecOf } from "./codec.ts";
import type { TypePlan } from "./layout.ts";
import type { FieldType, FixedArrayType, StructType, UnionType } from "./types.ts";

/**
 * What {@linkcode Layout.offset} takes: the name of a field, or the index of an element in
 * brackets; more may follow, as in `"points[2].x"`.
 *
 * @category Memory
 */
export type FieldPath<T> = FirstStep<T> | `${FirstStep<T>}${"." | "["}${string}`;

/**
 * The first step of a path.
 *
 * @internal
 */
type FirstStep<T> = T extends StructType
  ? T["struct"] extends readonly unknown[] ? `[${number}]` : keyof T["struct"] & string
  : T extends UnionType ? keyof T["union"] & string
  : T extends FixedArrayType ? `[${number}]`
  : never;

let codecInside: (type: unknown) => Codec;

/**
 * A type with its size, alignment and offsets in memory.
 *
 * @category Memory
 */
export class Layout<T extends FieldType> {
  /** The type. */
  readonly type: T;
  /** Size in bytes, padding included: the distance of two of them in an array. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  readonly #codec: Codec;

  static {
    codecInside = (type) =>
      typeof type === "object" && type !== null && #codec in type ? type.#codec : codecOf(type);
  }

  /** Plans a type; {@linkcode layout} does the same. */
  constructor(type: T) {
    this.#codec = codecOf(type);
    this.type = type;
    this.size = this.#codec.size;
    this.align = this.#codec.plan.align;
  }

  /** The offset of a field in bytes; throws `TypeError` where there is none, naming the path. */
  offset(path: FieldPath<T>): number {
    let plan: TypePlan = this.#codec.plan;
    let offset = 0;
    for (const step of stepsOf(path)) {
      const part = partOf(plan, step);
      if (part === undefined) {
        throw new TypeError(`Cannot find "${path}": the type has no "${step}" there`);
      }
      offset += part.offset;
      plan = part.type;
    }
    return offset;
  }
}

/** The codec of a layout or a type; in the way of every value that is read. */
export const codecFor: (type: unknown) => Codec = codecInside;

/* "a.b[2]" is a, b, [2]. */
function stepsOf(path: string): string[] {
  const steps = path.match(/\[[^\]]*\]|[^.[]+/g) ?? [];
  const isWhole = steps.join("").length + path.split(".").length - 1 === path.length;
  if (!isWhole || steps.length === 0) throw new TypeError(`Cannot find "${path}": it is no path`);
  return steps;
}

function partOf(plan: TypePlan, step: string): { type: TypePlan; offset: number } | undefined {
  const index = /^\[(\d+)\]$/.exec(step)?.[1];
  if (plan.kind === "array") {
    const number = Number(index ?? NaN);
    if (!(number < plan.length!)) return undefined;
    return { type: plan.element!, offset: number * plan.element!.size };
  }
  const name = plan.kind === "tuple" ? index : step;
  return plan.fields.find((field) => field.name === name);
}

/**
 * Gives the layout of a type: what C's `sizeof`, `alignof` and `offsetof` give.
 *
 * Throws `TypeError` for a wrong type, naming the place and the reason.
 *
 * @example
 * ```ts
 * import { layout } from "@siding/ffi";
 *
 * const entry = layout({
 *   struct: { kind: "u8", at: { array: { struct: { x: "f32", y: "f32" } }, length: 4 } },
 * });
 * console.assert(entry.size === 36 && entry.align === 4);
 * console.assert(entry.offset("at[1].y") === 16);
 * ```
 *
 * @category Memory
 */
export function layout<const T extends FieldType>(type: T): Layout<T> {
  return new Layout(type);
}
