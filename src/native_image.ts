/**
 * Libraries as modules carry them: packed into text, or as a file beside them.
 *
 * @module
 */

/**
 * What the modules that `siding pack` writes tell of a library.
 *
 * @category Libraries
 */
export interface ImageName {
  /** What its file is called in a cache: it has a hash of the content. */
  readonly name: string;
  /** Whether that is its soname too, by which glibc finds again what a process has loaded. */
  readonly isNamed: boolean;
}

/**
 * A library inside a module.
 *
 * @category Libraries
 */
export interface PackedImage extends ImageName {
  /** Size of the library in bytes. */
  readonly size: number;
  /** The library as one block of the LZ4 format, in base64. */
  readonly packed: string;
}

/**
 * A library in a file of a package.
 *
 * @category Libraries
 */
export interface FileImage extends ImageName {
  /** Its `file:` URL. */
  readonly file: string;
}

/**
 * A library that a module carries.
 *
 * @category Libraries
 */
export type NativeImage = PackedImage | FileImage;

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
export function unpack({ size, packed }: PackedImage): Uint8Array<ArrayBuffer> {
  /* no closures: this runs once, in code that is not warm, and would take half as long again */
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
