/**
 * Native memory made by JavaScript.
 *
 * @module
 */
import { Allocation, textBytes } from "./allocation.ts";
import { text as checkText } from "./check.ts";
import type { Codec, Views } from "./codec.ts";
import { SidingError } from "./errors.ts";
import { Layout } from "./layouts.ts";
import type { FieldType, Pointer } from "./types.ts";

/**
 * Encodings of C strings: UTF-8, and UTF-16 in the byte order of the system.
 *
 * @category Memory
 */
export type TextEncoding = "utf8" | "utf16";

/** What stands behind a {@linkcode Memory}. */
export interface Region {
  readonly root: Allocation;
  /** First byte, counted from the root's. */
  readonly start: number;
  readonly size: number;
  /** Whether its own end frees the root. */
  readonly owns: boolean;
  /** Its size, or -1 once it ended. */
  limit: number;
}

/* What this module may do with memories that others may not. */
interface Inside {
  regionOf(memory: Memory): Region;
  memoryOf(region: Region): Memory;
  readRegion(source: unknown, codec: Codec, offset: number): unknown;
  openRegion(source: unknown, offset: number, size: number): Region | undefined;
}

let inside: Inside;

/**
 * A stretch of native memory whose bounds are checked: made by {@linkcode alloc},
 * {@linkcode allocString} or an {@linkcode Arena}, or a slice of such.
 *
 * Its pointer is a number, which keeps nothing alive: hold the object, best with `using`, as long
 * as C may use the memory. One that is forgotten is freed when it is collected, and reported on the
 * channel `siding:leak` of `node:diagnostics_channel`.
 *
 * @category Memory
 */
export class Memory implements Disposable {
  readonly #region: Region;

