/**
 * Libraries loaded from memory on Linux, without any file system.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";

const CLOSE_ON_EXEC = 1;

/* musl takes every name that begins with "libc." for itself */
const libc = "libc.so.6";

const signatures = {
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u64"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** A library in a file that is nowhere but in memory. */
export interface MemoryFile {
  /** By it the file can be opened, until it is closed. */
  readonly path: string;
  /** Frees it; what is mapped stays. */
  close(): void;
}

/** Puts a library into a memory file; throws `Error`, and what the runtime throws. */
export function openMemoryFile(name: string, bytes: Uint8Array<ArrayBuffer>): MemoryFile {
  const system = runtime.functions(libc, signatures);
  const descriptor = system.memfd_create(new TextEncoder().encode(`${name}\0`), CLOSE_ON_EXEC);
  if (descriptor < 0) throw new Error("the system refuses a memory file");
  const close = (): void => void system.close(descriptor);
  /* a write to memory is whole, or the memory is full */
  if (system.write(descriptor, bytes, runtime.wide(bytes.length)) !== bytes.length) {
    close();
    throw new Error("there is no memory for it");
  }
  return { path: `/proc/self/fd/${descriptor}`, close };
}
