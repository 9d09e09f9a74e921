/**
 * Native memory that a library owns, as bytes.
 *
 * @module
 */
import { copyBytes, type Pointer } from "../../mod.ts";

/** A copy of the bytes at an address. */
export function bytesAt(pointer: Pointer | null, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  if (size > 0) copyBytes(pointer!, bytes);
  return bytes;
}
