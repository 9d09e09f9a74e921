/**
 * Native copies of the buffers of one call: made at submission, copied back at completion, so that
 * C never sees JavaScript's memory.
 *
 * @module
 */
import { Snapshot } from "./check.ts";
import { checkStatus } from "./errors.ts";
import type { Native, Wide } from "./runtime/runtime.ts";
import { runtime } from "./runtime/current.ts";
import { type Image, placeTargets, targetBytes } from "./image.ts";
import { text16Bytes, textBytes } from "./text.ts";
import { words } from "./words.ts";

/** How a buffer travels. */
export const COPY_IN = 1;
/** How a buffer travels. */
export const COPY_OUT = 2;

/** Where blocks are made. */
export interface BlockOwner {
  readonly native: Native;
  readonly handle: Wide;
}

/** The blocks of one call. */
export class Blocks {
  readonly #owner: BlockOwner;
  readonly #numbers: number[] = [];
  readonly #targets: (Uint8Array | undefined)[] = [];
  readonly #sizes: number[] = [];

  constructor(owner: BlockOwner) {
    this.#owner = owner;
  }

  /** Copies a buffer and gives the number of its block. On failure all blocks of the call go. */
  add(value: Uint8Array | Snapshot, direction: number): number {
    const target = value instanceof Snapshot ? value.target : value;
    const source = value instanceof Snapshot ? value.bytes : value;
    const bytes = direction & COPY_IN ? source : null;
    const number = this.#create(bytes, source.length);
    this.#targets.push(direction & COPY_OUT ? target : undefined);
    return number;
  }

  /** Copies a long string. */
  addText(text: string): number {
    return this.#addBytes(textBytes(text));
  }

  /** Copies a long string as UTF-16. */
  addText16(text: string): number {
    return this.#addBytes(text16Bytes(text));
  }

  /** Copies all that the images point to into one block, and points them there. */
  addImages(images: readonly (Image | null)[]): void {
    const given = images.filter((image) => image !== null);
    const size = given.reduce((sum, image) => sum + targetBytes(image), 0);
    const { native, handle } = this.#owner;
    const number = this.#create(null, size);
    this.#targets.push(undefined);
    const address = words(1);
    const bytes = new Uint8Array(size);
    this.#demand(native.siding_block_address(handle, number, address.u8));
    let end = 0;
    for (const image of given) end = placeTargets(image, bytes, address.u64[0]!, end);
    const at = runtime.wide(Number(address.u64[0]));
    this.#demand(native.siding_memory_write(at, bytes, runtime.wide(size)));
  }

  #addBytes(bytes: Uint8Array): number {
    const number = this.#create(bytes, bytes.length);
    this.#targets.push(undefined);
    return number;
  }

  #create(bytes: Uint8Array | null, size: number): number {
    const { native, handle } = this.#owner;
    const number = native.siding_block_create(handle, bytes, runtime.wide(size));
    this.#demand(number);
    this.#numbers.push(number);
    this.#sizes.push(size);
    return number;
  }

  #demand(status: number): void {
    if (status >= 0) return;
    this.drop();
    checkStatus(status, "copy a buffer");
  }

  /** Copies the results back into the callers' buffers, unless these changed their size. */
  takeBack(): void {
    const { native, handle } = this.#owner;
    for (let i = 0; i < this.#numbers.length; i++) {
      const target = this.#targets[i];
      const size = this.#sizes[i]!;
      if (target === undefined || target.length !== size) {
        native.siding_block_drop(handle, this.#numbers[i]!);
      } else {
        native.siding_block_take(handle, this.#numbers[i]!, target, runtime.wide(size));
      }
    }
  }

  /** Gives them to a bound call, whose own they become. */
  give(bound: Wide): void {
    const { native, handle } = this.#owner;
    for (const number of this.#numbers) {
      checkStatus(native.siding_bound_keep(handle, bound, number), "bind a call");
    }
    this.#numbers.length = 0;
  }

  /** Frees them without a copy. */
  drop(): void {
    for (const number of this.#numbers) {
      this.#owner.native.siding_block_drop(this.#owner.handle, number);
    }
    this.#numbers.length = 0;
  }
}