  static {
    inside = {
      regionOf: (memory) => memory.#region,
      memoryOf: (region) => new Memory(region),
      readRegion: (source, codec, offset) => {
        if (typeof source !== "object" || source === null || !(#region in source)) return undefined;
        const region = source.#region;
        const root = region.root;
        const view = root.view;
        const fits = offset >>> 0 === offset && offset + codec.size <= region.limit;
        if (!fits || view === undefined) return undefined;
        return codec.read(view, region.start + offset, root as Views);
      },
      openRegion: (source, offset, size) => {
        if (typeof source !== "object" || source === null || !(#region in source)) return undefined;
        const region = source.#region;
        const fits = offset >>> 0 === offset && offset + size <= region.limit;
        return fits && region.root.view !== undefined ? region : undefined;
      },
    };
  }

  private constructor(region: Region) {
    this.#region = region;
  }

  /** The address; throws `ERR_SIDING_CLOSED` once the memory is freed. */
  get pointer(): Pointer {
    return (openRoot(this.#region, "use").address + this.#region.start) as Pointer;
  }

  /** Size in bytes. */
  get size(): number {
    return this.#region.size;
  }

  /** A part of it, which lives as long as the whole; `RangeError` where it leaves the bounds. */
  slice(offset: number, size: number = this.size - offset): Memory {
    const root = openRoot(this.#region, "slice");
    const start = locate(this.#region, offset, size, "slice");
    return new Memory({ root, start, size, owns: false, limit: size });
  }

  /** Frees it; of a slice or a piece of an arena only this object ends. Idempotent. */
  [Symbol.dispose](): void {
    const region = this.#region;
    if (region.limit < 0) return;
    region.limit = -1;
    if (region.owns) region.root.free();
  }
}

/*
 * Constants: a call of what may change loads and compares its callee every time. JavaScriptCore
 * inlines functions of more than 170 bytes of bytecode only after FTL compiled them, which may be
 * too late for a caller: `readRegion` stays below, so it destructures nothing.
 */

/**
 * Reads a value of a memory in place; `undefined`, which no value is, where that takes a closer
 * look, or for anything else than a memory.
 */
export const readRegion: Inside["readRegion"] = inside.readRegion;
/**
 * The region of a memory that can be read and written in place at `offset`; nothing where that
 * takes a closer look, or for anything else than a memory.
 */
export const openRegion: Inside["openRegion"] = inside.openRegion;
/** Gives the region of a memory. */
export const regionOf: Inside["regionOf"] = inside.regionOf;
/** Makes the memory of a region. */
export const memoryOf: Inside["memoryOf"] = inside.memoryOf;

/** The allocation of a region; throws where it is freed. */
export function openRoot(region: Region, action: string): Allocation {
  const { root, limit } = region;
  if (limit < 0) throw new SidingError("ERR_SIDING_CLOSED", `Cannot ${action} memory: it is freed`);
  root.demandOpen(action);
  return root;
}

/** Where `size` bytes at `offset` of a region begin in its root; throws beyond the bounds. */
export function locate(region: Region, offset: number, size: number, action: string): number {
  if (offset >= 0 && offset + size <= region.size && Number.isInteger(offset + size) && size >= 0) {
    return region.start + offset;
  }
  if (typeof offset !== "number" || typeof size !== "number") {
    throw new TypeError(`Cannot ${action} memory: offset and size must be numbers`);
  }
  throw new RangeError(
    `Cannot ${action} memory: offset ${offset} and size ${size} are outside its ` +
      `${region.size} bytes`,
  );
}

/** A size in bytes; throws unless there can be such memory. */
export function sizeOf(what: number | Layout<FieldType>): number {
  const size = what instanceof Layout ? what.size : what;
  if (typeof size !== "number") {
    throw new TypeError(`Cannot allocate ${String(size)}: give a size or a layout`);
  }
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`Cannot allocate ${size} bytes: the size is an integer from 1 up`);
  }
  return size;
}

/** Bytes of a string for C; throws for what is none. */
export function stringBytes(text: string, encoding: TextEncoding): Uint8Array {
  checkText(text, "allocString", "text");
  if (encoding === "utf8" || encoding === "utf16") return textBytes(text, encoding);
  throw new TypeError(`Cannot call allocString: argument encoding is ${String(encoding)}`);
}

/**
 * Makes zeroed native memory, aligned for every type: it never moves, and goes to C without a copy.
 *
 * It is freed at the end of its `using` block. C may use its pointer until then and not after.
 * Counted in {@linkcode stats}. Throws `RangeError` for a size below 1 and `ERR_SIDING_MEMORY`
 * where the system has none left.
 *
 * @example
 * ```ts
 * import { alloc, layout, read, write } from "@siding/ffi";
 *
 * const point = layout({ struct: { x: "f64", y: "f64" } });
 * using memory = alloc(point);
 * write(memory, point, { x: 1, y: 2 });
 * console.assert(read(memory, "f64", point.offset("y")) === 2);
 * ```
 *
 * @category Memory
 */
export function alloc(what: number | Layout<FieldType>): Memory {
  const size = sizeOf(what);
  const root = new Allocation(size, "memory");
  return memoryOf({ root, start: 0, size, owns: true, limit: size });
}

/**
 * Makes a C string in native memory, its zero included.
 *
 * Throws `TypeError` for what is no string, and `RangeError` for one with a NUL character.
 *
 * @example
 * ```ts
 * import { allocString, readString } from "@siding/ffi";
 *
 * using name = allocString("Grüße", "utf16");
 * console.assert(name.size === 12 && readString(name, "utf16") === "Grüße");
 * ```
 *
 * @category Memory
 */
export function allocString(text: string, encoding: TextEncoding = "utf8"): Memory {
  const bytes = stringBytes(text, encoding);
  const memory = alloc(bytes.length);
  fill(memory, bytes);
  return memory;
}

/** Copies bytes to the start of a memory made for them. */
export function fill(memory: Memory, bytes: Uint8Array): void {
  const { root, start } = regionOf(memory);
  root.put(start, bytes);
}

/**
 * Gives an address as a pointer: the signed value, so that `pointer(0xffff_ffff_ffff_ffffn)` is
 * `-1`.
 *
 * Throws `TypeError` for what is no number, and `RangeError` for a fraction, for zero, which is
 * `null`, and for an address that no number holds exactly. Whether anything is there is not
 * checked.
 *
 * @example
 * ```ts
 * import { pointer } from "@siding/ffi";
 *
 * const mapFailed = pointer(-1);
 * console.assert(mapFailed === pointer(2n ** 64n - 1n));
 * ```
 *
 * @category Memory
 */
export function pointer(address: number | bigint): Pointer {
  if (typeof address !== "number" && typeof address !== "bigint") {
    throw new TypeError(`Cannot make a pointer of ${String(address)}: it is no number`);
  }
  const isWide = typeof address === "bigint" && address >= -(2n ** 63n) && address < 2n ** 64n;
  const signed = isWide ? Number(BigInt.asIntN(64, address)) : Number(address);
  if (Number.isSafeInteger(signed) && signed !== 0) return signed as Pointer;
  const reason = signed === 0 ? "the null pointer is null" : "it is no exact address";
  throw new RangeError(`Cannot make a pointer of ${address}: ${reason}`);
}
