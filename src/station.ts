/**
 * Stations: waiting for descriptors, timers, signals, processes and native events at once.
 *
 * @module
 */
import { type Bridge, bridge } from "./bridge.ts";
import { CallbackStream, streamPort } from "./callback_object.ts";
import { type ChildExit, childPlan } from "./child_exit.ts";
import type { NativeFunction } from "./convert.ts";
import type { PortOptions, SignalOptions } from "./descriptor_options.ts";
import { SidingError } from "./errors.ts";
import { whenReturned } from "./invoke.ts";
import { type Arrival, includes, type Merge, mergedPort } from "./merge.ts";
import { type EventOptions, NativeEvent } from "./native_event.ts";
import { type SourcePlan, sourcePort } from "./native_source.ts";
import { Port, whenOver } from "./port.ts";
import type { Connection, Datagram } from "./preread_page.ts";
import {
  acceptConnections,
  type ExactOptions,
  prereadCalls,
  type PrereadOptions,
  readBytes,
  readExact,
  type ReadOptions,
  readRecords,
  receiveDatagrams,
  type ReceiveOptions,
} from "./prereader.ts";
import type { Single } from "./bound.ts";
import { type Readiness, readinessPlan, type WatchOptions } from "./readiness.ts";
import {
  type CaughtSignal,
  countRecords,
  type InotifyEvent,
  inotifyRecords,
  signalRecords,
} from "./records.ts";
import { resultPort } from "./result_feed.ts";
import { type SignalArrival, signalPlan } from "./signals.ts";
import { type Tick, type TimerOptions, timerPlan } from "./ticks.ts";

/**
 * Calls that are iterated: what `callback.stream` makes, whatever its definition.
 *
 * @category Stations
 */
export interface StreamSource extends AsyncIterable<readonly unknown[], undefined>, Disposable {
  /** @ignore Exists in the type only. */
  readonly "~stream": true;
  /** {@linkcode CallbackStream.end}. */
  end(): void;
}

/**
 * What a station can add and merge; a promise has one item, its result.
 *
 * @category Stations
 */
export type StationSource = Port<unknown> | Station | StreamSource | PromiseLike<unknown>;

/**
 * What comes from a source.
 *
 * @category Stations
 */
export type ArrivalOf<S> = S extends AsyncIterable<infer T> ? Arrival<S, T>
  : S extends PromiseLike<infer T> ? Arrival<S, T>
  : S extends number ? Arrival<S, Readiness>
  : never;

/**
 * Counts of a station.
 *
 * @category Stations
 */
export interface StationStats {
  /** Sources that are open, those added included. */
  readonly sources: number;
  /** Items of what was added that were taken. */
  readonly delivered: number;
}

let arrivalsOf: (station: Station) => Port<Arrival>;

function portOf(source: unknown): Port<unknown> {
  if (source instanceof Port) return source;
  if (source instanceof Station) return arrivalsOf(source);
  if (source instanceof CallbackStream) return streamPort(source);
  const { then } = (source ?? {}) as Partial<PromiseLike<unknown>>;
  if (typeof then === "function") return resultPort(source as PromiseLike<unknown>);
  throw new TypeError("Cannot add this source: it is no port, station, stream or promise");
}

/* Throws where the items come from `whole`, which is to have them. */
function join(merge: Merge, source: StationSource, whole: Port<unknown>): void {
  const port = portOf(source);
  if (includes(port, whole)) {
    throw new TypeError("Cannot add a station to itself, or in a cycle");
  }
  const owner: { close(): Promise<void> } = source instanceof Station ? source : port;
  merge.add(source, port, () => owner.close());
}

const returned: IteratorReturnResult<undefined> = { value: undefined, done: true };

/* The one item of a port, when nothing of it runs any more. */
async function only<T>(port: Port<T>, action: string): Promise<T> {
  try {
    const result = await port.next();
    if (!result.done) return result.value;
  } finally {
    await port.close();
  }
  throw new SidingError("ERR_SIDING_CLOSED", `Cannot ${action}: the station is closed`);
}

/**
 * Waits for whatever an operating system or a library can wait for, without a thread that blocks:
 * each source is a {@linkcode Port}, or a promise where it tells one thing.
 *
 * The native side waits in one thread of the process for all stations, and reads in advance, as
 * much as the ports' `capacity` allows. Closing the station closes its sources, and so does the end
 * of its JavaScript thread. Nothing idle keeps the process alive, a pending `next` does.
 *
 * A source that is refused throws {@linkcode SidingError} with `errno` and `syscall`, or rejects
 * with it where the method gives a promise. Wrong arguments throw `TypeError` and `RangeError`. A
 * descriptor stays its owner's, who closes it when its port has closed. On Windows it is a HANDLE
 * or a socket; an item of an object that loses its signal to a wait, such as an auto-reset event,
 * has taken it.
 *
 * @example
 * ```ts
 * import { Station } from "@siding/ffi";
 *
 * await using station = new Station();
 * let count = 0;
 * for await (const _ of station.timer({ every: 2.5 })) {
 *   if (++count === 4) break; // after 10 ms
 * }
 * ```
 *
 * @category Stations
 */
