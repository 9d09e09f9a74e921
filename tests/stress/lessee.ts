/**
 * Somebody who leases one context after the other and does what comes to mind with each.
 *
 * @module
 */
import { ACTS } from "./acts.ts";
import { CALLS } from "./calls.ts";
import { end } from "./endings.ts";
import { lease as leased } from "./leasing.ts";
import type { Lease, Scene } from "./scene.ts";

const CALLS_MAX = 24;
const ROUNDS_MAX = 8;

/* Of those who share a lease one JavaScript thread listens. */
function listen({ tally, context, isShared }: Lease): Disposable | undefined {
  try {
    return context.on("stuck", () => tally.note("stuck", "told"));
  } catch (error) {
    if (!isShared || (error as { readonly code?: unknown }).code !== "ERR_SIDING_BUSY") throw error;
    tally.note("stuck", "ERR_SIDING_BUSY");
    return undefined;
  }
}

async function use(lease: Lease): Promise<void> {
  const { random } = lease;
  using _stuck = random.chance(0.1) ? listen(lease) : undefined;
  const rounds = random.skewed(ROUNDS_MAX);
  for (let round = 0; round < rounds; round++) {
    const calls = Array.from({ length: random.below(CALLS_MAX) }, () => random.pick(CALLS)(lease));
    await Promise.all([...calls, random.pick(ACTS)(lease)]);
  }
}

/** Leases until it is told to stop. */
export async function lessee(scene: Scene, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const lease = await leased(scene);
    if (lease === undefined) continue;
    await use(lease);
    await end(lease);
  }
}
