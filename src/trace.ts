/**
 * Traces: when which call ran where, in the Trace Event format that Perfetto opens.
 *
 * @module
 */
import { checkStatus } from "./errors.ts";
import { layouts } from "./generated/siding.ts";
import { loadNative } from "./loader.ts";
import { checkRange, type Range } from "./range.ts";
import { words } from "./words.ts";

/**
 * Options of {@linkcode trace}.
 *
 * @category Settings and insight
 */
export interface TraceOptions {
  /** Calls that are noted at most; what comes after them is only counted. Default 65,536. */
  readonly entries?: number;
}

/**
 * One line of a trace.
 *
 * @category Settings and insight
 */
export interface TraceEvent {
  /** Name of the C function, or what the line says of the process or a lane. */
  readonly name: string;
  /** `X`: a call; `M`: a name, or the place of a lane among the others. */
  readonly ph: "X" | "M";
  /** Always 1. */
  readonly pid: number;
  /** The lane: a context, or a thread of the shared pool. */
  readonly tid: number;
  /** Start of the call in microseconds, counted from that of the first. */
  readonly ts?: number;
  /** How long it ran, in microseconds. */
  readonly dur?: number;
  /** `siding`. */
  readonly cat?: string;
  /** The name or place; of a call, its token and slot. */
  readonly args: Readonly<Record<string, string | number>>;
}

/**
 * A trace, ready for `JSON.stringify`.
 *
 * @category Settings and insight
 */
export interface Trace {
  /** Lanes and calls. */
  readonly traceEvents: readonly TraceEvent[];
  /** How viewers show times. */
  readonly displayTimeUnit: "ns";
  /** What else there is to know. */
  readonly otherData: {
    /** Calls for which there was no room. */
    readonly dropped: number;
  };
}

/**
 * A trace that is being made.
 *
 * @category Settings and insight
 */
export interface TraceSession extends Disposable {
  /** Ends it and gives what it has; again the same when called again. */
  stop(): Trace;
}

const ENTRIES_DEFAULT = 65_536;
const ENTRIES: Range = { least: 1, most: 2 ** 24 };
const BATCH = 4096;
/** Numbers of contexts' lanes, above all those of threads. */
const CONTEXT_LANES = 100_000;
/** Lanes of threads are shown below those of contexts. */
const THREADS_BELOW = 1_000_000;
const { size, offsets } = layouts.traceEntry;

const functionNames: Map<number, string> = new Map();
const leaseNames: Map<number, string> = new Map();
let isTracing = false;

/** Has traces call the function at an address by its name. */
export function noteFunction(address: number, name: string): void {
  functionNames.set(address, name);
}

/** Has traces call a lease by its name. */
export function noteLease(handle: number, name: string): void {
  if (name !== "") leaseNames.set(handle, name);
}

/** Forgets the name of a lease that has ended, unless a trace may still ask for it. */
export function unnoteLease(handle: number): void {
  if (!isTracing) leaseNames.delete(handle);
}

interface Entry {
  readonly started: bigint;
  readonly ended: bigint;
  readonly function: number;
  readonly context: number;
  readonly thread: number;
  readonly token: number;
}

function readBatch(first: number, dropped: BigUint64Array): Entry[] {
  const { native } = loadNative();
  const raw = words(BATCH * size / 8);
  const read = native.siding_trace_read(first, raw.u8, BATCH, new Uint8Array(dropped.buffer));
  const count = checkStatus(read, "read a trace");
  return Array.from({ length: count }, (_, index) => {
    const word = index * size / 8;
    const long = (offset: number): bigint => raw.u64[word + offset / 8]!;
    return {
      started: long(offsets.startedNs),
      ended: long(offsets.endedNs),
      function: Number(raw.i64[word + offsets.function / 8]),
      context: Number(long(offsets.context)),
      thread: raw.u32[word * 2 + offsets.thread / 4]!,
      token: raw.u32[word * 2 + offsets.token / 4]!,
    };
  });
}

