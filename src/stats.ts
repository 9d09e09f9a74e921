/**
 * What the library does at the moment.
 *
 * @module
 */
import { currentBridge } from "./bridge.ts";
import { checkStatus } from "./errors.ts";
import { layouts, trampolinesDynamic, trampolinesStatic } from "./generated/siding.ts";
import { loadNative } from "./loader.ts";
import { words } from "./words.ts";

/**
 * What {@linkcode stats} reports. Counts are of the whole process unless said otherwise.
 *
 * @category Settings and insight
 */
export interface Stats {
  /** Native threads started. */
  readonly threads: number;
  /** Most contexts, and most threads for other calls, that there may be. */
  readonly threadsMax: number;
  /** Slots of the pool by what their thread is used for. */
  readonly slots: {
    /** Parked, free for anything. */
    readonly vacant: number;
    /** Serving calls without a context. */
    readonly shared: number;
    /** Leased to a context. */
    readonly active: number;
    /** Their context is being released. */
    readonly recycling: number;
    /** Their context is released, C has not returned: they come back by themselves. */
    readonly wedged: number;
    /** Without a thread; one is started when it is needed. */
    readonly retired: number;
  };
  /** {@linkcode Context.acquire}s that wait for a slot. */
  readonly waiting: number;
  /** Bound calls that are not closed, those of owned handles included. */
  readonly boundCalls: number;
  /** Callbacks that are open. */
  readonly callbacks: number;
  /** Function pointers of closed callbacks and bound calls, which answer for ever. */
  readonly closures: number;
  /** Sources of stations that are open. */
  readonly sources: number;
  /** Calls from C that wait for an answer. */
  readonly asks: number;
  /**
   * What function pointers are made of: code of the library, or code written at run time into
   * memory that may be executed; `none` before the first.
   */
  readonly trampolines: "static" | "dynamic" | "none";
  /** Results dropped because their context or JavaScript thread was gone. */
  readonly dropped: number;
  /** JavaScript threads connected. */
  readonly bridges: number;
  /** Calls of this JavaScript thread that C has not finished. */
  readonly inFlight: number;
  /** Calls of this JavaScript thread that wait for the limit of calls in flight. */
  readonly queued: number;
  /** Calls of this JavaScript thread whose promise was rejected while C runs on. */
  readonly abandoned: number;
  /** Times that a JavaScript thread was roused. */
  readonly wakes: number;
  /** Bytes of native memory that hold call records and copied buffers. */
  readonly memory: number;
  /** Distinct signatures prepared. */
  readonly signatures: number;
  /** How this JavaScript thread is roused; `none` before its first library. */
  readonly wakeChannel: "socket" | "callback" | "none";
  /** Where libsiding was loaded from. */
  readonly library: string;
}

const trampolines: Readonly<Record<number, Stats["trampolines"]>> = {
  [trampolinesStatic]: "static",
  [trampolinesDynamic]: "dynamic",
};

/**
 * Counts threads, calls and memory, at the cost of one short native call.
 *
 * @example
 * ```ts
 * import { stats } from "@siding/ffi";
 *
 * console.log(stats().threads);
 * ```
 *
 * @category Settings and insight
 */
export function stats(): Stats {
  const { native, path } = loadNative();
  const { size, offsets } = layouts.stats;
  const raw = words(size / 8);
  raw.u32[0] = size;
  checkStatus(native.siding_stats_read(raw.u8), "read statistics");
  const count = (offset: number): number => raw.u32[offset / 4]!;
  const long = (offset: number): number => Number(raw.u64[offset / 8]);
  const b = currentBridge();
  return {
    threads: count(offsets.threads),
    threadsMax: count(offsets.threadsMax),
    slots: {
      vacant: count(offsets.slotsVacant),
      shared: count(offsets.slotsShared),
      active: count(offsets.slotsActive),
      recycling: count(offsets.slotsRecycling),
      wedged: count(offsets.slotsWedged),
      retired: count(offsets.slotsRetired),
    },
    waiting: count(offsets.waiting),
    boundCalls: count(offsets.boundCalls),
    callbacks: count(offsets.callbacks),
    closures: count(offsets.closures),
    sources: count(offsets.sources),
    asks: count(offsets.asks),
    trampolines: trampolines[count(offsets.trampolines)] ?? "none",
    dropped: long(offsets.dropped),
    bridges: count(offsets.bridges),
    inFlight: b?.inFlight ?? 0,
    queued: b?.queued ?? 0,
    abandoned: b?.abandoned ?? 0,
    wakes: long(offsets.wakes),
    memory: long(offsets.memoryBytes),
    signatures: long(offsets.signatures),
    wakeChannel: b?.wake ?? "none",
    library: path,
  };
}
