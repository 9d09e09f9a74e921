/**
 * Timing: two sides of a comparison, warmed up alike and measured in alternating rounds.
 *
 * @module
 */

/** Does `count` units of work. */
export type Run = (count: number) => Promise<unknown> | unknown;

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** Of one round of one side. */
  readonly roundMs: number;
  /** Of the warm-up of one side. */
  readonly warmMs: number;
}

/** Units of work a second, the median of all rounds, of either side. */
export interface Rates {
  readonly siding: number;
  readonly peer: number;
  /** Siding's rate over the peer's in each round. */
  readonly ratios: readonly number[];
}

const QUICK: Effort = { rounds: 5, roundMs: 80, warmMs: 160 };
const FULL: Effort = { rounds: 9, roundMs: 250, warmMs: 500 };
/** Between rounds, so that the other side's threads have gone to sleep. */
const PAUSE_MS = 5;

/** The effort that the command line asks for. */
export function effortOf(quick: boolean): Effort {
  return quick ? QUICK : FULL;
}

/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Waits without blocking. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Milliseconds that `count` units take. */
export async function time(run: Run, count: number): Promise<number> {
  const start = performance.now();
  await run(count);
  return performance.now() - start;
}

/** Measures both sides; which one goes first changes with every round. */
export async function alternate(siding: Run, peer: Run, effort: Effort): Promise<Rates> {
  const sides = [
    { run: siding, count: await warmUp(siding, effort), rates: [] as number[] },
    { run: peer, count: await warmUp(peer, effort), rates: [] as number[] },
  ] as const;
  for (let round = 0; round < effort.rounds; round++) {
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const { run, count, rates } of order) {
      await sleep(PAUSE_MS);
      rates.push(count / await time(run, count) * 1000);
    }
  }
  const [ours, theirs] = [sides[0].rates, sides[1].rates];
  const ratios = ours.map((rate, round) => rate / theirs[round]!);
  return { siding: median(ours), peer: median(theirs), ratios };
}

/**
 * Runs for the time of the warm-up, and until a run is about a round: one of few units would tell
 * what starting a run costs. Gives how many units fill a round.
 */
async function warmUp(run: Run, { warmMs, roundMs }: Effort): Promise<number> {
  const end = performance.now() + warmMs;
  let count = 1;
  while (true) {
    const ms = await time(run, count);
    if (ms < roundMs / 2) count *= 2;
    else if (performance.now() >= end) return Math.max(1, Math.round(count * roundMs / ms));
  }
}
