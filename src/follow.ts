/**
 * Following pointers on this thread: what they point to is copied at once.
 *
 * @module
 */
import { checkStatus } from "./errors.ts";
import { loadNative } from "./loader.ts";
import { runtime } from "./runtime/current.ts";

/** Memory is mapped in pages of this size or a multiple of it. */
const PAGE = 4096;
const TEXT_BYTES_MAX = 2 ** 29;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true });

/** Copies native memory; the address is trusted. */
export function copyFrom(address: number, target: Uint8Array): void {
  if (target.length === 0) return;
  const { native } = loadNative();
  const read = native.siding_memory_read(
    runtime.wide(address),
    target,
    runtime.wide(target.length),
  );
  checkStatus(read, `read ${target.length} bytes of memory`);
}

/** Copies bytes to native memory; the address is trusted. */
export function copyTo(address: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const { native } = loadNative();
  const size = runtime.wide(bytes.length);
  const written = native.siding_memory_write(runtime.wide(address), bytes, size);
  checkStatus(written, `write ${bytes.length} bytes of memory`);
}

/* Where the zero of a text begins among the bytes found so far, or -1. */
function zeroAt(bytes: Uint8Array, from: number, end: number, unit: number): number {
  if (unit === 1) {
    const at = bytes.subarray(0, end).indexOf(0, from);
    return at;
  }
  for (let at = from - from % 2; at + 1 < end; at += 2) {
    if (bytes[at] === 0 && bytes[at + 1] === 0) return at;
  }
  return -1;
}

/**
 * The bytes of a text up to its zero of `unit` bytes. They are read up to the end of a page at a
 * time, because the page behind the one with the zero may not be there.
 */
function untilZero(address: number, unit: number, name: string): Uint8Array {
  let bytes = new Uint8Array(PAGE);
  let end = 0;
  while (end < TEXT_BYTES_MAX) {
    const past = ((address + end) % PAGE + PAGE) % PAGE;
    const size = PAGE - past;
    if (end + size > bytes.length) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes);
      bytes = larger;
    }
    copyFrom(address + end, bytes.subarray(end, end + size));
    const zero = zeroAt(bytes, Math.max(0, end - 1), end + size, unit);
    if (zero >= 0) return bytes.subarray(0, zero);
    end += size;
  }
  throw new RangeError(`Cannot return from ${name}: a text has more than ${TEXT_BYTES_MAX} bytes`);
}

function addressAt(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 4294967296 + view.getUint32(at, true);
}

/** The text at an address. */
export function textAt(address: number, unit: 1 | 2, name: string): string {
  return (unit === 1 ? utf8 : utf16).decode(untilZero(address, unit, name));
}

/** The UTF-8 text that the pointer at byte `at` points to. */
export function followText(view: DataView, at: number, name: string): string | null {
  const address = addressAt(view, at);
  return address === 0 ? null : textAt(address, 1, name);
}

/** The UTF-16 text that the pointer at byte `at` points to. */
export function followText16(view: DataView, at: number, name: string): string | null {
  const address = addressAt(view, at);
  return address === 0 ? null : textAt(address, 2, name);
}

/** The bytes that the pointer at byte `at` points to; `null` for a negative length too. */
export function followBytes(
  view: DataView,
  at: number,
  length: number,
  name: string,
): Uint8Array | null {
  const address = addressAt(view, at);
  if (address === 0 || !(length >= 0)) return null;
  if (length > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(`Cannot return from ${name}: ${length} bytes are no length`);
  }
  const bytes = new Uint8Array(length);
  copyFrom(address, bytes);
  return bytes;
}
