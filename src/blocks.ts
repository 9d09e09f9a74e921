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
import { textBytes } from "./text.ts";

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
    const bytes = textBytes(text);
    const number = this.#create(bytes, bytes.length);
    this.#targets.push(undefined);
    return number;
  }

  #create(bytes: Uint8Array | null, size: number): number {
    const { native, handle } = this.#owner;
    const number = native.siding_block_create(handle, bytes, runtime.wide(size));
    if (number < 0) {
      this.drop();
      checkStatus(number, "copy a buffer");
    }
    this.#numbers.push(number);
    this.#sizes.push(size);
    return number;
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

  /** Frees them without a copy. */
  drop(): void {
    for (const number of this.#numbers) {
      this.#owner.native.siding_block_drop(this.#owner.handle, number);
    }
    this.#numbers.length = 0;
  }
}
