/**
 * CRC-32 of bytes and of files.
 *
 * @module
 */
import { callback, embedded, open } from "@siding/ffi";

const native = await embedded(import.meta, {
  "linux-x64-gnu": () => import("./native/linux-x64-gnu.ts"),
  "linux-arm64-gnu": () => import("./native/linux-arm64-gnu.ts"),
  "linux-x64-musl": () => import("./native/linux-x64-musl.ts"),
  "linux-arm64-musl": () => import("./native/linux-arm64-musl.ts"),
  "windows-x64": () => import("./native/windows-x64.ts"),
  "windows-arm64": () => import("./native/windows-arm64.ts"),
  "darwin-x64": () => import("./native/darwin-x64.ts"),
  "darwin-arm64": () => import("./native/darwin-arm64.ts"),
}, { variable: "CHECKSUM_LIBRARY" });

const progress = { parameters: ["u53"], result: "bool" } as const;

/* lazy: what is wrong is thrown where it is used, and not by an import */
const library = open(native, {
  bytes: { name: "checksum_bytes", parameters: ["buffer", "usize"], result: "u32" },
  file: {
    name: "checksum_file",
    parameters: ["cstring", { out: "u32" }],
    result: "i32",
    errno: "throw",
  },
  watch: {
    name: "checksum_watch",
    parameters: ["cstring", { function: progress }, { out: "u32" }],
    result: "i32",
    errno: "throw",
  },
}, { lazy: true });

/** The checksum of bytes. */
export function checksum(bytes: Uint8Array<ArrayBuffer>): number {
  return library.bytes.sync(bytes, bytes.length);
}

/** The checksum of a file, read on another thread; rejects with `SidingError`. */
export async function checksumOfFile(path: string): Promise<number> {
  const { out: [sum] } = await library.file(path);
  return sum;
}

/**
 * The same for a large one: `goesOn` is told after each block how many bytes are read; `null` where
 * it answered `false`.
 */
export async function watchChecksum(
  path: string,
  goesOn: (bytesRead: number) => boolean,
): Promise<number | null> {
  using handler = callback.call(progress, goesOn, { fallback: false });
  const { value, out: [sum] } = await library.watch(path, handler);
  return value === 0 ? sum : null;
}
