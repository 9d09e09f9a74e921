/**
 * Handles that a context owns. They are witnesses of their own destruction: C counts those that are
 * destroyed twice, on another thread or out of order.
 *
 * @module
 */
import type { StressLibrary } from "./library.ts";
import type { Lease, Witness } from "./scene.ts";
import { hold } from "./tally.ts";

const WITNESSES_MAX = 6;
const FAULTS = ["twice", "on another thread", "out of order"] as const;

/** Throws where a witness was destroyed as it must not be. */
export function holdFaultless(library: StressLibrary): void {
  for (const [kind, name] of FAULTS.entries()) {
    const count = library.witnessFault.sync(kind);
    hold(count === 0, "handles are destroyed once, in order", () => `${count} ${name}`);
  }
}

/** Throws unless all that a lease owns, and nothing else, is alive. */
export function holdAlive({ library, pile, witnesses }: Lease): void {
  const size = library.pileSize.sync(pile);
  const detail = (): string => `${size} of ${witnesses.length} are left`;
  hold(size === witnesses.length, "what is owned lives as long as its lease", detail);
}

/** One of those that are owned, to be destroyed before its turn; it is the lease's no more. */
export function pickLoose({ random, library, witnesses }: Lease): Witness {
  const [witness] = witnesses.splice(random.below(witnesses.length), 1);
  library.witnessLoosen.sync(witness!.pointer);
  return witness!;
}

async function make(lease: Lease): Promise<void> {
  const { random, tally, context, library, here, pile, witnesses } = lease;
  const length = 1 + random.below(WITNESSES_MAX);
  const made = await Promise.all(
    Array.from({ length }, () => tally.follow("make", here.witnessMake(pile))),
  );
  for (const witness of made) {
    if (!witness) continue;
    witnesses.push(context.own(witness, here.witnessDestroy));
    library.witnessOwn.sync(witness); // a thread that ends here leaves it to its owner
  }
}

async function close(lease: Lease): Promise<void> {
  const ended = await lease.tally.follow("close", pickLoose(lease).close());
  hold(ended === 1, "closing destroys at once", () => `it gave ${ended}`);
}

async function takeBack(lease: Lease): Promise<void> {
  const owned = pickLoose(lease);
  lease.library.witnessDisown.sync(owned.pointer); // a thread that ends here leaves it to nobody
  const witness = owned.release();
  const ended = await lease.tally.follow("take back", lease.here.witnessDestroy(witness));
  hold(ended === 1, "what is taken back is the caller's", () => `destroying it gave ${ended}`);
}

/** Makes some, closes some, takes some back; the lease's end destroys the others. */
export async function owning(lease: Lease): Promise<void> {
  const { random, library, witnesses } = lease;
  await make(lease);
  while (witnesses.length > 0 && random.chance(0.4)) {
    await random.pick([close, takeBack])(lease);
  }
  holdAlive(lease);
  holdFaultless(library);
}
