/**
 * The bytes of a file, read in the order of our platforms: the lowest first.
 *
 * @module
 */

const NUL = 0;
const decoder = new TextDecoder();

/** Bytes; what reads beyond their end throws `RangeError`. */
export class Bytes {
  /** How many there are. */
  readonly size: number;
  readonly #u8: Uint8Array;
  readonly #view: DataView;

  constructor(u8: Uint8Array) {
    this.size = u8.length;
    this.#u8 = u8;
    this.#view = new DataView(u8.buffer, u8.byteOffset, u8.byteLength);
  }

  /** A byte. */
  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  /** Two bytes. */
  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  /** Four bytes. */
  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Four bytes, the highest first. */
  u32High(at: number): number {
    return this.#view.getUint32(at);
  }

  /** Eight bytes; no file is so long that a place in it is no safe integer. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }

  /** A text that ends with NUL. */
  text(at: number): string {
    const end = this.#u8.indexOf(NUL, at);
    if (end < 0 || at >= this.size) throw new RangeError(`no text begins at ${at}`);
    return decoder.decode(this.#u8.subarray(at, end));
  }

  /** Some of them. */
  part(at: number, size: number): Bytes {
    if (at + size > this.size) throw new RangeError(`${size} bytes at ${at} are not there`);
    return new Bytes(this.#u8.subarray(at, at + size));
  }
}