export class Station implements AsyncDisposable, AsyncIterable<Arrival, undefined> {
  readonly #b: Bridge = bridge();
  /** Its own. */
  readonly #ports: Set<Port<unknown>> = new Set();
  /** What was added. */
  readonly #arrivals: Port<Arrival>;
  readonly #merge: Merge;
  #closing: Promise<void> | undefined;

  /** Makes a station without sources. */
  constructor() {
    const { port, merge } = mergedPort(false);
    this.#arrivals = port;
    this.#merge = merge;
  }

  /** Resolves when there is something to read, the end of it included, or a connection. */
  readable(descriptor: number, options: SignalOptions = {}): Promise<void> {
    return this.#once(readinessPlan(this.#b, descriptor, { ...options, trigger: "once" }));
  }

  /** Resolves when there is room to write, or writing would fail. */
  writable(descriptor: number, options: SignalOptions = {}): Promise<void> {
    const watched = { ...options, write: true, trigger: "once" } as const;
    return this.#once(readinessPlan(this.#b, descriptor, watched));
  }

  /**
   * Tells what a descriptor is ready for, again and again. Several may watch the same one.
   *
   * An item of a level-triggered watch says what holds when it is asked for, so that nothing is
   * told twice to one who acts upon it before he asks again.
   */
  watch(descriptor: number, options: WatchOptions = {}): Port<Readiness> {
    return this.#open(readinessPlan(this.#b, descriptor, options));
  }

  /** Ticks, never early and without drift; those that nobody takes in time are counted. */
  timer(options: TimerOptions): Port<Tick> {
    return this.#open(timerPlan(this.#b, options));
  }

  /** Resolves after so many milliseconds, of which there may be fractions. */
  sleep(ms: number, options: SignalOptions = {}): Promise<void> {
    return this.#once(timerPlan(this.#b, { ...options, after: ms }));
  }

  /**
   * A signal of the process, by name or number. Every port of it in the process is told, and so is
   * the handler that was there before.
   */
  signal(signal: string | number, options: SignalOptions = {}): Port<SignalArrival> {
    return this.#open(signalPlan(this.#b, signal, options));
  }

  /**
   * Resolves when a child process that C has started ends, and reaps it.
   *
   * Rejects with `ERR_SIDING_NOT_CHILD` for any other process, and for one that the runtime has
   * started. On Windows, which reaps nothing, any process that may be opened will do.
   */
  child(pid: number, options: SignalOptions = {}): Promise<ChildExit> {
    return this.#once<ChildExit>(childPlan(this.#b, pid, options));
  }

  /** An event that C can post, from any thread. */
  event(options: EventOptions = {}): NativeEvent {
    this.#demand("make a native event");
    return this.#keep(new NativeEvent(options));
  }

