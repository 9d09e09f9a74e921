/**
 * Reading and writing native memory on this thread.
 *
 * @module
 */
import { bytes as bytesOf, Snapshot } from "./check.ts";
import type { Codec, Holder, Views } from "./codec.ts";
import type { From, To } from "./convert.ts";
import { copyFrom, copyTo, textAt } from "./follow.ts";
import { codecFor, type Layout } from "./layouts.ts";
import {
  locate,
  Memory,
  openRegion,
  openRoot,
  readRegion,
  regionOf,
  type TextEncoding,
} from "./memory.ts";
import type { Bytes, FieldType, Pointer } from "./types.ts";

/* Small values are copied here and read at once; reading runs no code of others. */
const SCRATCH = 4096;
const scratch: Views = viewsOf(SCRATCH);

function viewsOf(size: number): Views {
  const u8 = new Uint8Array(size);
  return { u8, view: new DataView(u8.buffer) };
}

function addressOf(pointer: unknown, offset: unknown, action: string): number {
  if (typeof pointer !== "number" || typeof offset !== "number") {
    const what = pointer === null ? "the pointer is null" : "it takes a pointer or a Memory";
    throw new TypeError(`Cannot ${action} memory: ${what}, and a number as offset`);
  }
  const address = pointer + offset;
  if (Number.isSafeInteger(pointer) && Number.isSafeInteger(address) && address !== 0) {
    return address;
  }
  throw new RangeError(`Cannot ${action} memory: ${pointer} + ${offset} is no address`);
}

/** Reads a value at an address, which is trusted. */
export function readAt(codec: Codec, address: number): unknown {
  const { size } = codec;
  const views = size <= SCRATCH ? scratch : viewsOf(size);
  copyFrom(address, size < views.u8.length ? views.u8.subarray(0, size) : views.u8);
  return codec.read(views.view, 0, views);
}

/** Writes a value at an address, which is trusted. */
export function writeAt(codec: Codec, address: number, value: unknown, own: Holder): void {
  const bytes = new Uint8Array(codec.size);
  codec.write(bytes, new DataView(bytes.buffer), 0, value, own);
  own.demandOpen();
  copyTo(address, bytes);
}

/** Refuses to hold what pointers in a value point to: `what` lives too short or too long for it. */
export function noHolder(what: string): Holder {
  const refuse = (): never => {
    throw new TypeError(
      `Cannot write ${what}: nothing would own the text or bytes that it points to; make them ` +
        'with allocString or alloc and use the type "pointer", or write to a Memory',
    );
  };
  return { demandOpen: () => {}, text: refuse, text16: refuse, bytes: refuse };
}

const noOwner = noHolder("to a pointer");

/**
 * Reads a value of a type from native memory, `offset` bytes behind its start.
 *
 * Of a {@linkcode Memory} the bounds are checked: `RangeError` names offset and size, and
 * `ERR_SIDING_CLOSED` tells that it is freed. A bare pointer is trusted, and a wrong one crashes.
 * Texts and bytes that the value points to are trusted too, and copied. Keep the type in a
 * constant, or give a layout: then its reader is compiled once.
 *
 * @example
 * ```ts
 * import { alloc, layout, read, write } from "@siding/ffi";
 *
 * const entry = layout({ struct: { id: "u32", name: "cstring" } });
 * using memory = alloc(entry);
 * write(memory, entry, { id: 7, name: "seven" });
 * console.assert(read(memory, entry).name === "seven");
 * console.assert(read(memory.pointer, "u32") === 7);
 * ```
 *
 * @category Memory
 */
export function read<T extends FieldType>(
  source: Memory | Pointer,
  layout: Layout<T>,
  offset?: number,
): From<T>;
/** Reads a value of a type; the layout form tells more. */
export function read<const T extends FieldType>(
  source: Memory | Pointer,
  type: T,
  offset?: number,
): From<T>;
export function read(source: unknown, type: unknown, given?: number): unknown {
  const offset = given === undefined ? 0 : given;
  const codec = codecFor(type);
  const value = readRegion(source, codec, offset);
  return value === undefined ? readCopy(source, codec, offset) : value;
}

function readCopy(source: unknown, codec: Codec, offset: number): unknown {
  if (!(source instanceof Memory)) return readAt(codec, addressOf(source, offset, "read"));
  const region = regionOf(source);
  const { address } = openRoot(region, "read");
  return readAt(codec, address + locate(region, offset, codec.size, "read"));
}

/**
 * Writes a value of a type to native memory, `offset` bytes behind its start.
 *
 * All of the value is checked first: `TypeError` and `RangeError` name the field. Bounds are those
 * of {@linkcode read}. Texts and bytes that the value points to are copied into native memory that
 * is freed with the {@linkcode Memory}; a bare pointer can own none, so there they must be `null`.
 *
 * @example
 * ```ts
 * import { alloc, read, write } from "@siding/ffi";
 *
 * using memory = alloc(16);
 * write(memory, { array: "u16", length: 3 }, [1, 2, 3], 4);
 * console.assert(read(memory, "u16", 8) === 3);
 * ```
 *
 * @category Memory
 */
