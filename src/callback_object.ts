/**
 * Callbacks as JavaScript has them.
 *
 * @module
 */
import { setExported } from "./callable.ts";
import type { CallbackArguments } from "./convert.ts";
import type { CallbackStats, Endpoint, Lost } from "./endpoint.ts";
import { creationStack, reportLeak } from "./leak.ts";
import type { Feed, Port, Sink } from "./port.ts";
import type { Callable, CallbackDefinition, FunctionPointer } from "./types.ts";

interface Forgotten {
  readonly endpoint: Endpoint;
  readonly stack: string | undefined;
}

/* C may have the pointer of one: then nobody but its owner can say when that ends. */
const forgotten: FinalizationRegistry<Forgotten> = new FinalizationRegistry(
  ({ endpoint, stack }) => {
    if (!endpoint.isTaken) return endpoint.forget();
    if (!endpoint.isOpen || endpoint.b.closed) return;
    reportLeak({ kind: "callback", address: endpoint.address(false), size: 0, stack });
  },
);

const endpoints: WeakMap<object, Endpoint> = new WeakMap();

/** Has `listener` told of the calls that a callback loses, if the object is one. */
export function onLost(object: object, listener: (name: string, lost: Lost) => void): void {
  const endpoint = endpoints.get(object);
  if (endpoint !== undefined) endpoint.onLost = (lost) => listener(endpoint.name, lost);
}

/**
 * A JavaScript function that C can call, on any thread; made by `callback.post` and
 * `callback.call`.
 *
 * It is given to C as an argument itself, or by its `pointer`. It lives until it is closed: by
 * `using`, {@linkcode Callback.close}, {@linkcode Context.keep}, or the end of its JavaScript
 * thread. One that was collected without is reported on the channel `siding:leak`.
 *
 * @example
 * ```ts
 * import { callback, open } from "@siding/ffi";
 *
 * const compare = { parameters: [{ copy: "f64" }, { copy: "f64" }], result: "i32" } as const;
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   qsort: { parameters: ["buffer", "usize", "usize", { function: compare }], result: "void" },
 * });
 * using ascending = callback.call(compare, (a, b) => Math.sign(a! - b!), { fallback: 0 });
 * const numbers = Float64Array.of(3, 1, 2);
 * await libc.qsort(numbers, numbers.length, 8, ascending);
 * console.log(numbers); // 1, 2, 3
 * ```
 *
 * @category Callbacks
 */
export class Callback<D extends CallbackDefinition = CallbackDefinition>
  implements Callable<D>, Disposable {
  readonly #endpoint: Endpoint;

  /** @internal */
  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    setExported(this, endpoint);
    endpoints.set(this, endpoint);
    forgotten.register(this, { endpoint, stack: creationStack() }, this);
  }

  /** Its name. */
  get name(): string {
    return this.#endpoint.name;
  }

  /** What C calls; throws `ERR_SIDING_CLOSED` after {@linkcode Callback.forget}. */
  get pointer(): FunctionPointer<D> {
    return this.#endpoint.address(false) as FunctionPointer<D>;
  }

  /** Counts; those of its end once it is closed. */
  get stats(): CallbackStats {
    return this.#endpoint.stats;
  }

  /**
   * Ends it; legal in its own handler too. C threads that wait, and all that call it later, get the
   * value for a closed one: its pointer stays valid for ever. What was not delivered is dropped.
   *
   * Idempotent.
   */
  close(): void {
    forgotten.unregister(this);
    this.#endpoint.close();
  }

  /**
   * Closes it, and lets its address serve another callback. Only where C is known not to have it
   * any more: a late call would reach that one.
   */
  forget(): void {
    forgotten.unregister(this);
    this.#endpoint.forget();
  }

  /** Keeps the process alive, which an idle callback does not; until it is closed. */
  ref(): this {
    this.#endpoint.hold(true);
    return this;
  }

  /** Lets the process end again. */
  unref(): this {
    this.#endpoint.hold(false);
    return this;
  }

  /** {@linkcode Callback.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

let portOf: (stream: CallbackStream) => Port<unknown>;

/** The port of the calls of a stream. */
export function streamPort(stream: CallbackStream): Port<unknown> {
  return portOf(stream);
}

/**
 * A callback whose calls are iterated; made by `callback.stream`. A loop that is left closes it.
 *
 * @example
 * ```ts
 * import { callback, open } from "@siding/ffi";
 *
 * const visit = { parameters: ["cstring", "pointer", "i32", "pointer"], result: "i32" } as const;
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   nftw: { parameters: ["cstring", { function: visit }, "i32", "i32"], result: "i32" },
 * });
 * using entries = callback.stream(visit, { returns: 0 });
 * const walk = libc.nftw("/etc", entries, 16, 0);
 * for await (const [path] of entries) {
 *   console.log(path); // /etc
 *   break;
 * }
 * await walk; // whose further calls return at once
 * ```
 *
 * @category Callbacks
 */
