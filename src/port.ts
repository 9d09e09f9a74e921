/**
 * Ports: what native code makes, as an async iterable and as a stream.
 *
 * @module
 */
import type { ChainEnd } from "./trip.ts";
import { Queue } from "./queue.ts";

/** Where the items of a port come from, in pages. */
export interface Feed {
  /** Makes room for one page more. */
  pull(): void;
  /** Stops; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** Says that somebody wants an item, and is through with those that he has. */
  ask(): void;
  /** Says whether the process is to be kept alive. */
  await(isAwaited: boolean): void;
  /** Makes the items of a page, once. */
  open(page: unknown): readonly unknown[];
  /** Lets go of a page that nobody takes. */
  drop(page: unknown): void;
  /** Lets go of items that nobody takes. */
  forget(items: readonly unknown[]): void;
  /** Pages that are being made. */
  readonly inFlight: number;
  /** Most pages in advance of who takes them. */
  readonly capacity: number;
  /** Whether it goes on where `open` throws. */
  readonly isLasting: boolean;
}

/** Where a feed puts its pages. */
export interface Sink {
  /** Adds a page. */
  page(page: unknown): void;
  /** Ends the port behind the pages that it has. */
  end(end: ChainEnd | null): void;
  /** The same with an error. */
  fail(error: unknown): void;
  /** Ends the port now. */
  abort(reason: unknown): void;
  /** Takes back items that nobody has taken yet. */
  recall(isGone: (item: unknown) => boolean): void;
}

/**
 * Counts of a port.
 *
 * @category Stations
 */
export interface PortStats {
  /** Items that were taken. */
  readonly delivered: number;
  /** Pages that wait to be taken; a page of anything but a chain has one item. */
  readonly buffered: number;
  /** Pages that are being made. */
  readonly inFlight: number;
  /** Most pages that wait or are being made, after which the native side stops. */
  readonly capacity: number;
}

/** What is told to one who takes what a port has, in place of those who call `next`. */
export interface Taker {
  /** There is something to take. */
  onReady(): void;
  /** Items that he has taken, and nobody of him yet, are the port's no more. */
  onRecall(isGone: (item: unknown) => boolean): void;
}

/** How he takes it. */
export interface Intake {
  /** Whether there is something to take, be it the end. */
  readonly isReady: boolean;
  /** Whether nothing more comes than what there is. */
  readonly isOver: boolean;
  /** The items that there are, or the end; throws, once, what ended the port with an error. */
  take(): IteratorResult<readonly unknown[], undefined> | undefined;
  /** Says that items are wanted, and that those taken have been dealt with. */
  ask(): void;
  /** Lets go of items that were taken for nobody. */
  forget(items: readonly unknown[]): void;
  /** Takes nothing any more. */
  end(): void;
}

/** A feed that has ended before it began. */
const nothing: Feed = {
  inFlight: 0,
  capacity: 0,
  isLasting: false,
  pull: () => {},
  ask: () => {},
  open: () => [],
  drop: () => {},
  forget: () => {},
  await: () => {},
  stop: () => Promise.resolve(),
};

/** A port that was given up before it began. */
export function abortedPort<T>({ reason }: AbortSignal): Port<T> {
  return new Port<T>((sink) => {
    queueMicrotask(() => sink.abort(reason));
    return nothing;
  });
}

type Result = IteratorResult<unknown, undefined>;

interface Waiter {
  readonly whole: boolean;
  readonly resolve: (result: Result | Promise<never>) => void;
}

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

let captured: Waiter["resolve"];
/** An executor that makes no closure. */
const capture = (resolve: Waiter["resolve"]): void => {
  captured = resolve;
};

let intake: (port: Port<unknown>, taker: Taker) => Intake;
let onOver: (port: Port<unknown>, listener: (closing: Promise<void>) => void) => void;

/** Has `listener` told once a port is over, with what says when nothing of it runs any more. */
export function whenOver(
  port: Port<unknown>,
  listener: (closing: Promise<void>) => void,
): void {
  onOver(port, listener);
}

/** Takes what a port has from now on; throws `TypeError` where another one does. */
export function takeFrom(port: Port<unknown>, taker: Taker): Intake {
  return intake(port, taker);
}

