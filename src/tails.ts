/**
 * Tails: what libsiding copies once C has returned, before anything else runs on that thread, and
 * where JavaScript finds it.
 *
 * @module
 */
import { factorsMax, tailsMax } from "./generated/siding.ts";
import { describe, fault, isRecord, type TypePlan } from "./layout.ts";
import type { BytesShape, Shape } from "./shape.ts";

/** How a tail is read; `memory` has parts of its own. */
export type TailKind = "text" | "text16" | "bytes" | "texts" | "memory";

/** Where JavaScript finds the parts of a value. */
export type Output =
  | { readonly kind: "plain"; readonly type: TypePlan }
  | { readonly kind: "tail"; readonly tail: number }
  | { readonly kind: "copy"; readonly tail: number; readonly to: Output }
  | { readonly kind: "struct"; readonly fields: readonly OutputField[] }
  | { readonly kind: "array"; readonly stride: number; readonly elements: readonly Output[] };

/** A field of a struct. */
export interface OutputField {
  readonly name: string;
  readonly offset: number;
  readonly value: Output;
}

/** Where something lies: in the record's words, or in what the pointer of a tail points to. */
export interface Place {
  /** The tail; -1: the record. */
  readonly tail: number;
  /** In bytes. */
  readonly offset: number;
}

/** A value that may say a length. */
export interface Source {
  readonly type: TypePlan;
  readonly place: Place;
}

/** What the tails of a function may refer to. */
export interface TailScope {
  /** The function, for errors. */
  readonly name: string;
  /** The memory of each parameter in the record. */
  readonly parameters: readonly Source[];
  readonly result: Source;
  /** Finds the address of a function of the library; without it there is no library. */
  readonly resolve: Resolve | undefined;
}

/** Finds the address of a symbol. */
export type Resolve = (symbol: string) => number | undefined;

/* enum siding_tail */
const codes: Readonly<Record<TailKind, number>> = {
  text: 1,
  text16: 2,
  bytes: 3,
  memory: 3,
  texts: 4,
};

const integers: ReadonlySet<string> = new Set(
  ["i8", "u8", "i16", "u16", "i32", "u32", "i53", "u53", "i64", "u64"],
);

/** The fields beside a length. */
type Siblings = ReadonlyMap<string, Source>;
const none: Siblings = new Map();

function littleEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * index)) & 255);
}

/** Numbers the tails of a function in the order in which they are met. */
export class TailPlanner {
  /** How each is read. */
  readonly kinds: TailKind[] = [];
  /** Their part of the descriptor. */
  readonly descriptor: number[] = [];
  /** What they may refer to. */
  readonly scope: TailScope;
  #index: number;

  /** `first` tails are there already. */
  constructor(scope: TailScope, first: number) {
    this.scope = scope;
    this.#index = first;
  }

  /** Plans what is copied of a value of `shape` that lies at `place`. */
  add(shape: Shape, place: Place, where: string, siblings: Siblings = none): Output {
    switch (shape.kind) {
      case "plain":
        return { kind: "plain", type: shape.type };
      case "struct": {
        const inner = fieldsAt(shape.fields, place);
        const fields = shape.fields.map(({ name, offset, shape }) => {
          const at = { tail: place.tail, offset: place.offset + offset };
          return { name, offset, value: this.add(shape, at, `${where}.${name}`, inner) };
        });
        return { kind: "struct", fields };
      }
      case "array": {
        const stride = shape.element.type.size;
        const elements = Array.from({ length: shape.length }, (_, index) => {
          const at = { tail: place.tail, offset: place.offset + index * stride };
          return this.add(shape.element, at, `${where}[${index}]`);
        });
        return { kind: "array", stride, elements };
      }
      default:
        return this.#addPointer(shape, place, where, siblings);
    }
  }

