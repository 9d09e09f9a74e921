// What the demo does with the files it found, and the library it does that with.
import { SidingError } from "@siding/ffi";
import type { Caller } from "./calls.ts";
import { makeLibcProgram, openLibc } from "./libc_program.ts";
import { makeSqliteProgram, openSqlite } from "./sqlite_program.ts";
import type { Entry } from "./walk.ts";

/** Real work in C. Its calls block, or give promises, as its `Caller` makes them. */
export interface Program {
  /** Stores the entries in a new file; gives their number. `progress` hears of each batch. */
  load(
    file: string,
    entries: readonly Entry[],
    progress: (rows: number) => void,
  ): Promise<number>;
  /** One long stretch of work, the longer the greater `effort`; gives what came out. */
  query(effort: number): Promise<string>;
  /** Closes what `load` opened. */
  close(): Promise<void>;
}

/** A program that can be made for each way of calling. */
export interface ProgramKind {
  /** What it is, for the reader. */
  readonly title: string;
  readonly make: (caller: Caller) => Program;
}

/** SQLite where the machine has it, else libc's own blocking calls. */
export function chooseProgram(mayUseSqlite: boolean): ProgramKind {
  if (mayUseSqlite) {
    try {
      const sqlite = openSqlite();
      return {
        title: `SQLite ${sqlite.sqlite3_libversion.sync()}`,
        make: (caller) => makeSqliteProgram(caller(sqlite)),
      };
    } catch (error) {
      const isMissing = error instanceof SidingError &&
        error.code === "ERR_SIDING_LIBRARY_NOT_FOUND";
      if (!isMissing) throw error;
    }
  }
  const libc = openLibc();
  const why = mayUseSqlite ? "this machine has no SQLite" : "without SQLite as asked";
  return {
    title: `${why}: libc's open, write, fsync and usleep instead`,
    make: (caller) => makeLibcProgram(caller(libc)),
  };
}