export class CallbackStream<D extends CallbackDefinition = CallbackDefinition> extends Callback<D>
  implements AsyncIterable<CallbackArguments<D>, undefined> {
  /** @ignore Exists in the type only. */
  declare readonly "~stream": true;
  readonly #port: Port<CallbackArguments<D>>;
  readonly #feed: CallbackFeed;

  /** @internal */
  constructor(endpoint: Endpoint, feed: CallbackFeed, port: Port<CallbackArguments<D>>) {
    super(endpoint);
    this.#feed = feed;
    this.#port = port;
  }

  static {
    portOf = (stream) => stream.#port;
  }

  /** Keeps the process alive, which a stream that nobody waits for does not; until it is closed. */
  override ref(): this {
    this.#port.ref();
    return this;
  }

  /** Lets the process end again. */
  override unref(): this {
    this.#port.unref();
    return this;
  }

  /** Closes it behind the calls that C has made so far, which are still delivered. */
  end(): void {
    this.#feed.end();
  }

  /** The calls, each as its arguments; keeps the process alive while it waits for one. */
  [Symbol.asyncIterator](): AsyncIterableIterator<CallbackArguments<D>, undefined> {
    return this.#port;
  }

  /** The calls as arrays, as many as there are at a time; the fastest way through many. */
  pages(): AsyncGenerator<readonly CallbackArguments<D>[], undefined> {
    return this.#port.pages();
  }

  /** The same calls as a stream. */
  get readable(): ReadableStream<CallbackArguments<D>> {
    return this.#port.readable;
  }
}

/** Calls that JavaScript asks for in advance. */
const AHEAD = 256;

interface CallbackPage {
  readonly calls: readonly unknown[];
  /** Events that were asked for and used up for it. */
  readonly asked: number;
}

/** Gathers the calls of a stream, as many as the consumer has room for. */
export class CallbackFeed implements Feed {
  /** What C calls with, one after the other. */
  readonly handler = (...args: unknown[]): void => void this.#calls.push(args);
  #sink: Sink | undefined;
  #calls: unknown[] = [];
  /** Events that could not be read. */
  #spoilt = 0;
  /** Events in all. */
  #taken = 0;
  #last = Infinity;
  #endpoint: Endpoint | undefined;

  /** Begins with `capacity` calls at most in advance. */
  begin(sink: Sink, endpoint: Endpoint, capacity: number = AHEAD): this {
    this.#sink = sink;
    this.#endpoint = endpoint;
    endpoint.onRun = () => this.#deliver(true);
    endpoint.onHere = () => this.#deliver(false);
    endpoint.onSpoilt = () => void this.#spoilt++;
    endpoint.onEnd = () => sink.end(null);
    endpoint.pull(Math.min(capacity, AHEAD));
    return this;
  }

  /* Who calls on this thread asks nobody. */
  #deliver(wasAsked: boolean): void {
    const calls = this.#calls;
    const events = calls.length + this.#spoilt;
    if (events === 0) return;
    this.#calls = [];
    this.#spoilt = 0;
    this.#taken += events;
    if (!wasAsked) this.#last += events; // what waits comes before the end all the same
    const asked = wasAsked ? events : 0;
    if (calls.length > 0) this.#sink?.page({ calls, asked });
    else this.#endpoint?.pull(asked);
    if (this.#taken >= this.#last) this.#endpoint?.close();
  }

  /** Closes the callback when all calls made so far have come. */
  end(): void {
    const endpoint = this.#endpoint!;
    if (!endpoint.isOpen) return;
    this.#last = endpoint.stats.events;
    if (this.#taken >= this.#last) endpoint.close();
  }

  /* Asks for as many more as the page has used up, which the consumer now has taken. */
  open(page: unknown): readonly unknown[] {
    const { calls, asked } = page as CallbackPage;
    this.#endpoint?.pull(asked);
    return calls;
  }

  pull(): void {}

  await(isAwaited: boolean): void {
    this.#endpoint?.hold(isAwaited);
  }

  stop(): Promise<void> {
    this.#endpoint?.close();
    return Promise.resolve();
  }

  ask(): void {}

  drop(): void {}

  forget(): void {}

  get inFlight(): number {
    return 0;
  }

  get capacity(): number {
    return AHEAD;
  }

  get isLasting(): boolean {
    return false;
  }
}
