/**
 * Reading what libsiding copied of a call's pointees.
 *
 * @module
 */
import { getText16 } from "./text.ts";
import type { Words } from "./words.ts";

/** Where tails that do not fit an event come from. */
export interface TailOwner {
  /** Takes a block of `size` bytes. */
  takeTails(block: number, size: number): Words;
}

/** The tails of one call, read one after the other. */
export class Tails {
  readonly u8: Uint8Array;
  readonly view: DataView;
  readonly #texts: Words["texts"];
  #at: number;

  /** They are at word `word` of an event, or, where `isLong`, in the block that it names. */
  constructor(owner: TailOwner, words: Words, word: number, isLong: boolean) {
    const { u8, view, texts } = isLong
      ? owner.takeTails(words.u32[word * 2]!, words.u32[word * 2 + 2]!)
      : words;
    this.u8 = u8;
    this.view = view;
    this.#texts = texts;
    this.#at = isLong ? 0 : word * 8;
  }

  /* Gives the size of the next one, or -1 for NULL, and goes to its bytes. */
  #size(): number {
    const low = this.view.getUint32(this.#at, true);
    const high = this.view.getUint32(this.#at + 4, true);
    this.#at += 8;
    return high === 0xffffffff ? -1 : high * 4294967296 + low;
  }

  /* Goes beyond `size` bytes and gives where they begin. */
  #pass(size: number): number {
    const at = this.#at;
    this.#at += Math.ceil(size / 8) * 8;
    return at;
  }

  /** A C string. */
  text(): string | null {
    const size = this.#size();
    return size < 0 ? null : this.#texts.read(this.#pass(size), size);
  }

  /** A UTF-16 string. */
  text16(): string | null {
    const size = this.#size();
    return size < 0 ? null : getText16(this.view, this.#pass(size), size);
  }

  /** Bytes, as an array of their own. */
  bytes(): Uint8Array | null {
    const size = this.#size();
    if (size < 0) return null;
    const at = this.#pass(size);
    return this.u8.slice(at, at + size);
  }

  /** A list of C strings. */
  texts(): string[] | null {
    const count = this.#size();
    return count < 0 ? null : Array.from({ length: count }, () => this.text()!);
  }

  /** Where memory begins that is read elsewhere; -1: it is NULL. */
  skip(): number {
    const size = this.#size();
    return size < 0 ? -1 : this.#pass(size);
  }
}