export function write<T extends FieldType>(
  target: Memory | Pointer,
  layout: Layout<T>,
  value: To<T>,
  offset?: number,
): void;
/** Writes a value of a type; the layout form tells more. */
export function write<const T extends FieldType>(
  target: Memory | Pointer,
  type: T,
  value: To<T>,
  offset?: number,
): void;
export function write(target: unknown, type: unknown, value: unknown, offset = 0): void {
  const codec = codecFor(type);
  const region = openRegion(target, offset, codec.size);
  if (region === undefined) return writeCopy(target, codec, value, offset);
  const { root, start } = region;
  codec.write(root.u8!, root.view!, start + offset, value, root);
}

function writeCopy(target: unknown, codec: Codec, value: unknown, offset: number): void {
  if (!(target instanceof Memory)) {
    return writeAt(codec, addressOf(target, offset, "write"), value, noOwner);
  }
  const region = regionOf(target);
  const root = openRoot(region, "write");
  const start = locate(region, offset, codec.size, "write");
  writeAt(codec, root.address + start, value, root);
}

function bytesFrom(value: unknown, where: string): Uint8Array {
  const bytes = bytesOf(value, "copyBytes", where);
  return bytes instanceof Snapshot ? bytes.bytes : bytes;
}

function isNative(value: unknown): value is Memory | Pointer {
  return value instanceof Memory || typeof value === "number";
}

/* Where the bytes are in the process, and in the runtime's view of them if there is one. */
function rangeOf(native: Memory | Pointer, offset: number, size: number, action: string): {
  readonly address: number;
  readonly bytes: Uint8Array | undefined;
} {
  if (!(native instanceof Memory)) {
    return { address: addressOf(native, offset, action), bytes: undefined };
  }
  const region = regionOf(native);
  const root = openRoot(region, action);
  const start = locate(region, offset, size, action);
  return { address: root.address + start, bytes: root.u8?.subarray(start, start + size) };
}

/**
 * Copies all bytes of a buffer to native memory, or fills a buffer from it; `offset` counts in the
 * native memory.
 *
 * Bounds are those of {@linkcode read}. Throws `TypeError` for a detached or resizable buffer.
 *
 * @example
 * ```ts
 * import { alloc, copyBytes } from "@siding/ffi";
 *
 * using memory = alloc(8);
 * copyBytes(Uint8Array.of(1, 2, 3), memory, 5);
 * const last = new Uint8Array(4);
 * copyBytes(memory, last, 4);
 * console.assert(last.join() === "0,1,2,3");
 * ```
 *
 * @category Memory
 */
export function copyBytes(from: Memory | Pointer, to: Bytes, offset?: number): void;
/** Copies a buffer to native memory; the other direction tells more. */
export function copyBytes(from: Bytes, to: Memory | Pointer, offset?: number): void;
export function copyBytes(from: unknown, to: unknown, offset = 0): void {
  if (isNative(from)) {
    const target = bytesFrom(to, "to");
    const { address, bytes } = rangeOf(from, offset, target.length, "read");
    if (bytes === undefined) copyFrom(address, target);
    else target.set(bytes);
    return;
  }
  const source = bytesFrom(from, "from");
  if (!isNative(to)) throw new TypeError("Cannot call copyBytes: one side must be native memory");
  const { address, bytes } = rangeOf(to, offset, source.length, "write");
  if (bytes === undefined) copyTo(address, source);
  else bytes.set(source);
}

/**
 * Reads the C string that lies at an address or in a memory, up to its zero.
 *
 * Of a {@linkcode Memory} nothing beyond its bounds is looked at: `RangeError` where no zero comes
 * before. A bare pointer is trusted.
 *
 * @example
 * ```ts
 * import { allocString, readString } from "@siding/ffi";
 *
 * using text = allocString("siding");
 * console.assert(readString(text.pointer) === "siding");
 * ```
 *
 * @category Memory
 */
export function readString(
  source: Memory | Pointer,
  encoding: TextEncoding = "utf8",
  offset = 0,
): string {
  if (encoding !== "utf8" && encoding !== "utf16") {
    throw new TypeError(`Cannot read a string: ${String(encoding)} is no encoding of it`);
  }
  const unit = encoding === "utf8" ? 1 : 2;
  if (!(source instanceof Memory)) {
    return textAt(addressOf(source, offset, "read"), unit, "readString");
  }
  const bytes = new Uint8Array(Math.max(0, source.size - offset));
  copyBytes(source, bytes, offset);
  return boundedText(bytes, unit);
}

const decoders = {
  1: new TextDecoder("utf-8", { ignoreBOM: true }),
  2: new TextDecoder("utf-16le", { ignoreBOM: true }),
} as const;

function boundedText(bytes: Uint8Array, unit: 1 | 2): string {
  let end = 0;
  while (end + unit <= bytes.length && (bytes[end] !== 0 || bytes[end + unit - 1] !== 0)) {
    end += unit;
  }
  if (end + unit <= bytes.length) return decoders[unit].decode(bytes.subarray(0, end));
  throw new RangeError(`Cannot read a string: no zero ends it within ${bytes.length} bytes`);
}
