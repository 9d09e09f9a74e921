/**
 * The C library of the system.
 *
 * @module
 */
import type { LibraryPath } from "../../src/convert.ts";
import { open } from "../../src/library.ts";
import { runtime } from "../../src/runtime/current.ts";

/** Its names, in which threads are: older versions of glibc have them apart, musl takes either. */
export function cLibrary(): LibraryPath {
  if (runtime.system === "linux") return ["libpthread.so.0", "libc.so.6"];
  return { darwin: "libSystem.dylib", windows: "ucrtbase.dll" };
}

/** Version of glibc, or `null` where it is another one; throws as `open`. */
export function glibcVersion(): string | null {
  if (runtime.libc() !== "gnu") return null;
  const { gnu_get_libc_version: version } = open("libc.so.6", {
    gnu_get_libc_version: { parameters: [], result: "cstring" },
  });
  return version.sync();
}
