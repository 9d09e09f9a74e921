/**
 * The runtime that this program runs on.
 *
 * @module
 */
import type { Runtime } from "./runtime.ts";

async function find(): Promise<{ readonly runtime: Runtime }> {
  if ("Bun" in globalThis) return await import("./bun.ts");
  if ("Deno" in globalThis) return await import("./deno.ts");
  if ("process" in globalThis) return await import("./node_ffi.ts");
  throw new Error("Cannot load @siding/ffi: it runs on Bun, on Deno and on Node.js");
}

/** The runtime that this program runs on. */
export const runtime: Runtime = (await find()).runtime;
