/**
 * One crowd of foreign threads at one pointer.
 *
 * @module
 */
import type { CallbackStats } from "../../mod.ts";
import { areRight, type CrowdCounts, crowdCounts, indexOf, keyOf } from "../support/crowds.ts";
import type { StressLibrary } from "./library.ts";
import type { Random } from "./random.ts";
import type { Reports } from "./reports.ts";
import { holdSoon } from "./scene.ts";
import { hold, type Tally } from "./tally.ts";

const THREADS_MAX = 4;
const ENDLESS = 2 ** 32 - 1;
/** By then others have been opened, which must not be reached. */
const CLOSED_CALLS = 30_000;
const STORM_MS_MAX = 1000;
const LOOK_MS = 5;
const CLOSED_SHARE = 0.4;

/** What a storm has. */
export interface StormScene {
  readonly random: Random;
  readonly tally: Tally;
  readonly library: StressLibrary;
  readonly reports: Reports;
}

/** What a crowd calls. */
export type Target = Parameters<StressLibrary["crowdStart"]["sync"]>[0];

/** Threads that call one pointer. */
export class Crowd {
  /** Its part of each value. */
  readonly key: number;
  /** Whether calls may have met a closed pointer. */
  mayBeClosed: boolean;
  readonly #scene: StormScene;
  readonly #callsMax: number;
  readonly #last: number[] = [];
  #number = -1;
  #seen = 0;

  /** @param callsMax of each thread */
  constructor(scene: StormScene, callsMax: number) {
    this.key = scene.library.crowdKey.sync();
    this.mayBeClosed = scene.random.chance(CLOSED_SHARE);
    this.#scene = scene;
    this.#callsMax = callsMax;
  }

  /** Calls that JavaScript got. */
  get seen(): number {
    return this.#seen;
  }

  /** Has the threads begin; those of a callback that is to be closed go on until it is. */
  start(target: Target): void {
    const { random, library } = this.#scene;
    const calls = this.mayBeClosed ? ENDLESS : 1 + random.skewed(this.#callsMax);
    const threads = 1 + random.below(THREADS_MAX);
    this.#number = library.crowdStart.sync(target, this.key, threads, calls, CLOSED_CALLS);
  }

  /** Looks at a call. */
  take(value: number, thread: number, bytes: Uint8Array | null, size: number): void {
    this.#seen++;
    const index = indexOf(value);
    const last = this.#last[thread] ?? 0;
    this.#last[thread] = index;
    try {
      hold(keyOf(value) === this.key, "C reaches its own callback", () => `value ${value}`);
      hold(index > last, "events of a thread come in order", () => `${index} after ${last}`);
      hold(areRight(value, bytes, size), "pointees are copied", () => `${bytes} of ${value}`);
    } catch (error) {
      this.#scene.tally.fail(error);
    }
  }

  /** What came of the calls, once the threads have gone. */
  async gone(kind: string): Promise<CrowdCounts> {
    const { library, tally } = this.#scene;
    const counts = (): CrowdCounts => crowdCounts(library, this.#number);
    const end = performance.now() + STORM_MS_MAX;
    while (counts().running > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    library.crowdStop.sync(this.#number); // now each thread waits for one answer at most
    await holdSoon(
      () => counts().running === 0,
      "C threads are answered",
      () => `${kind}: ${counts().running} still wait`,
    );
    const all = counts();
    library.crowdLeave.sync(this.#number);
    for (const ending of ["answered", "thrown", "timedOut", "closed"] as const) {
      if (all[ending] > 0) tally.note(kind, `${ending} in C`, all[ending]);
    }
    hold(
      all.closed === 0 || this.mayBeClosed,
      "only a closed callback answers so",
      () => `${kind}: ${all.closed} calls`,
    );
    return all;
  }

  /** Holds once each call is delivered, dropped or refused. */
  async holdAccounted(kind: string, made: number, counts: () => CallbackStats): Promise<void> {
    await holdSoon(
      () => counts().events === this.#seen,
      "what is queued is delivered",
      () => `${kind}: ${counts().events} events, ${this.#seen} seen`,
    );
    const { dropped, refused } = counts();
    hold(
      this.#seen + dropped + refused === made,
      "calls are delivered, dropped or refused",
      () => `${kind}: ${made} made, ${this.#seen} seen, ${dropped} dropped, ${refused} refused`,
    );
    this.#scene.tally.note(kind, "delivered", this.#seen);
    if (dropped > 0) this.#scene.tally.note(kind, "dropped", dropped);
  }
}
