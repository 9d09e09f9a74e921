/**
 * The C library of Linux, glibc: files, strings, time, environment, users, names.
 *
 * @module
 */
import { type Library, type LibraryPath, open } from "../mod.ts";
import { files } from "./libc/files.ts";
import { network } from "./libc/network.ts";
import { system } from "./libc/system.ts";
import { texts } from "./libc/texts.ts";

export * from "./libc/constants.ts";
export * from "./libc/structs.ts";

/** Every function, by the name it has in C. */
export const definitions: typeof files & typeof network & typeof system & typeof texts = {
  ...files,
  ...network,
  ...system,
  ...texts,
};

/** Opens the C library. */
export function openLibc(path: LibraryPath = { linux: "libc.so.6" }): Library<typeof definitions> {
  return open(path, definitions);
}
