/**
 * Images: arguments written as the bytes that C will see, with links to the bytes that their
 * pointers point to. They are made while an argument is checked, so that each part of it is read
 * once.
 *
 * @module
 */
import * as check from "./check.ts";
import { type TypePlan, wordsFor } from "./layout.ts";
import type { ParameterPlan } from "./plan.ts";
import type { ArrayShape, Shape, StructShape } from "./shape.ts";
import { checkSource, storeField } from "./source.ts";
import { text16Bytes, textBytes } from "./text.ts";

/** A pointer in an image. */
interface Link {
  /** Byte at which it is. */
  readonly at: number;
  readonly to: Image;
}

const ALIGN = 16;
const aligned = (size: number): number => Math.ceil(size / ALIGN) * ALIGN;

/** The bytes of one value. */
export class Image {
  /** The bytes, rounded up to words. */
  readonly u8: Uint8Array;
  readonly view: DataView;
  /** What its pointers point to. */
  readonly links: Link[] = [];

  constructor(bytes: Uint8Array) {
    this.u8 = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** Bytes that all targets of the links need together. */
export function targetBytes({ links }: Image): number {
  return links.reduce((sum, { to }) => sum + aligned(to.u8.length) + targetBytes(to), 0);
}

/**
 * Copies the targets of an image into `block`, which will be at `address`, from byte `from` on, and
 * points its links there; gives the byte after them.
 */
export function placeTargets(
  image: Image,
  block: Uint8Array,
  address: bigint,
  from: number,
): number {
  let end = from;
  for (const { at, to } of image.links) {
    const start = end;
    end = placeTargets(to, block, address, start + aligned(to.u8.length));
    block.set(to.u8, start);
    image.view.setBigUint64(at, address + BigInt(start), true);
  }
  return end;
}

type Write = (image: Image, at: number, value: unknown) => void;
type Store = (view: DataView, u8: Uint8Array, at: number, value: unknown) => void;

/* Memory without pointers is checked and stored by generated code. */
function plainWriter(type: TypePlan, name: string, where: string): Write {
  const body = [
    '"use strict"; return function (view, u8, at, value) {',
    checkSource(type, "value", where),
    storeField(type, "at", "value"),
    "};",
  ].join("\n");
  const store = new Function("c", "name", body)(check, name) as Store;
  return (image, at, value) => store(image.view, image.u8, at, value);
}

/* A pointer that may be null, to an image that `make` makes of the value. */
function pointerWriter(make: (value: unknown) => Image): Write {
  return (image, at, value) => {
    if (value !== null) image.links.push({ at, to: make(value) });
  };
}

function checkedList(value: unknown, name: string, where: string): readonly unknown[] {
  if (!Array.isArray(value)) check.type(value, "an array or null", name, where);
  return Array.from(value as unknown[]); // which reads each element once
}

/* Elements may be null: functions that count a list themselves mean something by NULL inside it. */
function textsImage(value: unknown, name: string, where: string): Image {
  const list = checkedList(value, name, where);
  const image = new Image(new Uint8Array((list.length + 1) * 8));
  list.forEach((text, index) => {
    if (text === null) return;
    check.text(text, name, `${where}[${index}]`);
    image.links.push({ at: index * 8, to: new Image(textBytes(text as string)) });
  });
  return image;
}

function pointersImage(value: unknown, name: string, where: string): Image {
  const list = checkedList(value, name, where);
  const image = new Image(new Uint8Array((list.length + 1) * 8));
  list.forEach((pointer, index) => {
    if (pointer === null) return;
    const address = check.pointer(pointer, name, `${where}[${index}]`);
    image.view.setBigInt64(index * 8, BigInt(address), true);
  });
  return image;
}

function structWriter(shape: StructShape, name: string, where: string): Write {
  const fields = shape.fields.map(({ name: field, offset, shape: inner }) => ({
    field,
    offset,
    write: writerOf(inner, name, `${where}.${field}`),
  }));
  return (image, at, value) => {
    check.struct(value, name, where);
    const given = value as Readonly<Record<string, unknown>>;
    for (const { field, offset, write } of fields) write(image, at + offset, given[field]);
  };
}

function arrayWriter({ element, length }: ArrayShape, name: string, where: string): Write {
  const writers: Write[] = [];
  return (image, at, value) => {
    check.list(value, length, name, where);
    for (let index = 0; index < length; index++) {
      const write = writers[index] ??= writerOf(element, name, `${where}[${index}]`);
      write(image, at + index * element.type.size, (value as unknown[])[index]);
    }
  };
}

function writerOf(shape: Shape, name: string, where: string): Write {
  switch (shape.kind) {
    case "text":
    case "text16": {
      const encode = shape.kind === "text" ? textBytes : text16Bytes;
      return pointerWriter((value) => {
        check.text(value, name, where);
        return new Image(encode(value as string));
      });
    }
    case "bytes":
      return pointerWriter((value) => {
        const bytes = check.bytes(value, name, where);
        return new Image((bytes as Uint8Array).slice());
      });
    case "texts":
      return pointerWriter((value) => textsImage(value, name, where));
    case "pointers":
      return pointerWriter((value) => pointersImage(value, name, where));
    case "struct":
      return structWriter(shape, name, where);
    case "array":
      return arrayWriter(shape, name, where);
    default:
      return plainWriter(shape.type, name, where);
  }
}

/**
 * A function that checks an argument of `parameter` and writes it; what is an image already stays
 * as it is, and `null` too where it stands for a missing `in` cell.
 */
export function imageMaker(
  { shape, role }: ParameterPlan,
  name: string,
  index: number,
): (value: unknown) => Image | null {
  const write = writerOf(shape, name, String(index));
  const size = wordsFor(shape.type.size) * 8;
  return (value) => {
    if (value instanceof Image) return value;
    if (value === null && role === "in") return null;
    const image = new Image(new Uint8Array(size));
    write(image, 0, value);
    return image;
  };
}
