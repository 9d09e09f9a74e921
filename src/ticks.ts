/**
 * Timers.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import type { SignalOptions } from "./descriptor_options.ts";
import { eventWords, sourceTimer } from "./generated/siding.ts";
import { type Decoder, itemsDecoder, type SourcePlan } from "./native_source.ts";
import { checkRange, checkSignal, type Range } from "./range.ts";

/**
 * What a timer gives.
 *
 * @category Stations
 */
export interface Tick {
  /** Ticks since the last item: more than 1 where nobody took them in time. */
  readonly count: number;
}

/**
 * Options of {@linkcode Station.timer}. Times are milliseconds, fractions included.
 *
 * @category Stations
 */
export interface TimerOptions extends SignalOptions {
  /** Between ticks; without it there is one. */
  readonly every?: number;
  /** From now to the first tick; default: `every`. */
  readonly after?: number;
}

const NS_OF_MS = 1e6;
/** As many nanoseconds as a number counts exactly: 104 days. */
const TIMES: Range = { least: 0, most: Number.MAX_SAFE_INTEGER / NS_OF_MS };
const INTERVALS: Range = { least: 1 / NS_OF_MS, most: TIMES.most };

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * NS_OF_MS));
}

/** What nearly every tick is. */
const one: readonly Tick[] = Object.freeze([Object.freeze({ count: 1 })]);

function decoderOf({ events: { u32 } }: Bridge): Decoder {
  return itemsDecoder((at) => {
    const word = at + eventWords * 2;
    const count = u32[word]! + u32[word + 1]! * 4294967296;
    return count === 1 ? one : [{ count }];
  });
}

/** Plans a timer; throws what is wrong with the options. */
export function timerPlan(b: Bridge, options: TimerOptions): SourcePlan {
  const action = "start a timer";
  const { every, after = every, signal } = options;
  checkRange(every, "every", action, INTERVALS);
  checkRange(after, "after", action, TIMES);
  checkSignal(signal, action);
  if (after === undefined) throw new TypeError(`Cannot ${action}: it has neither every nor after`);
  return {
    b,
    action,
    syscall: "timerfd_settime",
    kind: sourceTimer,
    afterNs: nanoseconds(after),
    everyNs: every === undefined ? 0n : nanoseconds(every),
    capacity: 1,
    signal,
    decoder: decoderOf(b),
  };
}
