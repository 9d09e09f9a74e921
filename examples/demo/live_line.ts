// One line that follows a run while it goes on; where the output is no terminal, a line a phase.
import process from "node:process";
import type { GapMeter } from "./gap_meter.ts";

const REDRAW_MS = 100;

/** Shows what is being done, for how long, and the largest gap of the event loop so far. */
export class LiveLine {
  readonly #name: string;
  readonly #meter: GapMeter;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #phase = "";
  #detail = "";
  #startMs = 0;

  constructor(name: string, meter: GapMeter) {
    this.#name = name;
    this.#meter = meter;
    if (process.stdout.isTTY) this.#timer = setInterval(() => this.#draw(""), REDRAW_MS);
  }

  /** Begins a phase; gives the seconds of the one before. */
  phase(name: string): number {
    const seconds = this.#finish();
    this.#phase = name;
    this.#detail = "";
    this.#startMs = performance.now();
    if (this.#timer !== undefined) this.#draw("");
    return seconds;
  }

  /** Adds a number of rows to the line. */
  progress(rows: number): void {
    this.#detail = `, ${rows.toLocaleString("en")} rows`;
  }

  /** Ends the last phase; gives its seconds. */
  end(): number {
    const seconds = this.#finish();
    this.stop();
    return seconds;
  }

  /** Draws no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #finish(): number {
    if (this.#phase === "") return 0;
    this.#draw("\n");
    return this.#seconds();
  }

  #seconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  #draw(end: string): void {
    const gap = this.#meter.largestMs.toFixed(1);
    const text =
      `  ${this.#name}: ${this.#phase} ${this.#seconds().toFixed(1)} s${this.#detail}, ` +
      `largest gap of the event loop ${gap} ms`;
    process.stdout.write(this.#timer === undefined ? text + end : `\r\x1b[K${text}${end}`);
  }
}
