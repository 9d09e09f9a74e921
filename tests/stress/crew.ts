/**
 * All that one JavaScript thread has to do.
 *
 * @module
 */
import { Board } from "./board.ts";
import { lessee } from "./lessee.ts";
import { openStressLibrary } from "./library.ts";
import { Random } from "./random.ts";
import { Reports } from "./reports.ts";
import { stationer } from "./stations.ts";
import { stormer } from "./storms.ts";
import { Broken, type Counts, type Tally } from "./tally.ts";

/** Storms of callbacks at once on each JavaScript thread. */
const STORMS = 2;
/** Stations at once on each JavaScript thread. */
const STATIONS = 2;
/** How long what has begun may take when nothing new begins. */
const LATE_MS_MAX = 15_000;

/** What a crew is told. */
export interface Task {
  readonly seed: number;
  readonly contexts: number;
  /** The first of its counters, two for each lessee. */
  readonly counter: number;
  readonly ms: number;
  /** The memory of the board on which all crews offer leases. */
  readonly board: SharedArrayBuffer;
}

/** What a crew in a Worker tells. */
export type Report = { readonly counts: Counts } | { readonly broken: string };

/** Works for its time; a lessee that fails stops the others. */
export async function work(task: Task, tally: Tally): Promise<void> {
  const { contexts, counter, ms } = task;
  const random = new Random(task.seed);
  const board = new Board(task.board);
  const library = openStressLibrary();
  const end = performance.now() + ms;
  const goesOn = (): boolean => performance.now() < end && tally.failure === undefined;
  const lessees = Array.from({ length: contexts }, (_, index) => {
    const scene = { random: random.fork(), tally, library, counter: counter + 2 * index, board };
    return lessee(scene, goesOn);
  });
  using reports = new Reports(tally);
  const storms = Array.from(
    { length: STORMS },
    () => stormer({ random: random.fork(), tally, library, reports }, goesOn),
  );
  const stations = Array.from(
    { length: STATIONS },
    () => stationer({ random: random.fork(), tally, library }, goesOn),
  );
  const all = [...lessees, ...storms, ...stations].map((one) =>
    one.catch((error) => tally.fail(error))
  );
  await within(ms + LATE_MS_MAX, Promise.all(all), tally);
  if (tally.failure !== undefined) throw tally.failure;
  await reports.holdComplete();
}

/* What never ends is found by this. */
async function within(ms: number, promise: Promise<unknown>, tally: Tally): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const kinds = [...new Set(tally.pending)].join(", ") || "nothing";
      reject(new Broken("every promise settles", `pending for long: ${kinds}`));
    }, ms);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
