/**
 * When calls are waited for on the spot, and how long JavaScript may be kept from its timers.
 *
 * @module
 */
import { drainMore, eventWords } from "./generated/siding.ts";

/** Whether calls of one kind are short enough to be waited for on the spot. */
export interface Meter {
  /** Calls left that do not try. */
  skip: number;
  /** Calls to leave out after the next failure. */
  backoff: number;
}

/** Longest wait on the spot: for one call, for each further one, and altogether. */
const SPIN_NS = 5000;
const SPIN_NS_PER_CALL = 100;
const SPIN_NS_MAX = 25_000;
/** The first call has a thread started for it; a missed one costs Deno milliseconds for a timer. */
const SPIN_NS_FIRST = 200_000;
const EXCHANGES_IN_A_ROW_MAX = 256;
const BACKOFF_MAX = 16;
/** Longest stretch of settling and its handlers before timers and I/O get their turn. */
const DRAIN_BUDGET_MS = 0.2;

/** A meter that has seen nothing. */
export function meter(): Meter {
  return { skip: 0, backoff: 1 };
}

/** Learns from what waiting for `calls` calls has brought. */
export function learn(meter: Meter, got: number, calls: number): void {
  if ((got & ~drainMore) >= calls * eventWords) {
    meter.backoff = 1;
  } else {
    meter.skip = meter.backoff;
    meter.backoff = Math.min(meter.backoff * 2, BACKOFF_MAX);
  }
}

/** The budget of one stretch between two turns of the event loop. */
export class Pacing {
  #exchanges = 0;
  #deadline = 0;
  #isFirst = true;

  /** Begins a stretch. */
  begin(): void {
    this.#exchanges = 0;
    this.#deadline = performance.now() + DRAIN_BUDGET_MS;
  }

  /** Goes on with the stretch where little time lies between; else begins one. */
  continue(): void {
    if (performance.now() - this.#deadline > DRAIN_BUDGET_MS) this.begin();
  }

  /** Whether the stretch may go on. */
  hasTime(): boolean {
    return performance.now() < this.#deadline;
  }

  /* After a while of exchanges timers and I/O get their turn: the next event comes by a kick. */
  /** Whether `calls` calls may be waited for now. */
  mayExchange(calls: number): boolean {
    if (this.#exchanges >= EXCHANGES_IN_A_ROW_MAX) return false;
    this.#exchanges++;
    if (calls > 1 || (this.#exchanges & 15) === 1) this.#lookAtTime();
    return this.#exchanges < EXCHANGES_IN_A_ROW_MAX;
  }

  /** Whether an event may be waited for now. */
  mayAwait(): boolean {
    this.#lookAtTime();
    return this.mayExchange(1);
  }

  /** How long to wait for `calls` calls. */
  spinFor(calls: number): number {
    if (!this.#isFirst) return Math.min(SPIN_NS + calls * SPIN_NS_PER_CALL, SPIN_NS_MAX);
    this.#isFirst = false;
    return SPIN_NS_FIRST;
  }

  /* A drain and the exchanges after it in the same turn of the event loop share one budget. */
  #lookAtTime(): void {
    const now = performance.now();
    if (now - this.#deadline > DRAIN_BUDGET_MS) this.#deadline = now + DRAIN_BUDGET_MS;
    else if (now > this.#deadline) this.#exchanges = EXCHANGES_IN_A_ROW_MAX;
  }
}
