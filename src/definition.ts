/**
 * Looking into definitions, which are any data until they are planned, and their errors.
 *
 * @module
 */

/** Where a definition goes wrong, for its error. */
export function fault(name: string, where: string, reason: string): TypeError {
  return new TypeError(`Cannot define "${name}": ${where} ${reason}`);
}

/** A type as an error shows it. */
export function describe(type: unknown): string {
  if (typeof type === "string") return `"${type}"`;
  try {
    return JSON.stringify(type) ?? String(type);
  } catch {
    return "an object that is no plain data"; // cycles and bigints
  }
}

/** Whether a value is an object with named properties. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The only property of a type object, or nothing. */
export function onlyKey(type: unknown): [key: string, value: unknown] | undefined {
  const entries = isRecord(type) ? Object.entries(type) : [];
  return entries.length === 1 ? entries[0] : undefined;
}
