/**
 * libpq: every function, struct and constant of libpq-fe.h.
 *
 * @module
 */
import { type Library, type LibraryPath, open } from "../mod.ts";
import { connections } from "./libpq/connections.ts";
import { queries } from "./libpq/queries.ts";
import { results } from "./libpq/results.ts";

export * from "./libpq/constants.ts";

/** Every function, by the name it has in C. */
export const definitions: typeof connections & typeof queries & typeof results = {
  ...connections,
  ...queries,
  ...results,
};

const paths = {
  linux: "libpq.so.5",
  darwin: "libpq.dylib",
  windows: "libpq.dll",
} as const;

/** Opens the libpq of the system, or another one. */
export function openLibpq(path: LibraryPath = paths): Library<typeof definitions> {
  return open(path, definitions);
}
