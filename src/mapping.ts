/**
 * Mapped libraries: found by path or name, and the addresses of their symbols.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import type { LibraryPath } from "./convert.ts";
import { EmbeddedLibrary } from "./embedded.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { filePath } from "./file_url.ts";
import { status } from "./generated/siding.ts";
import { runtime } from "./runtime/current.ts";
import { words } from "./words.ts";

const MESSAGE_BYTES = 512;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function cString(text: string): Uint8Array {
  if (text.includes("\0")) throw new TypeError("Cannot open a library: its name contains a NUL");
  return encoder.encode(text + "\0");
}

/** What errors call a library. */
export function show(path: string | null): string {
  return path === null ? "the program itself" : `"${path}"`;
}

/** What errors call what the caller gave. */
export function showAll(path: LibraryPath): string {
  if (path instanceof EmbeddedLibrary) return `the library of "${path.url}"`;
  return pathsOf(path).map(show).join(", ");
}

/* Names to try in order; `null` is the program itself. */
function pathsOf(path: Exclude<LibraryPath, EmbeddedLibrary>): readonly (string | null)[] {
  if (path === null || typeof path === "string") return [path];
  if (path instanceof URL) return [filePath(path)];
  if (Array.isArray(path) && path.length > 0 && path.every((one) => typeof one === "string")) {
    return path;
  }
  if (typeof path === "object" && !Array.isArray(path)) {
    const one = (path as Readonly<Record<string, unknown>>)[runtime.system];
    if (typeof one === "string") return [one];
    throw new SidingError(
      "ERR_SIDING_LIBRARY_NOT_FOUND",
      `Cannot open a library: none is named for ${runtime.system}`,
    );
  }
  throw new TypeError(`Cannot open a library: ${String(path)} is no path`);
}

function demandPermission(path: string | null): void {
  const flag = runtime.missingPermission(path);
  if (flag === null) return;
  throw new SidingError("ERR_SIDING_PERMISSION", `Cannot open ${show(path)}: add ${flag}`);
}

/** A mapped library. */
export interface Opened {
  readonly handle: bigint;
  readonly path: string | null;
}

function tryOpen(b: Bridge, path: string | null, flags: number): Opened | string {
  demandPermission(path);
  const out = words(1);
  const message = new Uint8Array(MESSAGE_BYTES);
  const name = path === null ? null : cString(path);
  const opened = b.native.siding_library_open(name, flags, out.u8, message, MESSAGE_BYTES);
  if (opened === status.ok) return { handle: out.u64[0]!, path };
  if (opened !== status.notfound) checkStatus(opened, `open "${path}"`);
  return decoder.decode(message.subarray(0, message.indexOf(0)));
}

function openEmbedded(b: Bridge, library: EmbeddedLibrary, flags: number): Opened {
  return library.load((path) => {
    const opened = tryOpen(b, path, flags);
    if (typeof opened === "string") throw new Error(opened);
    return opened;
  });
}

/** Maps the first of the names that loads. */
export function openFirst(b: Bridge, path: LibraryPath, flags: number): Opened {
  if (path instanceof EmbeddedLibrary) return openEmbedded(b, path, flags);
  const reasons: string[] = [];
  for (const one of pathsOf(path)) {
    const opened = tryOpen(b, one, flags);
    if (typeof opened !== "string") return opened;
    reasons.push(opened);
  }
  throw new SidingError(
    "ERR_SIDING_LIBRARY_NOT_FOUND",
    `Cannot open ${showAll(path)}: ${reasons.join("; ")}`,
  );
}

/** The address of a symbol, or `undefined` where the library has none. */
export function addressOf(b: Bridge, { handle }: Opened, symbol: string): number | undefined {
  const out = words(1);
  const wide = runtime.wide(Number(handle));
  const found = b.native.siding_library_symbol(wide, cString(symbol), out.u8);
  if (found === status.notfound) return undefined;
  checkStatus(found, `find ${symbol}`);
  return Number(out.i64[0]);
}
