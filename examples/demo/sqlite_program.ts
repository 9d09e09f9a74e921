// The files of a tree as a table of an on-disk SQLite database.
import { type Library, open, type Pointer, type Typed } from "@siding/ffi";
import { inBatches } from "./batches.ts";
import type { Calls } from "./calls.ts";
import type { Program } from "./program.ts";
import type { Entry } from "./walk.ts";

type Code = 0 | 1 | 5 | 19 | 100 | 101;
const OK = 0;
const ROW = 100;
const DONE = 101;
const READ_WRITE_CREATE = 6;
/** Tells SQLite to copy a text before the call that binds it returns. */
const TRANSIENT = -1 as Pointer;

const definitions = {
  sqlite3_libversion: { parameters: [], result: "cstring" },
  sqlite3_open_v2: {
    parameters: ["cstring", { out: { pointer: "sqlite3" } }, "i32", "cstring"],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_close: {
    parameters: [{ pointer: "sqlite3" }],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_errmsg: { parameters: [{ pointer: "sqlite3" }], result: "cstring" },
  sqlite3_exec: {
    parameters: [{ pointer: "sqlite3" }, "cstring", "function", "pointer", "pointer"],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_prepare_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      { out: { pointer: "sqlite3_stmt" } },
      "pointer",
    ],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_bind_text: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", "cstring", "i32", "pointer"],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_bind_int64: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", "i64"],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_step: {
    parameters: [{ pointer: "sqlite3_stmt" }],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_reset: {
    parameters: [{ pointer: "sqlite3_stmt" }],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_column_int64: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "i53",
  },
  sqlite3_finalize: {
    parameters: [{ pointer: "sqlite3_stmt" }],
    result: "i32" as Typed<"i32", Code>,
  },
} as const;

type Sqlite = Library<typeof definitions>;
type Database = Pointer<"sqlite3">;
type Statement = Pointer<"sqlite3_stmt">;

const SCHEMA = "create table files (path text, size integer, modified integer, mode integer)";
const INSERT = "insert into files values (?1, ?2, ?3, ?4)";

/** Compares `?1` files, one after the other and around again, with all `?2` files. */
const QUERY = `
  with recursive turn (n) as (select 0 union all select n + 1 from turn limit ?1)
  select count(*)
  from turn
  cross join files as one on one.rowid = turn.n % ?2 + 1
  cross join files as other on abs(other.size - one.size) * 100 < one.size`;

/** This machine's own SQLite; throws `ERR_SIDING_LIBRARY_NOT_FOUND` where there is none. */
export function openSqlite(): Sqlite {
  const paths = {
    linux: "libsqlite3.so.0",
    darwin: "libsqlite3.dylib",
    windows: "winsqlite3.dll",
  };
  return open(paths, definitions);
}

/** The demo's work with SQLite, its calls made as `sql` makes them. */
export function makeSqliteProgram(sql: Calls<Sqlite>): Program {
  return new SqliteProgram(sql);
}

class SqliteProgram implements Program {
  readonly #sql: Calls<Sqlite>;
  #database: Database | null = null;
  #rows = 0;

  constructor(sql: Calls<Sqlite>) {
    this.#sql = sql;
  }

  async load(
    file: string,
    entries: readonly Entry[],
    progress: (rows: number) => void,
  ): Promise<number> {
    const opened = await this.#sql.sqlite3_open_v2(file, READ_WRITE_CREATE, null);
    this.#database = opened.out[0];
    await this.#expect(OK, opened.value);
    await this.#run(SCHEMA);
    await this.#run("begin");
    const insert = await this.#prepare(INSERT);
    await inBatches(
      entries,
      (entry) => this.#insert(insert, entry),
      (codes) => this.#checkAll(codes),
      progress,
    );
    await this.#expect(OK, await this.#sql.sqlite3_finalize(insert));
    await this.#run("commit");
    this.#rows = entries.length;
    return this.#rows;
  }

  async query(effort: number): Promise<string> {
    const query = await this.#prepare(QUERY);
    await this.#sql.sqlite3_bind_int64(query, 1, effort);
    await this.#sql.sqlite3_bind_int64(query, 2, this.#rows);
    await this.#expect(ROW, await this.#sql.sqlite3_step(query));
    const pairs = await this.#sql.sqlite3_column_int64(query, 0);
    await this.#expect(OK, await this.#sql.sqlite3_finalize(query));
    return `${pairs.toLocaleString("en")} pairs of nearly the same size`;
  }

  async close(): Promise<void> {
    await this.#expect(OK, await this.#sql.sqlite3_close(this.#database));
    this.#database = null;
  }

  /** Six calls, made at once: on a context they run in this order. */
  #insert(insert: Statement, { path, size, modified, mode }: Entry): (Code | Promise<Code>)[] {
    const sql = this.#sql;
    return [
      sql.sqlite3_bind_text(insert, 1, path, -1, TRANSIENT),
      sql.sqlite3_bind_int64(insert, 2, size),
      sql.sqlite3_bind_int64(insert, 3, modified),
      sql.sqlite3_bind_int64(insert, 4, mode),
      sql.sqlite3_step(insert),
      sql.sqlite3_reset(insert),
    ];
  }

  async #checkAll(codes: readonly Code[]): Promise<void> {
    const bad = codes.find((code) => code !== OK && code !== DONE);
    if (bad !== undefined) await this.#expect(OK, bad);
  }

  async #prepare(text: string): Promise<Statement> {
    const prepared = await this.#sql.sqlite3_prepare_v2(this.#database, text, -1, null);
    await this.#expect(OK, prepared.value);
    const [statement] = prepared.out;
    if (statement === null) throw new Error(`Cannot prepare "${text}": it is empty`);
    return statement;
  }

  async #run(text: string): Promise<void> {
    const code = await this.#sql.sqlite3_exec(this.#database, text, null, null, null);
    await this.#expect(OK, code);
  }

  async #expect(wanted: Code, code: Code): Promise<void> {
    if (code === wanted) return;
    const message = await this.#sql.sqlite3_errmsg(this.#database);
    throw new Error(`Cannot use SQLite: ${message} (code ${code})`);
  }
}
