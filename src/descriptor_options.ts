/**
 * What all methods take that wait for a descriptor.
 *
 * @module
 */
import { checkRange, checkSignal, type Range } from "./range.ts";

/**
 * Options of whatever can be given up.
 *
 * @category Stations
 */
export interface SignalOptions {
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options of what is read in advance.
 *
 * @category Stations
 */
export interface PortOptions extends SignalOptions {
  /** Reads in advance of who takes the items, 1 to 65,536; default 16. */
  readonly capacity?: number;
}

const DESCRIPTORS: Range = { least: 0, most: 2 ** 31 - 1 };
const CAPACITY_DEFAULT = 16;
const CAPACITIES: Range = { least: 1, most: 65_536 };

/** Throws unless an option that was given is an integer within its range. */
export function checkInteger(value: unknown, option: string, action: string, range: Range): void {
  checkRange(value, option, action, range);
  if (value === undefined || Number.isInteger(value)) return;
  throw new RangeError(`Cannot ${action} with ${option} ${value}: it is no integer`);
}

/** Throws unless it is a number that a descriptor can have, and the signal one; gives it. */
export function checkDescriptor(descriptor: unknown, action: string, signal: unknown): number {
  if (typeof descriptor !== "number") {
    throw new TypeError(`Cannot ${action}: it is no descriptor but ${typeof descriptor}`);
  }
  checkInteger(descriptor, "descriptor", action, DESCRIPTORS);
  checkSignal(signal, action);
  return descriptor;
}

/** The capacity that was given, or as many as is usual. */
export function capacityOf(capacity: unknown, action: string): number {
  checkInteger(capacity, "capacity", action, CAPACITIES);
  return (capacity ?? CAPACITY_DEFAULT) as number;
}
