/**
 * C strings in records: UTF-8 behind the argument words, ended by NUL, as is the record itself.
 *
 * @module
 */
import { referenceInline } from "./generated/siding.ts";
import type { Words } from "./words.ts";

const encoder = new TextEncoder();

/** Longer strings travel as blocks. In UTF-16 units; each takes up to 3 bytes. */
export const TEXT_INLINE_MAX = 1024;

/** Words that a string needs at most; none for one that is `null` or too long. */
export function textRoom(text: string | null): number {
  return text === null || text.length > TEXT_INLINE_MAX ? 0 : (text.length * 3 >> 3) + 1;
}

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
  const size = words.texts.write(text, at);
  words.u8[at + size] = 0;
  words.u8[at + (size | 7)] = 0;
  words.u32[argument * 2] = at - start * 8;
  words.u32[argument * 2 + 1] = referenceInline;
  return end + (size >> 3) + 1;
}

/** Words that a string in UTF-16 needs; none for one that is `null` or too long. */
export function textRoom16(text: string | null): number {
  return text === null || text.length > TEXT_INLINE_MAX ? 0 : (text.length >> 2) + 1;
}

/** As `putText`, in UTF-16. */
export function putText16(
  words: Words,
  start: number,
  argument: number,
  end: number,
  text: string,
): number {
  const at = end * 8;
  for (let i = 0; i < text.length; i++) {
    words.view.setUint16(at + i * 2, text.charCodeAt(i), true);
  }
  words.view.setUint16(at + text.length * 2, 0, true);
  words.u8[at + (text.length * 2 | 7)] = 0;
  words.u32[argument * 2] = at - start * 8;
  words.u32[argument * 2 + 1] = referenceInline;
  return end + (text.length >> 2) + 1;
}

/** A string in UTF-16 as bytes, its zero included. */
export function text16Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length + 1) * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), true);
  return bytes;
}

const UNITS_AT_ONCE = 4096;

/** Reads `size` bytes of UTF-16 at byte `at`; lone surrogates stay as they are. */
export function getText16(view: DataView, at: number, size: number): string {
  let text = "";
  for (let from = 0; from < size; from += UNITS_AT_ONCE * 2) {
    const count = Math.min(UNITS_AT_ONCE, (size - from) >> 1);
    const unit = (_: unknown, index: number): number => view.getUint16(at + from + index * 2, true);
    text += String.fromCharCode(...Array.from({ length: count }, unit));
  }
  return text;
}

/** A long string as bytes, its NUL included. */
export function textBytes(text: string): Uint8Array {
  return encoder.encode(text + "\0");
}
