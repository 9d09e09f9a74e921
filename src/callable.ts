/**
 * What stands behind objects that C can call.
 *
 * @module
 */

/** Knows the address of a function pointer. */
export interface Exported {
  /** Gives it for an argument; throws where C on this thread could not call it. */
  address(isHere: boolean): number;
}

const exported: WeakMap<object, Exported> = new WeakMap();

/** Notes what stands behind an object. */
export function setExported(object: object, behind: Exported): void {
  exported.set(object, behind);
}

/** The address that an object stands for; `undefined` for anything else. */
export function exportedAddress(value: unknown, isHere: boolean): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return exported.get(value)?.address(isHere);
}
