/**
 * Packs bytes into one block of the LZ4 format, whose decoder is src/native_image.ts. It is our own
 * because the published package has no dependencies.
 *
 * @module
 */

const MATCH_MIN = 4;
/** The format's own rules: the last match begins, and ends, this far from the end. */
const LAST_MATCH_BYTES = 12;
const LAST_LITERAL_BYTES = 5;
const DISTANCE_MAX = 65_535;
const LENGTH_IN_TOKEN = 15;
const LENGTH_BYTE_MAX = 255;
/** Earlier places with the same four bytes that are looked at; more make it slower, no smaller. */
const TRIES_MAX = 1024;

interface Match {
  readonly length: number;
  readonly distance: number;
}

/** Where each four bytes were seen, the latest first. */
class Places {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #latest = new Map<number, number>();
  readonly #earlier: Int32Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#earlier = new Int32Array(bytes.length).fill(-1);
  }

  add(at: number): void {
    const key = this.#view.getUint32(at, true);
    this.#earlier[at] = this.#latest.get(key) ?? -1;
    this.#latest.set(key, at);
  }

  longest(at: number): Match {
    let best = { length: 0, distance: 0 };
    if (at > this.#bytes.length - LAST_MATCH_BYTES) return best;
    let place = this.#latest.get(this.#view.getUint32(at, true)) ?? -1;
    for (let tries = 0; tries < TRIES_MAX && place >= 0 && at - place <= DISTANCE_MAX; tries++) {
      const length = this.#commonLength(place, at);
      if (length > best.length) best = { length, distance: at - place };
      place = this.#earlier[place] ?? -1;
    }
    return best;
  }

  #commonLength(place: number, at: number): number {
    const bytes = this.#bytes;
    const most = bytes.length - LAST_LITERAL_BYTES - at;
    let length = MATCH_MIN;
    while (length < most && bytes[place + length] === bytes[at + length]) length++;
    return length;
  }
}

/** Packs them; what little can be packed grows by less than a hundredth. */
export function packLz4(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed: number[] = [];
  const places = new Places(bytes);
  let literals = 0; // from here to `at` nothing is written yet
  let at = 0;
  while (at < bytes.length - LAST_MATCH_BYTES) {
    const match = places.longest(at);
    places.add(at);
    const isPoor = match.length < MATCH_MIN || places.longest(at + 1).length > match.length;
    if (isPoor) {
      at++;
      continue;
    }
    writeSequence(packed, bytes.subarray(literals, at), match);
    for (let inside = at + 1; inside < at + match.length; inside++) places.add(inside);
    at += match.length;
    literals = at;
  }
  writeSequence(packed, bytes.subarray(literals));
  return Uint8Array.from(packed);
}

function writeSequence(packed: number[], literals: Uint8Array, match?: Match): void {
  const rest = match === undefined ? 0 : match.length - MATCH_MIN;
  const token = Math.min(literals.length, LENGTH_IN_TOKEN) << 4 | Math.min(rest, LENGTH_IN_TOKEN);
  packed.push(token);
  writeLength(packed, literals.length);
  for (const byte of literals) packed.push(byte);
  if (match === undefined) return;
  packed.push(match.distance & 255, match.distance >> 8);
  writeLength(packed, rest);
}

/* what of a length does not fit into its token */
function writeLength(packed: number[], length: number): void {
  if (length < LENGTH_IN_TOKEN) return;
  let left = length - LENGTH_IN_TOKEN;
  for (; left >= LENGTH_BYTE_MAX; left -= LENGTH_BYTE_MAX) packed.push(LENGTH_BYTE_MAX);
  packed.push(left);
}
