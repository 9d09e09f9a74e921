// How free the event loop is: a timer of 1 ms, and the longest time it was kept waiting.

/** Watches the event loop from its creation until `stop`. */
export class GapMeter {
  /** Times that the timer fired. */
  ticks = 0;
  #largestMs = 0;
  #lastMs: number = performance.now();
  #stopped = false;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    this.#timer = setInterval(() => {
      this.ticks++;
      this.#look(true);
    }, 1);
  }

  /** Longest time between two turns of the timer so far, in milliseconds. */
  get largestMs(): number {
    if (!this.#stopped) this.#look(false);
    return this.#largestMs;
  }

  /** Ends it; the time since the last turn counts too. */
  stop(): void {
    if (this.#stopped) return;
    clearInterval(this.#timer);
    this.#look(true);
    this.#stopped = true;
  }

  #look(isTurn: boolean): void {
    const nowMs = performance.now();
    this.#largestMs = Math.max(this.#largestMs, nowMs - this.#lastMs);
    if (isTurn) this.#lastMs = nowMs;
  }
}
