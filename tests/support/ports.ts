/**
 * What comes from a port.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Port } from "../../mod.ts";

/** Every item until its end. */
export async function all<T>(port: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of port) items.push(item);
  return items;
}

/** The next item. */
export async function taken<T>(port: Port<T>): Promise<T> {
  const { value, done } = await port.next();
  assert.equal(done, false, "it has ended");
  return value!;
}
