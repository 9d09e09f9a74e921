/**
 * A board on which leases are offered, in memory that all JavaScript threads see.
 *
 * @module
 */
import type { ContextToken } from "../../mod.ts";
import type { Random } from "./random.ts";

/** Few, so that most offers are fresh. */
const PLACES = 4;

/** The memory of a board. */
export function boardMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(PLACES * BigInt64Array.BYTES_PER_ELEMENT);
}

/** A thread's view of the board. */
export class Board {
  readonly #places: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#places = new BigInt64Array(memory);
  }

  /** Offers a lease, in the place of an earlier offer. */
  offer(random: Random, { context }: ContextToken): void {
    Atomics.store(this.#places, random.below(PLACES), BigInt(context));
  }

  /** An offer, which others may see too, and which may be stale. */
  look(random: Random): ContextToken | undefined {
    const context = Atomics.load(this.#places, random.below(PLACES));
    return context === 0n ? undefined : { context: Number(context), name: "shared" };
  }
}
