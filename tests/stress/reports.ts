/**
 * What handlers throw: each error is reported once, as an uncaught one of its JavaScript thread.
 *
 * @module
 */
import process from "node:process";
import { holdSoon } from "./scene.ts";
import { Broken, type Tally } from "./tally.ts";

/** There errors of handlers come here, else as events. */
const isBun = "Bun" in globalThis;

/** What handlers throw here. */
class Thrown extends Error {
  override readonly name = "Thrown";
}

/** Counts what is thrown and what is reported. */
export class Reports {
  readonly #tally: Tally;
  readonly #unreported: Set<unknown> = new Set();
  #thrown = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
    addEventListener("error", this.#onError);
    if (isBun) process.on("uncaughtException", this.#onReport);
  }

  readonly #onError = (event: Event): void => {
    event.preventDefault();
    this.#onReport((event as ErrorEvent).error);
  };

  readonly #onReport = (error: unknown): void => {
    const { cause } = (error ?? {}) as { readonly cause?: unknown };
    if (this.#unreported.delete(cause)) return;
    this.#tally.fail(
      cause instanceof Thrown
        ? new Broken("an error is reported once", String(error))
        : new Broken("errors are those that may be", String(error)),
    );
  };

  /** An error for a handler to throw. */
  make(): Error {
    const thrown = new Thrown(`number ${this.#thrown++}`);
    this.#unreported.add(thrown);
    return thrown;
  }

  /** Holds once all is reported. */
  async holdComplete(): Promise<void> {
    const left = (): number => this.#unreported.size;
    await holdSoon(
      () => left() === 0,
      "what a handler throws is reported",
      () => `${left()} of ${this.#thrown} errors were not`,
    );
  }

  [Symbol.dispose](): void {
    removeEventListener("error", this.#onError);
    process.off("uncaughtException", this.#onReport);
  }
}
