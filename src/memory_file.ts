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

/**
 * Path of a library that is put into a file in memory; throws `Error`, and what the runtime throws.
 *
 * The file stays open: glibc takes a path that it has loaded once for the same library, and a
 * number that were free again would be the path of another one.
 */
export function memoryFile(name: string, bytes: Uint8Array<ArrayBuffer>): string {
  const system = runtime.functions(libc, signatures);
  const descriptor = system.memfd_create(new TextEncoder().encode(`${name}\0`), CLOSE_ON_EXEC);
  if (descriptor < 0) throw new Error("the system refuses a memory file");
  /* a write to memory is whole, or the memory is full */
  if (system.write(descriptor, bytes, runtime.wide(bytes.length)) !== bytes.length) {
    system.close(descriptor);
    throw new Error("there is no memory for it");
  }
  return `/proc/self/fd/${descriptor}`;
}
