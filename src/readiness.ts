/**
 * What descriptors are ready for.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { checkDescriptor, type SignalOptions } from "./descriptor_options.ts";
import {
  eventWords,
  readyError,
  readyHangup,
  readyPriority,
  readyRead,
  readyShutdown,
  readyWrite,
  sourceEdge,
  sourceOnce,
  sourceReady,
} from "./generated/siding.ts";
import { type Decoder, itemsDecoder, type SourcePlan } from "./native_source.ts";
import { runtime } from "./runtime/current.ts";

/**
 * What a descriptor is ready for.
 *
 * @category Stations
 */
export interface Readiness {
  /** There is something to read, the end of it included; at a listening socket: a connection. */
  readonly readable: boolean;
  /** There is room to write. */
  readonly writable: boolean;
  /** There is priority data, such as out-of-band data of TCP. */
  readonly priority: boolean;
  /** The peer sends nothing more: it has shut down, or closed. */
  readonly closed: boolean;
  /** Both directions are over. */
  readonly hungUp: boolean;
  /** It has failed: the next operation on it says how. */
  readonly failed: boolean;
}

/**
 * Options of {@linkcode Station.watch}.
 *
 * @category Stations
 */
export interface WatchOptions extends SignalOptions {
  /** Tell when there is something to read; default: yes, unless another one is asked for. */
  readonly read?: boolean;
  /** Tell when there is room to write. */
  readonly write?: boolean;
  /** Tell of priority data. */
  readonly priority?: boolean;
  /**
   * `"level"`: what holds at the moment at which an item is asked for. `"edge"`: each change once,
   * also those from before. `"once"`: one item, then the end. Default `"level"`.
   */
  readonly trigger?: "level" | "edge" | "once";
}

const syscalls = {
  linux: "epoll_ctl",
  darwin: "kevent",
  windows: "WaitForSingleObject",
} as const;

const triggers: Readonly<Record<string, number>> = {
  level: 0,
  edge: sourceEdge,
  once: sourceOnce,
};

function readinessOf(bits: number): Readiness {
  return Object.freeze({
    readable: (bits & readyRead) !== 0,
    writable: (bits & readyWrite) !== 0,
    priority: (bits & readyPriority) !== 0,
    closed: (bits & readyShutdown) !== 0,
    hungUp: (bits & readyHangup) !== 0,
    failed: (bits & readyError) !== 0,
  });
}

/** Each as the items of a page: nothing is made for an event. */
const pages: (readonly Readiness[])[] = [];

function pageOf(bits: number): readonly Readiness[] {
  return pages[bits] ??= Object.freeze([readinessOf(bits)]);
}

function decoderOf({ events: { u32 } }: Bridge): Decoder {
  return itemsDecoder((at) => pageOf(u32[at + eventWords * 2]!));
}

function checkTrigger(trigger: unknown, action: string): number {
  if (typeof trigger === "string" && Object.hasOwn(triggers, trigger)) return triggers[trigger]!;
  throw new TypeError(
    `Cannot ${action} with trigger ${String(trigger)}: it is none of level, edge and once`,
  );
}

/** Plans to watch a descriptor; throws what is wrong with the options. */
export function readinessPlan(b: Bridge, descriptor: unknown, options: WatchOptions): SourcePlan {
  const action = `watch descriptor ${String(descriptor)}`;
  const { write = false, priority = false, trigger = "level", signal } = options;
  const { read = !write && !priority } = options;
  const flag = checkTrigger(trigger, action);
  const conditions = (read ? readyRead : 0) | (write ? readyWrite : 0) |
    (priority ? readyPriority : 0);
  return {
    b,
    action,
    syscall: syscalls[runtime.system],
    kind: sourceReady,
    flags: conditions | flag,
    object: checkDescriptor(descriptor, action, signal),
    capacity: 1,
    isPresent: flag === 0,
    signal,
    decoder: decoderOf(b),
  };
}
