/**
 * Checks of the times and sizes that options give.
 *
 * @module
 */

/** The range of an option. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** What a timer of the runtimes takes, some 24 days. */
export const TIMER_MS: Range = { least: 0, most: 2 ** 31 - 1 };

/**
 * Throws unless an option that was given is a number within its range; `action` completes
 * "Cannot … with <option>".
 */
export function checkRange(value: unknown, option: string, action: string, range: Range): void {
  if (value === undefined) return;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot ${action} with ${option} ${String(value)}: it is no number`);
  }
  if (value >= range.least && value <= range.most) return;
  const limits = `${range.least} to ${range.most}`;
  throw new RangeError(`Cannot ${action} with ${option} ${value}: it is not within ${limits}`);
}

/** Throws unless a signal that was given is one. */
export function checkSignal(signal: unknown, action: string): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new TypeError(`Cannot ${action} with this signal: it is no AbortSignal`);
}