  /**
   * A call as a port of its result, to be merged with others. Closing it aborts the call, and waits
   * for C where that runs: have it return soon by {@linkcode Context.interruptWith}, or add the
   * promise of a call instead.
   */
  call<A extends readonly unknown[], R>(fn: NativeFunction<A, R>, ...args: A): Port<R> {
    this.#demand("make a call");
    const controller = new AbortController();
    const result = fn.with({ signal: controller.signal })(...args);
    return this.#keep(resultPort(result, () => {
      controller.abort();
      return whenReturned(result);
    }));
  }

  /** Bytes, as many as there are at a time, until their end. */
  read(descriptor: number, options: ReadOptions = {}): Port<Uint8Array> {
    return this.#make("read", (b) => readBytes(b, descriptor, options));
  }

  /**
   * Bytes in items of exactly one size, until their end; fails with `ERR_SIDING_ENDED` where that
   * comes within an item.
   */
  exact(descriptor: number, options: ExactOptions): Port<Uint8Array> {
    return this.#make("read", (b) => readExact(b, descriptor, options));
  }

  /**
   * Connections of a listening socket. Those that nobody has taken when it is closed are closed.
   * Where the process has no descriptor left, they wait until there is one.
   */
  accept(descriptor: number, options: PortOptions = {}): Port<Connection> {
    return this.#make("accept", (b) => acceptConnections(b, descriptor, options));
  }

  /** Datagrams, with their addresses. */
  receive(descriptor: number, options: ReceiveOptions = {}): Port<Datagram> {
    return this.#make("receive", (b) => receiveDatagrams(b, descriptor, options));
  }

  /** Values of an eventfd. */
  eventfd(descriptor: number, options: PortOptions = {}): Port<bigint> {
    return this.#make("read", (b) => readRecords(b, descriptor, options, countRecords));
  }

  /** Expirations of a timerfd since the last item. */
  timerfd(descriptor: number, options: PortOptions = {}): Port<bigint> {
    return this.#make("read", (b) => readRecords(b, descriptor, options, countRecords));
  }

  /** Changes that an inotify descriptor tells of. */
  inotify(descriptor: number, options: PortOptions = {}): Port<InotifyEvent> {
    return this.#make("read", (b) => readRecords(b, descriptor, options, inotifyRecords));
  }

  /** Signals that a signalfd catches; C has to block them in all threads. */
  signalfd(descriptor: number, options: PortOptions = {}): Port<CaughtSignal> {
    return this.#make("read", (b) => readRecords(b, descriptor, options, signalRecords));
  }

  /**
   * Runs a bound call on the thread that waits, whenever there is something to read, and gives its
   * results. The call must not block, and must read: nothing else makes it run again but more to
   * read.
   */
  preread<R>(
    descriptor: number,
    bound: Single<R>,
    options: PrereadOptions<R> = {},
  ): Port<R> {
    return this.#make(
      "preread",
      (b) => prereadCalls(b, descriptor, bound, options) as Port<R>,
    );
  }

  /**
   * Makes the items of a source items of this station's own iteration. Closing the station closes
   * the source; a number is a descriptor that becomes readable when others do, such as epoll's.
   *
   * Throws `TypeError` where another station or merge has it, and where the station would get its
   * own items.
   */
  add(source: StationSource | number): this {
    this.#demand("add a source");
    if (typeof source === "number") {
      const port = this.watch(source);
      this.#merge.add(source, port, () => port.close());
      return this;
    }
    join(this.#merge, source, this.#arrivals);
    return this;
  }

  /**
   * Several sources as one port, in which none starves another. Closing it closes them. A source
   * that fails has `next` reject once, and the others go on.
   */
  merge<const S extends readonly StationSource[]>(...sources: S): Port<ArrivalOf<S[number]>> {
    this.#demand("merge sources");
    const { port, merge } = mergedPort(true);
    try {
      for (const source of sources) join(merge, source, this.#arrivals);
    } catch (error) {
      merge.leave();
      throw error;
    }
    return this.#keep(port as Port<ArrivalOf<S[number]>>);
  }

  /** What was added, as it comes; leaving the loop closes nothing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Arrival, undefined> {
    const iterator: AsyncIterableIterator<Arrival, undefined> = {
      next: () => this.#arrivals.next(),
      return: () => Promise.resolve(returned),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Keeps the process alive until it is closed. */
  ref(): this {
    this.#arrivals.ref();
    return this;
  }

  /** Lets the process end again. */
  unref(): this {
    this.#arrivals.unref();
    return this;
  }

  /** Counts. */
  get stats(): StationStats {
    const sources = new Set([...this.#ports, ...this.#merge.ports]).size;
    return { sources, delivered: this.#arrivals.stats.delivered };
  }

  /** Closes all its sources; resolves when nothing of them runs any more. Idempotent. */
  close(): Promise<void> {
    const all = [...this.#ports, this.#arrivals];
    return this.#closing ??= Promise.all(all.map((port) => port.close())).then(() => {});
  }

  /** {@linkcode Station.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #demand(action: string): void {
    if (this.#closing === undefined) return;
    throw new SidingError("ERR_SIDING_CLOSED", `Cannot ${action}: the station is closed`);
  }

  #keep<P extends Port<unknown>>(port: P): P {
    this.#ports.add(port);
    const remove = (): void => void this.#ports.delete(port);
    whenOver(port, (closing) => closing.then(remove, remove));
    return port;
  }

  #make<T>(action: string, make: (b: Bridge) => Port<T>): Port<T> {
    this.#demand(action);
    return this.#keep(make(this.#b));
  }

  #open<T>(plan: SourcePlan): Port<T> {
    this.#demand(plan.action);
    return this.#keep(sourcePort<T>(plan));
  }

  #once<T = void>(plan: SourcePlan): Promise<T> {
    try {
      return only(this.#open<T>(plan), plan.action);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  static {
    arrivalsOf = (station) => station.#arrivals;
  }
}
