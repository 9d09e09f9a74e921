/**
 * All lessees of one JavaScript thread.
 *
 * @module
 */
import { lessee } from "./lessee.ts";
import { Random } from "./random.ts";
import { Broken, type Counts, type Tally } from "./tally.ts";

/** How long what has begun may take when nothing new begins. */
const LATE_MS_MAX = 15_000;

/** What a crew is told. */
export interface Task {
  readonly seed: number;
  readonly contexts: number;
  /** The first of its counters, two for each lessee. */
  readonly counter: number;
  readonly ms: number;
}

/** What a crew in a Worker tells. */
export type Report = { readonly counts: Counts } | { readonly broken: string };

/** Works for its time; a lessee that fails stops the others. */
export async function work({ seed, contexts, counter, ms }: Task, tally: Tally): Promise<void> {
  const random = new Random(seed);
  const end = performance.now() + ms;
  const goesOn = (): boolean => performance.now() < end && tally.failure === undefined;
  const lessees = Array.from({ length: contexts }, (_, index) => {
    const own = random.fork();
    return lessee(own, tally, counter + 2 * index, goesOn).catch((error) => tally.fail(error));
  });
  await within(ms + LATE_MS_MAX, Promise.all(lessees), tally);
  if (tally.failure !== undefined) throw tally.failure;
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
