// @ts-check
/** Packs bytes into one block of the LZ4 format, whose decoder is src/native_image.ts. */

const matchMin = 4;
/** The format's own rules: the last match begins, and ends, this far from the end. */
const lastMatchBytes = 12;
const lastLiteralBytes = 5;
const distanceMax = 65_535;
const lengthInToken = 15;
/** Earlier places with the same four bytes that are looked at; more make it slower, no smaller. */
const triesMax = 1024;

/** @typedef {{ length: number, distance: number }} Match */

/** @param {Buffer} bytes @returns {Buffer} */
export function packLz4(bytes) {
  /** @type {number[]} */
  const packed = [];
  const places = new Places(bytes);
  let literals = 0; // from here to `at` nothing is written yet
  let at = 0;
  while (at < bytes.length - lastMatchBytes) {
    const match = places.longest(at);
    places.add(at);
    const isPoor = match.length < matchMin || places.longest(at + 1).length > match.length;
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
  return Buffer.from(packed);
}

/** Where each four bytes were seen, the latest first. */
class Places {
  #bytes;
  #latest = new Map();
  #earlier;

  /** @param {Buffer} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
    this.#earlier = new Int32Array(bytes.length).fill(-1);
  }

  /** @param {number} at */
  add(at) {
    const key = this.#bytes.readUInt32LE(at);
    this.#earlier[at] = this.#latest.get(key) ?? -1;
    this.#latest.set(key, at);
  }

  /** @param {number} at @returns {Match} */
  longest(at) {
    const best = { length: 0, distance: 0 };
    if (at > this.#bytes.length - lastMatchBytes) return best;
    let place = this.#latest.get(this.#bytes.readUInt32LE(at)) ?? -1;
    for (let tries = 0; tries < triesMax && place >= 0 && at - place <= distanceMax; tries++) {
      const length = this.#common(place, at);
      if (length > best.length) Object.assign(best, { length, distance: at - place });
      place = this.#earlier[place] ?? -1;
    }
    return best;
  }

  /** @param {number} place @param {number} at */
  #common(place, at) {
    const most = this.#bytes.length - lastLiteralBytes - at;
    let length = matchMin;
    while (length < most && this.#bytes[place + length] === this.#bytes[at + length]) length++;
    return length;
  }
}

/** @param {number[]} packed @param {Buffer} literals @param {Match} [match] */
function writeSequence(packed, literals, match) {
  const rest = match === undefined ? 0 : match.length - matchMin;
  packed.push(
    Math.min(literals.length, lengthInToken) << 4 | Math.min(rest, lengthInToken),
    ...lengthBytes(literals.length),
  );
  for (const byte of literals) packed.push(byte);
  if (match === undefined) return;
  packed.push(match.distance & 255, match.distance >> 8, ...lengthBytes(rest));
}

/** What of a length does not fit into its token. @param {number} length @returns {number[]} */
function lengthBytes(length) {
  if (length < lengthInToken) return [];
  const left = length - lengthInToken;
  return [...Array(Math.floor(left / 255)).fill(255), left % 255];
}
