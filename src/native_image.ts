/**
 * libsiding as a package carries it where it is no file: packed into text, or bytes.
 *
 * @module
 */

interface Named {
  /** Its soname, and what its file is called: it has a hash of the content. */
  readonly name: string;
}

/** A library that an executable has inside. */
export interface PlainImage extends Named {
  /** The library. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A library that a module carries. */
export interface NativeImage extends Named {
  /** Size of the library in bytes. */
  readonly size: number;
  /** The library as one block of the LZ4 format, in base64. */
  readonly packed: string;
}

const LENGTH_IN_TOKEN_MAX = 15;
const LENGTH_BYTE_MAX = 255;
const MATCH_MIN = 4;

/**
 * The bytes of a library; throws `Error` where they are damaged.
 *
 * In JavaScript, because no decoder of the runtimes is synchronous and at hand on both: Deno loads
 * most of Node for `node:zlib`, and streams, which are slower than this when first used, would make
 * `open` wait.
 */
export function unpack(image: NativeImage | PlainImage): Uint8Array<ArrayBuffer> {
  if ("bytes" in image) return image.bytes;
  /* no closures: this runs once, in code that is not warm, and would take half as long again */
  const { size, packed } = image;
  const from = Uint8Array.fromBase64(packed);
  const bytes = new Uint8Array(size);
  let read = 0;
  let written = 0;
  while (read < from.length) {
    const token = from[read++]!;
    let literals = token >> 4;
    if (literals === LENGTH_IN_TOKEN_MAX) {
      let byte = LENGTH_BYTE_MAX;
      while (byte === LENGTH_BYTE_MAX) literals += byte = from[read++]!;
    }
    copy(from, read, bytes, written, literals);
    read += literals;
    written += literals;
    if (read >= from.length) break; // the last sequence has no match
    const distance = from[read]! | from[read + 1]! << 8;
    read += 2;
    let match = (token & LENGTH_IN_TOKEN_MAX) + MATCH_MIN;
    if (match === LENGTH_IN_TOKEN_MAX + MATCH_MIN) {
      let byte = LENGTH_BYTE_MAX;
      while (byte === LENGTH_BYTE_MAX) match += byte = from[read++]!;
    }
    copy(bytes, written - distance, bytes, written, match);
    written += match;
  }
  if (read !== from.length || written !== size) {
    throw new Error(`it is damaged, ${written} of ${size} bytes: install the package again`);
  }
  return bytes;
}

/* byte by byte: a match may overlap what it makes */
function copy(from: Uint8Array, at: number, to: Uint8Array, start: number, count: number): void {
  for (const end = start + count; start < end;) to[start++] = from[at++]!;
}