function readAll(): { entries: Entry[]; dropped: number } {
  const dropped = new BigUint64Array(1);
  const entries: Entry[] = [];
  for (;;) {
    const batch = readBatch(entries.length, dropped);
    for (const entry of batch) entries.push(entry);
    if (batch.length < BATCH) return { entries, dropped: Number(dropped[0]) };
  }
}

/** Numbers and names of lanes, in order of their first call. */
class Lanes {
  readonly events: TraceEvent[] = [];
  readonly #contexts: Map<number, number> = new Map();
  readonly #threads: Set<number> = new Set();

  /** The lane of a call. */
  of({ context, thread }: Entry): number {
    return context === 0 ? this.#ofThread(thread) : this.#ofContext(context, thread);
  }

  #ofThread(thread: number): number {
    if (!this.#threads.has(thread)) {
      this.#threads.add(thread);
      this.#add(thread, `pool ${thread}`, THREADS_BELOW + thread);
    }
    return thread;
  }

  #ofContext(context: number, thread: number): number {
    const known = this.#contexts.get(context);
    if (known !== undefined) return known;
    const lane = CONTEXT_LANES + this.#contexts.size;
    this.#contexts.set(context, lane);
    this.#add(lane, leaseNames.get(context) ?? `context on slot ${thread}`, lane);
    return lane;
  }

  #add(tid: number, name: string, place: number): void {
    if (this.events.length === 0) this.events.push(said("process_name", tid, { name: "siding" }));
    this.events.push(said("thread_name", tid, { name }));
    this.events.push(said("thread_sort_index", tid, { sort_index: place }));
  }
}

function said(name: string, tid: number, args: TraceEvent["args"]): TraceEvent {
  return { name, ph: "M", pid: 1, tid, args };
}

function made({ entries, dropped }: { entries: Entry[]; dropped: number }): Trace {
  const lanes = new Lanes();
  const origin = entries.reduce(
    (least, { started }) => started < least ? started : least,
    entries[0]?.started ?? 0n,
  );
  const micros = (ns: bigint): number => Number(ns) / 1000;
  const calls = entries.map((entry): TraceEvent => ({
    name: functionNames.get(entry.function) ?? `0x${entry.function.toString(16)}`,
    ph: "X",
    pid: 1,
    tid: lanes.of(entry),
    ts: micros(entry.started - origin),
    dur: micros(entry.ended - entry.started),
    cat: "siding",
    args: { token: entry.token, slot: entry.thread },
  }));
  return {
    traceEvents: [...lanes.events, ...calls],
    displayTimeUnit: "ns",
    otherData: { dropped },
  };
}

/**
 * Notes from now on when each call of the process runs, on which thread.
 *
 * The result, as JSON, opens in Perfetto (ui.perfetto.dev) and in the tracing pages of browsers:
 * one lane for each context and each thread of the shared pool, one slice for each call. There is
 * one trace at a time; another one ends it, and so does `stop`. Throws `RangeError` for less than
 * one or more than 16,777,216 entries.
 *
 * @example
 * ```ts
 * import { open, trace } from "@siding/ffi";
 *
 * const libm = open({ linux: "libm.so.6", darwin: "libSystem.dylib" }, {
 *   cos: { parameters: ["f64"], result: "f64" },
 * });
 * const session = trace();
 * await Promise.all([libm.cos(0), libm.cos(1)]);
 * const { traceEvents } = session.stop();
 * console.log(traceEvents.filter(({ name }) => name === "cos").length); // 2
 * ```
 *
 * @category Settings and insight
 */
export function trace({ entries = ENTRIES_DEFAULT }: TraceOptions = {}): TraceSession {
  checkRange(entries, "entries", "trace", ENTRIES);
  const { native } = loadNative();
  checkStatus(native.siding_trace_start(Math.floor(entries)), "start a trace");
  isTracing = true;
  let result: Trace | undefined;
  const stop = (): Trace => {
    if (result !== undefined) return result;
    isTracing = false;
    result = made(readAll());
    native.siding_trace_start(0);
    return result;
  };
  return { stop, [Symbol.dispose]: () => void stop() };
}
