/**
 * Ports of one result.
 *
 * @module
 */
import { type Feed, Port, type Sink } from "./port.ts";

/** Feeds a port from a promise. */
class ResultFeed implements Feed {
  readonly #stop: (() => void) | undefined;
  readonly #settled: Promise<void>;
  inFlight = 1;

  constructor(promise: PromiseLike<unknown>, stop: (() => void) | undefined, sink: Sink) {
    this.#stop = stop;
    const settled = (): void => void (this.inFlight = 0);
    this.#settled = Promise.resolve(promise).then(
      (value) => {
        settled();
        sink.page([value]);
        sink.end(null);
      },
      (error) => {
        settled();
        sink.fail(error);
      },
    );
  }

  get capacity(): number {
    return 1;
  }

  get isLasting(): boolean {
    return false;
  }

  pull(): void {}

  ask(): void {}

  await(): void {} // what is awaited sees to it itself

  open(page: unknown): readonly unknown[] {
    return page as readonly unknown[];
  }

  drop(): void {}

  forget(): void {}

  stop(): Promise<void> {
    if (this.#stop === undefined) return Promise.resolve();
    if (this.inFlight > 0) this.#stop();
    return this.#settled;
  }
}

/** A port of what a promise gives; `stop`, where there is a way, has it settle soon. */
export function resultPort<T>(promise: PromiseLike<T>, stop?: () => void): Port<T> {
  return new Port<T>((sink) => new ResultFeed(promise, stop, sink));
}
