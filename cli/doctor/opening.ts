/**
 * Libraries, opened as `open` does it, but on a thread of the pool: what runs when a library is
 * loaded may take as long as it likes.
 *
 * @module
 */
import { status } from "../../src/generated/siding.ts";
import { open } from "../../src/library.ts";
import { loadNative } from "../../src/loader.ts";
import { runtime } from "../../src/runtime/current.ts";
import { firstLine } from "./problems.ts";

const OPEN_MS_MAX = 5000;
const MESSAGE_BYTES = 1024;

const definitions = {
  siding_library_open: {
    parameters: ["cstring", "u32", { out: "u64" }, { out: "buffer" }, "u32"],
    result: "i32",
  },
  siding_library_symbol: { parameters: ["u64", "cstring", { out: "u64" }], result: "i32" },
} as const;

/** A library that is loaded. */
export interface Opened {
  /** Whether it, or what it needs, has a symbol. */
  has(symbol: string): Promise<boolean>;
}

/** The text before its NUL. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/** Opens a library by its path or name; gives the reason, or the flag to add, where it cannot. */
export async function openLibrary(path: string): Promise<Opened | string> {
  const flag = runtime.missingPermission(path);
  if (flag !== null) return `add ${flag}`;
  const { siding_library_open: load, siding_library_symbol: find } = open(
    loadNative().path,
    definitions,
  );
  const message = new Uint8Array(MESSAGE_BYTES);
  try {
    const { value, out: [handle] } = await load.with({ timeout: OPEN_MS_MAX })(
      path,
      0,
      message,
      message.length,
    );
    if (value !== status.ok) return textOf(message);
    return { has: async (symbol) => (await find(handle, symbol)).value === status.ok };
  } catch (error) {
    return firstLine(error);
  }
}
