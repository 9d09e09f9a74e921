/**
 * The ways in which a lease begins: acquired, perhaps to be shared, or attached to.
 *
 * @module
 */
import { Context, type ContextOptions } from "../../mod.ts";
import type { Random } from "./random.ts";
import type { Lease, Scene } from "./scene.ts";
import { ABORTED, hold } from "./tally.ts";

const DRAIN_MS_MAX = 30;
const KIB = 1024;
const STACKS = [64 * KIB, 100_000, 256 * KIB, 1024 * KIB, 16 * 1024 * KIB] as const;
const ATTACH_SHARE = 0.3;
const SHARED_SHARE = 0.3;
/** Why one cannot take part: it is over, or this thread has a part already. */
const REFUSALS: ReadonlySet<unknown> = new Set(["ERR_SIDING_STALE", "ERR_SIDING_BUSY"]);

function threadOf(random: Random): ContextOptions {
  if (!random.chance(0.15)) return {};
  const stackSize = random.pick(STACKS);
  return { thread: "fresh", ...random.chance(0.7) ? { stackSize } : {} };
}

function optionsOf(random: Random, signal: AbortSignal): ContextOptions {
  return {
    name: `stress ${random.below(100)}`,
    drainTimeout: 1 + random.below(DRAIN_MS_MAX),
    stuckAfter: random.pick([0, 2, 1000]),
    ...threadOf(random),
    ...random.chance(0.2) ? { signal } : {},
    ...random.chance(0.1) ? { timeout: 1 + random.below(20) } : {},
    ...random.chance(0.05) ? { wait: false } : {},
  };
}

function leaseOf(scene: Scene, context: Context, isShared: boolean): Lease {
  const { library } = scene;
  const pile = library.pileMake.sync();
  return { ...scene, context, here: context.use(library), isShared, pile, witnesses: [] };
}

/* Nobody has used the thread, and it has the stack that was asked for. */
async function holdFresh({ tally, here }: Lease, stackSize: number): Promise<void> {
  const [uses, size] = await Promise.all([
    tally.follow("fresh", here.localNext()),
    tally.follow("fresh", here.stackSize()),
  ]);
  hold(uses === 1, "a fresh thread is nobody else's", () => `it was used ${uses} times`);
  const isLarge = size === 0 || size! >= stackSize; // not every system tells
  hold(isLarge, "a fresh thread has its stack", () => `${size} of ${stackSize} bytes`);
}

async function acquire(scene: Scene): Promise<Lease | undefined> {
  const { random, tally, board } = scene;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(ABORTED), random.below(10));
  const options = optionsOf(random, controller.signal);
  const context = await tally.follow("acquire", Context.acquire(options));
  clearTimeout(timer);
  if (context === undefined) return undefined;
  const lease = leaseOf(scene, context, random.chance(SHARED_SHARE));
  if (options.thread === "fresh") await holdFresh(lease, options.stackSize ?? 0);
  if (lease.isShared) board.offer(random, context.share());
  return lease;
}

function attach(scene: Scene): Lease | undefined {
  const { random, tally, board } = scene;
  const token = board.look(random);
  if (token === undefined) return undefined;
  try {
    const context = Context.attach(token);
    tally.note("attach", "fulfilled");
    return leaseOf(scene, context, true);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (!REFUSALS.has(code)) throw error;
    tally.note("attach", String(code));
    return undefined;
  }
}

/** A lease, unless there is none to be had in the way that was chosen. */
export async function lease(scene: Scene): Promise<Lease | undefined> {
  return scene.random.chance(ATTACH_SHARE) ? attach(scene) : await acquire(scene);
}
