/**
 * Signals, by name and by number.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { checkInteger, type SignalOptions } from "./descriptor_options.ts";
import { eventWords, sourceSignal } from "./generated/siding.ts";
import { type Decoder, itemsDecoder, type SourcePlan } from "./native_source.ts";
import { checkSignal, type Range } from "./range.ts";
import { runtime } from "./runtime/current.ts";

/**
 * What a signal gives.
 *
 * @category Stations
 */
export interface SignalArrival {
  /** Its name, such as `"SIGUSR1"`; of a real-time signal `"SIG"` and its number. */
  readonly signal: string;
  /** Times that it came since the last item. */
  readonly count: number;
}

const NUMBERS: Range = { least: 1, most: 64 };

let names: ReadonlyMap<number, string> | undefined;

/** The name of a signal. */
export function signalName(number: number): string {
  names ??= new Map(
    Object.entries(runtime.signals()).reverse().map(([name, value]) => [value, name]),
  ); // of two names the first one
  return names.get(number) ?? `SIG${number}`;
}

function numberOf(signal: unknown): number {
  if (typeof signal === "string") {
    const numbers = runtime.signals();
    if (Object.hasOwn(numbers, signal)) return numbers[signal]!;
    throw new TypeError(`Cannot wait for signal "${signal}": there is none of that name`);
  }
  checkInteger(signal, "number", "wait for a signal", NUMBERS);
  if (signal === undefined) throw new TypeError("Cannot wait for a signal: none is named");
  return signal as number;
}

function decoderOf({ events: { u32 } }: Bridge, signal: string): Decoder {
  return itemsDecoder((at) => [{ signal, count: u32[at + eventWords * 2]! }]);
}

/** Plans to wait for a signal; throws what is wrong with it. */
export function signalPlan(b: Bridge, given: unknown, options: SignalOptions): SourcePlan {
  const { signal } = options;
  const number = numberOf(given);
  const name = signalName(number);
  const action = `wait for signal ${name}`;
  checkSignal(signal, action);
  return {
    b,
    action,
    syscall: "sigaction",
    kind: sourceSignal,
    object: number,
    capacity: 1,
    signal,
    decoder: decoderOf(b, name),
  };
}
