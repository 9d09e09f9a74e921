/**
 * What a lessee works with.
 *
 * @module
 */
import type { Context, ContextLibrary, Owned, Pointer } from "../../mod.ts";
import type { Board } from "./board.ts";
import type { StressLibrary } from "./library.ts";
import type { Random } from "./random.ts";
import { hold, type Tally } from "./tally.ts";

/** How late a thread may be that the system does not let run. */
const LATE_MS_MAX = 5_000;

/** What a lessee has. */
export interface Scene {
  readonly random: Random;
  readonly tally: Tally;
  readonly library: StressLibrary;
  /** Two counters of the library that nobody else uses begin here. */
  readonly counter: number;
  /** Where leases are offered to all JavaScript threads. */
  readonly board: Board;
}

/** A witness that a context owns. */
export type Witness = Owned<Pointer<"witness">, number>;

/** One lease, or this thread's part of it. */
export interface Lease extends Scene {
  readonly context: Context;
  readonly here: ContextLibrary<StressLibrary>;
  /** Others may take part in it. */
  readonly isShared: boolean;
  /** The pile of the witnesses that it owns by this part, the last at the end. */
  readonly pile: number;
  readonly witnesses: Witness[];
}

/** Something that is done with a lease. */
export type Act = (lease: Lease) => Promise<void>;

/** Holds unless it takes too long. */
export async function holdSoon(
  holds: () => boolean,
  invariant: string,
  detail: () => string,
): Promise<void> {
  const end = performance.now() + LATE_MS_MAX;
  while (!holds() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  hold(holds(), invariant, detail);
}
