/**
 * Argument checks. Generated code calls these when its own quick look fails, so they are never in
 * the way of a right argument.
 *
 * @module
 */
import { exportedAddress } from "./callable.ts";
import { SidingError } from "./errors.ts";
import { runtime } from "./runtime/current.ts";
import type { Kind } from "./layout.ts";

export { followBytes, followText, followText16 } from "./follow.ts";

/** A buffer argument whose bytes were copied while its call waited for admission. */
export class Snapshot {
  /** The caller's buffer. */
  readonly target: Uint8Array;
  /** Its bytes at the time of the call. */
  readonly bytes: Uint8Array;

  constructor(target: Uint8Array) {
    this.target = target;
    this.bytes = target.slice();
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return `"${value.slice(0, 40)}"`;
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "object";
  return typeof value === "bigint" ? `${value}n` : String(value);
}

function place(name: string, where: number | string): string {
  const isResult = typeof where === "string" && where.startsWith("result");
  return isResult ? `Cannot answer ${name}: ${where}` : `Cannot call ${name}: argument ${where}`;
}

/** Throws for a wrong number of arguments. */
export function count(name: string, expected: number, given: number): never {
  throw new TypeError(
    `Cannot call ${name}: ${expected} argument${
      expected === 1 ? "" : "s"
    } expected, ${given} given`,
  );
}

/** Throws for an argument of a wrong JavaScript type. */
export function type(value: unknown, wanted: string, name: string, where: number | string): never {
  throw new TypeError(`${place(name, where)} is ${show(value)}, not ${wanted}`);
}

const ranges: Readonly<Partial<Record<Kind, readonly [number, number]>>> = {
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
  i32: [-2147483648, 2147483647],
  u32: [0, 4294967295],
  i53: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  u53: [0, Number.MAX_SAFE_INTEGER],
  pointer: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** Throws for a value that is no number, no integer, or out of the range of `kind`. */
export function integer(value: unknown, kind: Kind, name: string, where: number | string): void {
  if (typeof value !== "number") type(value, "a number", name, where);
  const [least, most] = ranges[kind]!;
  if (!Number.isInteger(value)) {
    throw new RangeError(`${place(name, where)} is ${value}, not an integer`);
  }
  if (value < least || value > most) {
    throw new RangeError(
      `${place(name, where)} is ${value}, outside ${kind} (${least} to ${most})`,
    );
  }
}

/** Checks a 64-bit argument, a bigint or a safe integer. */
export function wide(
  value: unknown,
  kind: "i64" | "u64",
  name: string,
  where: number | string,
): void {
  if (typeof value === "bigint") {
    const wrapped = kind === "i64" ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
    if (wrapped !== value) {
      throw new RangeError(`${place(name, where)} is ${value}n, outside ${kind}`);
    }
    return;
  }
  if (typeof value !== "number") type(value, "a number or bigint", name, where);
  if (!Number.isSafeInteger(value) || (kind === "u64" && value < 0)) {
    throw new RangeError(`${place(name, where)} is ${value}, no exact ${kind}`);
  }
}

/** The address of a pointer, which `null` is not, or of an object that stands for one. */
export function pointer(value: unknown, name: string, where: number | string): number {
  return exportedAddress(value, false) ?? number(value, name, where);
}

/** The same for a call on this thread. */
export function pointerHere(value: unknown, name: string, where: number | string): number {
  return exportedAddress(value, true) ?? number(value, name, where);
}

function number(value: unknown, name: string, where: number | string): number {
  if (typeof value !== "number") type(value, "a pointer or null", name, where);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${place(name, where)} is ${value}, no address`);
}

/** Checks a string, which `null` is not. */
export function text(value: unknown, name: string, where: number | string): void {
  if (typeof value !== "string") type(value, "a string or null", name, where);
  if (value.includes("\0")) {
    throw new RangeError(`${place(name, where)} contains a NUL character`);
  }
}

interface BufferState {
  readonly detached?: boolean;
  readonly resizable?: boolean;
  readonly growable?: boolean;
}

/** A buffer argument as bytes; throws when its memory may move or is gone. */
export function bytes(value: unknown, name: string, where: number | string): Uint8Array | Snapshot {
  if (value instanceof Snapshot) return value;
  const isView = ArrayBuffer.isView(value);
  const buffer = isView ? value.buffer : value;
  const isBuffer = buffer instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer);
  if (!isBuffer) type(value, "a buffer or null", name, where);
  const state = buffer as BufferState;
  if (state.detached) throw new TypeError(`${place(name, where)} is detached`);
  if (state.resizable || state.growable) throw new TypeError(`${place(name, where)} is resizable`);
  if (value instanceof Uint8Array) return value;
  return isView
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(buffer as ArrayBuffer);
}

/** Checks a struct argument. */
export function struct(value: unknown, name: string, where: number | string): void {
  if (typeof value !== "object" || value === null) type(value, "an object", name, where);
}

/** Checks a list of values. */
export function list(value: unknown, length: number, name: string, where: number | string): void {
  if (!Array.isArray(value)) type(value, `an array of ${length} elements`, name, where);
  if (value.length === length) return;
  throw new RangeError(`${place(name, where)} has ${value.length} elements, not ${length}`);
}

/** Which alternative of a union the argument gives; throws unless it is exactly one. */
export function alternative(
  value: unknown,
  names: readonly string[],
  name: string,
  where: number | string,
): number {
  struct(value, name, where);
  const keys = Object.keys(value as object);
  const index = keys.length === 1 ? names.indexOf(keys[0]!) : -1;
  if (index >= 0) return index;
  const given = keys.length === 0 ? "no field" : keys.join(", ");
  throw new TypeError(
    `${place(name, where)} has ${given}, not exactly one of ${names.join(", ")}`,
  );
}

/** The bytes of a struct without names, copied; there must be exactly `size`. */
export function exactly(
  value: unknown,
  size: number,
  name: string,
  where: number | string,
): Uint8Array {
  const given = bytes(value, name, where);
  const copy = given instanceof Snapshot ? given.bytes : given.slice();
  if (copy.length === size) return copy;
  throw new RangeError(`${place(name, where)} has ${copy.length} bytes, not ${size}`);
}

/** Throws where fewer bytes are given than their length says. */
export function enough(
  value: Uint8Array | Snapshot | null,
  size: number,
  name: string,
  where: number | string,
): void {
  if (value === null) return;
  const given = value instanceof Snapshot ? value.bytes.length : value.length;
  if (given >= size) return;
  throw new RangeError(
    `${place(name, where)} has ${given} bytes, fewer than the ${size} that its length says`,
  );
}

/** What `make` makes of a copy of some bytes. */
export function lifted(
  u8: Uint8Array,
  at: number,
  size: number,
  make: (u8: Uint8Array, view: DataView) => unknown,
): unknown {
  const copy = u8.slice(at, at + size);
  return make(copy, new DataView(copy.buffer));
}

/** A 64-bit result as a number; throws when no number holds it exactly. */
export function safe(low: number, high: number, name: string): number {
  const value = high * 4294967296 + low;
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(high) * 4294967296n + BigInt(low);
  throw new RangeError(`Cannot return from ${name}: ${exact}n is no safe integer`);
}

/** A pointer result: the signed address, `null` for the null pointer. */
export function address(low: number, high: number, name: string): number | null {
  return low === 0 && high === 0 ? null : safe(low, high, name);
}

/** The error of a function that set errno. */
export function errnoError(errno: number, name: string): SidingError {
  const message = `Cannot call ${name}: ${runtime.errnoName(errno)}`;
  return new SidingError("ERR_SIDING_SYSTEM", message, { errno, syscall: name });
}

/** The error of a function that set what GetLastError gives. */
export function lastErrorError(lastError: number, name: string): SidingError {
  const message = `Cannot call ${name}: error ${lastError} of Windows`;
  return new SidingError("ERR_SIDING_SYSTEM", message, { lastError, syscall: name });
}