/**
 * What native code makes, one item after the other; made by {@linkcode Context.repeat} and by the
 * methods of a {@linkcode Station}.
 *
 * Nothing is lost: who takes nothing stops the native side once its capacity is used up. A loop
 * that is left closes the port.
 *
 * @example
 * ```ts
 * import { chain, Context, open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   rand: { parameters: [], result: "i32" },
 * });
 * await using context = await Context.acquire();
 * const numbers = context.repeat(chain(context.use(libc), (s) => [s.run.rand()]));
 * let count = 0;
 * for await (const [number] of numbers) {
 *   console.log(number);
 *   if (++count === 3) break; // closes it
 * }
 * ```
 *
 * @category Stations
 */
export class Port<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly #feed: Feed;
  readonly #pages: Queue<unknown> = new Queue();
  readonly #waiters: Queue<Waiter> = new Queue();
  #page: readonly unknown[] = [];
  #at = 0;
  #opened = 0;
  #isOver = false;
  #isOpening = false;
  #isReferenced = false;
  /** What ended it. */
  #failure: { readonly error: unknown } | undefined;
  /** What opening a page threw. */
  #raised: { readonly error: unknown } | undefined;
  #taker: Taker | undefined;
  #onOver: ((closing: Promise<void>) => void) | undefined;
  #end: ChainEnd | null = null;
  #closing: Promise<void> | undefined;
  #readable: ReadableStream<T> | undefined;

  /** @internal */
  constructor(start: (sink: Sink) => Feed) {
    this.#feed = start({
      page: (page) => {
        if (this.#isOver) return this.#feed.drop(page);
        this.#pages.add(page);
        if (!this.#isOpening) this.#serve();
      },
      end: (end) => this.#finish(end),
      fail: (error) => this.#fail(error),
      abort: (reason) => {
        this.#discard();
        this.#fail(reason);
      },
      recall: (isGone) => this.#recall(isGone),
    });
  }

  static {
    intake = (port, taker) => port.#intake(taker);
    onOver = (port, listener) => void (port.#onOver = listener);
  }

  /** What ended the chain, once it has ended by itself; else `null`. */
  get end(): ChainEnd | null {
    return this.#end;
  }

  /** Counts. */
  get stats(): PortStats {
    return {
      delivered: this.#opened - (this.#page.length - this.#at),
      buffered: this.#pages.length,
      inFlight: this.#feed.inFlight,
      capacity: this.#feed.capacity,
    };
  }

  /** Keeps the process alive until it has ended, which otherwise only a pending `next` does. */
  ref(): this {
    this.#isReferenced = !this.#isOver;
    this.#hold();
    return this;
  }

  /** Lets the process end again. */
  unref(): this {
    this.#isReferenced = false;
    this.#hold();
    return this;
  }

  /** The next item; rejects, once, with what ended the port, if that was an error. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#at < this.#page.length) {
      return Promise.resolve({ value: this.#page[this.#at++] as T, done: false });
    }
    return this.#next(false) as Promise<IteratorResult<T, undefined>>;
  }

  /** Closes it; what a loop does that is left. Native code may run on until it notices. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.close().catch(() => {});
    return Promise.resolve(done);
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The items as arrays, as many as there are at a time; the fastest way through many rows. */
  async *pages(): AsyncGenerator<readonly T[], undefined> {
    try {
      for (;;) {
        const result = await this.#next(true);
        if (result.done) return undefined;
        yield result.value as readonly T[];
      }
    } finally {
      this.close().catch(() => {});
    }
  }

  /** The same items as a stream. */
  get readable(): ReadableStream<T> {
    return this.#readable ??= new ReadableStream<T>({
      pull: async (controller) => {
        const result = await this.next();
        if (result.done) controller.close();
        else controller.enqueue(result.value);
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  /** Ends it, what waits to be taken included; resolves when nothing of it runs any more. */
  close(): Promise<void> {
    this.#discard();
    this.#finish(null);
    return this.#closing ??= this.#feed.stop();
  }

  /** {@linkcode Port.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #next(whole: boolean): Promise<Result> {
    this.#feed.ask();
    try {
      const result = this.#waiters.length === 0 ? this.#take(whole) : undefined;
      if (result !== undefined) return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
    const promise = new Promise<Result>(capture);
    this.#waiters.add({ whole, resolve: captured });
    if (this.#waiters.length === 1) this.#hold();
    return promise;
  }

  #intake(taker: Taker): Intake {
    if (this.#taker !== undefined) {
      throw new TypeError("Cannot take part in this port: another station or merge does");
    }
    this.#taker = taker;
    const isReady = (): boolean => this.#isReady;
    const isOver = (): boolean => this.#isOver;
    return {
      get isReady() {
        return isReady();
      },
      get isOver() {
        return isOver();
      },
      take: () => this.#take(true) as ReturnType<Intake["take"]>,
      ask: () => this.#feed.ask(),
      forget: (items) => this.#feed.forget(items),
      end: () => void (this.#taker = undefined),
    };
  }

  get #isReady(): boolean {
    return this.#isOver || this.#raised !== undefined || this.#at < this.#page.length ||
      this.#pages.length > 0;
  }

  #hold(): void {
    this.#feed.await(this.#isReferenced || this.#waiters.length > 0);
  }

  /* What there is for one who asks; nothing while that is not known. */
  #take(whole: boolean): Result | undefined {
    if (this.#at === this.#page.length && !this.#turn()) {
      const failure = this.#raised ?? this.#failure;
      if (failure !== undefined) {
        if (failure === this.#failure) this.#failure = undefined;
        this.#raised = undefined;
        throw failure.error;
      }
      return this.#isOver ? done : undefined;
    }
    if (!whole) return { value: this.#page[this.#at++], done: false };
    return { value: this.#page.length > 1 ? this.#rest() : this.#singles(), done: false };
  }

  #rest(): readonly unknown[] {
    const rest = this.#at === 0 ? this.#page : this.#page.slice(this.#at);
    this.#at = this.#page.length;
    return rest;
  }

  /* Pages of one item each become one. */
  #singles(): readonly unknown[] {
    const items: unknown[] = [];
    do {
      items.push(this.#page[0]);
      this.#at = 1;
    } while (this.#pages.length > 0 && this.#turn() && this.#page.length === 1);
    return items;
  }

  /* Opens the next page that is not empty. */
  #turn(): boolean {
    while (this.#raised === undefined && this.#pages.length > 0) {
      const page = this.#pages.take();
      if (!this.#isOver) this.#feed.pull();
      this.#page = this.#open(page);
      this.#at = 0;
      this.#opened += this.#page.length;
      if (this.#page.length > 0) return true;
    }
    return false;
  }

  #open(page: unknown): readonly unknown[] {
    this.#isOpening = true;
    try {
      return this.#feed.open(page);
    } catch (error) {
      this.#raised = { error };
      if (this.#feed.isLasting) return [];
      this.#drop();
      this.#over();
      return [];
    } finally {
      this.#isOpening = false;
    }
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      let result: Result | Promise<never> | undefined;
      try {
        result = this.#take(this.#waiters.first.whole);
      } catch (error) {
        result = Promise.reject(error);
      }
      if (result === undefined) return;
      this.#waiters.take().resolve(result);
      if (this.#waiters.length === 0) this.#hold();
      else this.#feed.ask();
    }
    if (this.#isReady) this.#taker?.onReady();
  }

  #drop(): void {
    while (this.#pages.length > 0) this.#feed.drop(this.#pages.take());
  }

  #discard(): void {
    this.#drop();
    this.#recall(() => true);
  }

  #recall(isGone: (item: unknown) => boolean): void {
    if (this.#at < this.#page.length) {
      const rest = this.#rest();
      const gone = rest.filter(isGone);
      this.#page = rest.filter((item) => !isGone(item));
      this.#at = 0;
      this.#opened -= gone.length;
      if (gone.length > 0) this.#feed.forget(gone);
    }
    this.#taker?.onRecall(isGone);
  }

  #finish(end: ChainEnd | null): void {
    if (this.#isOver) return;
    this.#end = end;
    this.#over();
    if (!this.#isOpening) this.#serve();
  }

  #over(): void {
    this.#isOver = true;
    if (this.#isReferenced) this.unref();
    this.#closing ??= this.#feed.stop();
    this.#onOver?.(this.#closing);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    this.#finish(null);
  }
}
