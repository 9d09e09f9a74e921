/**
 * SQLite: every function and constant of sqlite3.h.
 *
 * @module
 */
import { type Library, type LibraryPath, open } from "../mod.ts";
import { connections } from "./sqlite3/connections.ts";
import { functions } from "./sqlite3/functions.ts";
import { hooks } from "./sqlite3/hooks.ts";
import { library } from "./sqlite3/library.ts";
import { sessions } from "./sqlite3/sessions.ts";
import { statements } from "./sqlite3/statements.ts";
import { storage } from "./sqlite3/storage.ts";

export * from "./sqlite3/constants.ts";
export * from "./sqlite3/structs.ts";

/** Variables that the program may set before anything else, to memory of sqlite3_malloc. */
const variables = {
  sqlite3_temp_directory: { type: "pointer" },
  sqlite3_data_directory: { type: "pointer", optional: true },
} as const;

/** Everything, by the name it has in C. */
export const definitions:
  & typeof library
  & typeof connections
  & typeof hooks
  & typeof statements
  & typeof functions
  & typeof storage
  & typeof sessions
  & typeof variables = {
    ...library,
    ...connections,
    ...hooks,
    ...statements,
    ...functions,
    ...storage,
    ...sessions,
    ...variables,
  };

const paths = {
  linux: "libsqlite3.so.0",
  darwin: "libsqlite3.dylib",
  windows: "winsqlite3.dll",
} as const;

/** Opens the SQLite of the system, or another one. */
export function openSqlite3(path: LibraryPath = paths): Library<typeof definitions> {
  return open(path, definitions);
}
