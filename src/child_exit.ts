/**
 * Child processes that C started.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { checkInteger, type SignalOptions } from "./descriptor_options.ts";
import { eventWords, sourceChild } from "./generated/siding.ts";
import { type Decoder, itemsDecoder, type SourcePlan } from "./native_source.ts";
import { checkSignal, type Range } from "./range.ts";
import { runtime } from "./runtime/current.ts";
import { signalName } from "./signals.ts";

/**
 * How a child process ended.
 *
 * @category Stations
 */
export interface ChildExit {
  /** Its exit code, of 32 bits without a sign on Windows; `null` where a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, such as `"SIGKILL"`; else `null`. */
  readonly signal: string | null;
}

const PROCESSES: Range = { least: 1, most: 2 ** 31 - 1 };

const isWindows = runtime.system === "windows";

function decoderOf({ events: { u32, i32 } }: Bridge): Decoder {
  const codes = isWindows ? u32 : i32;
  return itemsDecoder((at) => {
    const word = at + eventWords * 2;
    const signal = u32[word + 2]!;
    const exit = signal === 0
      ? { code: codes[word]!, signal: null }
      : { code: null, signal: signalName(signal) };
    return [exit];
  });
}

/** Plans to wait for the end of a process; throws what is wrong with its number. */
export function childPlan(b: Bridge, process: unknown, options: SignalOptions): SourcePlan {
  const { signal } = options;
  const action = `wait for process ${String(process)}`;
  if (typeof process !== "number") throw new TypeError(`Cannot ${action}: it is no number`);
  checkInteger(process, "number", action, PROCESSES);
  checkSignal(signal, action);
  return {
    b,
    action,
    syscall: isWindows ? "OpenProcess" : "pidfd_open",
    kind: sourceChild,
    object: process,
    capacity: 1,
    signal,
    decoder: decoderOf(b),
  };
}
