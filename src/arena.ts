/**
 * Much native memory that is freed at once.
 *
 * @module
 */
import { Allocation } from "./allocation.ts";
import { SidingError } from "./errors.ts";
import type { Layout } from "./layouts.ts";
import { fill, type Memory, memoryOf, sizeOf, stringBytes, type TextEncoding } from "./memory.ts";
import type { FieldType } from "./types.ts";

const CHUNK = 64 * 1024;
/** Larger pieces have an allocation of their own. */
const SHARED_MAX = CHUNK / 4;
const ALIGN = 16;

/**
 * Native memory in many pieces, which are freed together; made by {@linkcode arena}.
 *
 * A piece keeps the whole arena from being collected, and ends with it.
 *
 * @category Memory
 */
export class Arena implements Disposable {
  readonly #allocations: Allocation[] = [];
  #chunk: Allocation | undefined;
  #used = 0;
  #closed = false;

  /** Makes zeroed memory, as {@linkcode alloc} does; cheap for small pieces. */
  alloc(what: number | Layout<FieldType>): Memory {
    const size = sizeOf(what);
    this.#demandOpen();
    if (size > SHARED_MAX) {
      return memoryOf({ root: this.#allocate(size), start: 0, size, owns: false, limit: size });
    }
    if (this.#chunk === undefined || this.#used + size > CHUNK) {
      this.#chunk = this.#allocate(CHUNK);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += Math.ceil(size / ALIGN) * ALIGN;
    return memoryOf({ root: this.#chunk, start, size, owns: false, limit: size });
  }

  /** Makes a C string, as {@linkcode allocString} does. */
  allocString(text: string, encoding: TextEncoding = "utf8"): Memory {
    const bytes = stringBytes(text, encoding);
    const memory = this.alloc(bytes.length);
    fill(memory, bytes);
    return memory;
  }

  /** Frees all pieces. Idempotent. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const allocation of this.#allocations) allocation.free();
    this.#allocations.length = 0;
    this.#chunk = undefined;
  }

  #allocate(size: number): Allocation {
    const allocation = new Allocation(size, "arena", this);
    this.#allocations.push(allocation);
    return allocation;
  }

  #demandOpen(): void {
    if (!this.#closed) return;
    throw new SidingError("ERR_SIDING_CLOSED", "Cannot allocate memory: its arena is freed");
  }
}

/**
 * Makes an arena: pieces of native memory that are freed together.
 *
 * @example
 * ```ts
 * import { arena, write } from "@siding/ffi";
 *
 * using pieces = arena();
 * const names = ["a.txt", "b.txt"].map((name) => pieces.allocString(name).pointer);
 * const list = pieces.alloc(3 * 8); // ends with NULL, because it is zeroed
 * write(list, { array: "pointer", length: 2 }, names);
 * ```
 *
 * @category Memory
 */
export function arena(): Arena {
  return new Arena();
}
