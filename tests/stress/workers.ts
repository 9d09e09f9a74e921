/**
 * Workers that come and go: some end when they have done, others in the midst of it.
 *
 * @module
 */
import type { Report, Task } from "./crew.ts";
import type { Random } from "./random.ts";
import { Broken, type Tally } from "./tally.ts";

const LIFE_MS_MIN = 150;
const LIFE_MS_MAX = 1500;
/** How long a Worker may take beyond its time. */
const LATE_MS_MAX = 30_000;

function start(task: Task): { readonly worker: Worker; readonly report: Promise<Report> } {
  const worker = new Worker(new URL("./worker.ts", import.meta.url).href, { type: "module" });
  const report = new Promise<Report>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent): void => {
      // a task posted before it listens may be lost
      if (data === "ready") worker.postMessage(task);
      else resolve(data as Report);
    };
    worker.onerror = (event: ErrorEvent): void => resolve({ broken: `Worker: ${event.message}` });
    setTimeout(() => resolve({ broken: "a Worker never came to its end" }), task.ms + LATE_MS_MAX);
  });
  return { worker, report };
}

/* Either it reports, or its time is over before it is. */
async function live(task: Task, terminateAfter: number | undefined, tally: Tally): Promise<void> {
  const { worker, report } = start(task);
  const cut = new Promise<undefined>((resolve) => {
    if (terminateAfter !== undefined) setTimeout(() => resolve(undefined), terminateAfter);
  });
  const told = await Promise.race([report, cut]);
  worker.terminate();
  tally.note("worker", told === undefined ? "terminated" : "ended");
  if (told === undefined) return;
  if ("broken" in told) throw new Broken("a Worker's own", told.broken);
  tally.add(told.counts);
}

/** What all Workers of an epoch have in common. */
export interface Shift {
  readonly contexts: number;
  /** Gives the first counter of a crew. */
  readonly counters: () => number;
  readonly board: SharedArrayBuffer;
  /** When it is over. */
  readonly end: number;
}

/** One Worker after the other, until the time is over. */
export async function lane(shift: Shift, random: Random, tally: Tally): Promise<void> {
  const { contexts, counters, board, end } = shift;
  for (let left = end - performance.now(); left > 0; left = end - performance.now()) {
    const ms = Math.min(left, LIFE_MS_MIN + random.below(LIFE_MS_MAX - LIFE_MS_MIN));
    const task = { seed: random.below(2 ** 32), contexts, counter: counters(), ms, board };
    await live(task, random.chance(0.4) ? random.below(ms) : undefined, tally);
  }
}
