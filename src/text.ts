/**
 * C strings in records: UTF-8 behind the argument words, ended by NUL.
 *
 * @module
 */
import { referenceInline } from "./generated/siding.ts";
import type { Words } from "./words.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Longer strings travel as blocks. In UTF-16 units; each takes up to 3 bytes. */
export const TEXT_INLINE_MAX = 1024;

/** Words that a string needs at most; none for one that is `null` or too long. */
export function textRoom(text: string | null): number {
  return text === null || text.length > TEXT_INLINE_MAX ? 0 : (text.length * 3 >> 3) + 1;
}

/* Strings are mostly short and ASCII: then no view is made and no encoder entered. */
function putAscii(u8: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return false;
    u8[at + i] = unit;
  }
  return true;
}

const SHORT = 32;

/**
 * Writes a string at word `end` of a record that starts at word `start`, and the reference to it at
 * word `argument`; gives the word after it.
 */
export function putText(
  words: Words,
  start: number,
  argument: number,
  end: number,
  text: string,
): number {
  const at = end * 8;
  let size = text.length;
  if (size > SHORT || !putAscii(words.u8, at, text)) {
    size = encoder.encodeInto(text, words.u8.subarray(at)).written;
  }
  words.u8[at + size] = 0;
  words.u32[argument * 2] = at - start * 8;
  words.u32[argument * 2 + 1] = referenceInline;
  return end + (size >> 3) + 1;
}

/** A long string as bytes, its NUL included. */
export function textBytes(text: string): Uint8Array {
  return encoder.encode(text + "\0");
}

/** Decodes `size` bytes at byte `at`. */
export function getText(u8: Uint8Array, at: number, size: number): string {
  if (size > SHORT) return decoder.decode(u8.subarray(at, at + size));
  let text = "";
  for (let i = 0; i < size; i++) {
    const unit = u8[at + i]!;
    if (unit > 127) return decoder.decode(u8.subarray(at, at + size));
    text += String.fromCharCode(unit);
  }
  return text;
}
