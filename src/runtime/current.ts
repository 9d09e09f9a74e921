/**
 * The runtime that this program runs on.
 *
 * @module
 */
import type { Runtime } from "./runtime.ts";

const isBun = "Bun" in globalThis;
const isDeno = "Deno" in globalThis;
if (!isBun && !isDeno) {
  throw new Error("Cannot load @siding/ffi: it runs on Bun and on Deno");
}

/** The runtime that this program runs on. */
export const runtime: Runtime =
  (isBun ? await import("./bun.ts") : await import("./deno.ts")).runtime;
