/**
 * Ports of one result.
 *
 * @module
 */
import { type Feed, Port, type Sink } from "./port.ts";

/** Feeds a port from a promise. */
class ResultFeed implements Feed {
  readonly #stop: () => Promise<void>;
  inFlight = 1;

  constructor(promise: PromiseLike<unknown>, stop: () => Promise<void>, sink: Sink) {
    this.#stop = stop;
    const settled = (): void => void (this.inFlight = 0);
    Promise.resolve(promise).then(
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
    return this.inFlight > 0 ? this.#stop() : Promise.resolve();
  }
}

/**
 * A port of what a promise gives; `stop`, where there is a way, gives up what is awaited, and
 * resolves when nothing of it runs any more.
 */
export function resultPort<T>(
  promise: PromiseLike<T>,
  stop: () => Promise<void> = () => Promise.resolve(),
): Port<T> {
  return new Port<T>((sink) => new ResultFeed(promise, stop, sink));
}