  #addPointer(
    shape: Exclude<Shape, { kind: "plain" | "struct" | "array" }>,
    place: Place,
    where: string,
    siblings: Siblings,
  ): Output {
    const { name } = this.scope;
    if (shape.kind === "pointers") {
      const remedy = 'only lists of "cstring" are copied: declare "pointer" and read it';
      throw fault(name, where, `is a list of pointers from C; ${remedy}`);
    }
    const kind = shape.kind === "copy" ? "memory" : shape.kind;
    const tail = this.#index++;
    if (tail >= tailsMax) throw fault(name, where, `copies more than ${tailsMax} targets`);
    this.kinds.push(kind);
    this.descriptor.push(codes[kind], ...this.#place(place, where));
    if (shape.kind === "copy") {
      this.descriptor.push(1, 0, ...littleEndian(shape.to.type.size, 4));
    } else if (shape.kind === "bytes") {
      this.descriptor.push(...this.length(shape, where, siblings));
    }
    this.descriptor.push(...this.#free(shape.free, where));
    if (shape.kind !== "copy") return { kind: "tail", tail };
    return { kind: "copy", tail, to: this.add(shape.to, { tail, offset: 0 }, where) };
  }

  /** The factors of a length; throws for one that is unknown or no integer. */
  length(shape: BytesShape, where: string, siblings: Siblings = none): number[] {
    if (shape.length.length > factorsMax) {
      throw fault(this.scope.name, where, `has a length of more than ${factorsMax} factors`);
    }
    const factors = shape.length.flatMap((part) => this.#factor(part, where, siblings));
    return [shape.length.length, ...factors];
  }

  #factor(part: unknown, where: string, siblings: Siblings): number[] {
    const { name } = this.scope;
    if (isRecord(part)) {
      const constant = part["constant"];
      if (Number.isInteger(constant) && Number(constant) >= 0 && Number(constant) < 2 ** 32) {
        return [0, ...littleEndian(Number(constant), 4)];
      }
      throw fault(name, where, `has the length ${describe(part)}: give { constant } from 0 on`);
    }
    const source = this.#source(part, where, siblings);
    if (!integers.has(source.type.kind)) {
      const what = `${describe(part)}, which is no integer but ${source.type.kind}`;
      throw fault(name, where, `has the length ${what}: name an integer`);
    }
    return [source.type.descriptor[0]!, ...this.#place(source.place, where)];
  }

  #source(part: unknown, where: string, siblings: Siblings): Source {
    const { name, parameters, result } = this.scope;
    const sibling = typeof part === "string" ? siblings.get(part) : undefined;
    if (sibling !== undefined) return sibling;
    if (part === "result") return result;
    if (typeof part === "string") {
      const known = [...siblings.keys(), "result"].map(describe).join(", ");
      throw fault(name, where, `has the length ${describe(part)}, no field beside it: ${known}`);
    }
    if (typeof part !== "number" || !Number.isInteger(part) || part < 0) {
      throw fault(name, where, `has the length ${describe(part)}: name a parameter or a field`);
    }
    const source = parameters[part];
    if (source !== undefined) return source;
    const given = `${parameters.length} parameter${parameters.length === 1 ? "" : "s"}`;
    throw fault(name, where, `has the length of parameter ${part}, but there are ${given}`);
  }

  #place({ tail, offset }: Place, where: string): number[] {
    if (offset <= 65535) return [tail < 0 ? 0 : tail + 2, ...littleEndian(offset, 2)];
    throw fault(this.scope.name, where, `lies ${offset} bytes deep, more than 65535`);
  }

  #free(symbol: string | undefined, where: string): number[] {
    if (symbol === undefined) return [0];
    const { name, resolve } = this.scope;
    if (resolve === undefined) {
      const remedy = "a function of a pointer has none; open the library that has it";
      throw fault(name, where, `is freed by ${describe(symbol)} of its library, but ${remedy}`);
    }
    const address = resolve(symbol);
    if (address !== undefined) return [1, ...addressBytes(address)];
    const remedy = "name a symbol of the same library";
    throw fault(name, where, `is freed by ${describe(symbol)}, which is missing: ${remedy}`);
  }
}

function fieldsAt(
  fields: readonly { name: string; offset: number; shape: Shape }[],
  { tail, offset }: Place,
): Siblings {
  return new Map(fields.map((field) => [
    field.name,
    { type: field.shape.type, place: { tail, offset: offset + field.offset } },
  ]));
}

function addressBytes(address: number): number[] {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigInt64(0, BigInt(address), true);
  return [...new Uint8Array(bytes.buffer)];
}
