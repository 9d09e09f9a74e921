/**
 * Rows of a database: read by a chain on a native thread, against what the runtime has itself on
 * the JavaScript thread.
 *
 * @module
 */
import {
  type Chain,
  chain,
  Context,
  type ContextLibrary,
  type Library,
  open,
  type Pointer,
} from "../../mod.ts";
import { alternate } from "../measure.ts";
import { ownSqlite } from "../peers.ts";
import { compared, type Row } from "./outcome.ts";

/** Rows of the table; the number of each is its place. */
export const ROWS = 300_000;
const PAGE = 4096;
const TABLE = "create table t (id integer primary key, name text, score real, note text)";
const FILL = `with recursive c(i) as (select 1 union all select i + 1 from c where i < ${ROWS})
  insert into t select i, 'name ' || i, i * 0.5, 'note number ' || (i % 1000) from c`;
const QUERY = "select id, name, score, note from t";
const SQLITE_ROW = 100;

const definitions = {
  sqlite3_open: { parameters: ["cstring", { out: { pointer: "sqlite3" } }], result: "i32" },
  sqlite3_exec: {
    parameters: [{ pointer: "sqlite3" }, "cstring", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  sqlite3_prepare_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      { out: { pointer: "sqlite3_stmt" } },
      "pointer",
    ],
    result: "i32",
  },
  sqlite3_step: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_reset: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_column_int64: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "i53" },
  sqlite3_column_double: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "f64" },
  sqlite3_column_text: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "cstring" },
} as const;

/** A row of the table. */
export interface Row_ {
  readonly id: number;
  readonly name: string | null;
  readonly score: number;
  readonly note: string | null;
}

/** SQLite on a context. */
export function openSqlite(context: Context): ContextLibrary<Library<typeof definitions>> {
  const names = { linux: "libsqlite3.so.0", darwin: "libsqlite3.dylib" };
  return context.use(open(names, definitions));
}

/** SQLite on a context. */
export type Sqlite = ReturnType<typeof openSqlite>;

/** Fills a table and prepares a query of all its rows. */
export async function prepare(sqlite: Sqlite): Promise<Pointer<"sqlite3_stmt"> | null> {
  const { out: [handle] } = await sqlite.sqlite3_open(":memory:");
  for (const sql of [TABLE, FILL]) await sqlite.sqlite3_exec(handle, sql, null, null, null);
  return (await sqlite.sqlite3_prepare_v2(handle, QUERY, -1, null)).out[0];
}

/** A row by a chain. */
export function rowsOf(sqlite: Sqlite, stmt: Pointer<"sqlite3_stmt"> | null): Chain<Row_> {
  return chain(sqlite, (s) => {
    s.unless(s.run.sqlite3_step(stmt), SQLITE_ROW);
    return {
      id: s.run.sqlite3_column_int64(stmt, 0),
      name: s.run.sqlite3_column_text(stmt, 1),
      score: s.run.sqlite3_column_double(stmt, 2),
      note: s.run.sqlite3_column_text(stmt, 3),
    };
  });
}

async function readAll(row: Chain<Row_>): Promise<Row_[]> {
  const all: Row_[] = [];
  for await (const page of row.pages({ max: PAGE })) {
    for (const one of page) all.push(one);
  }
  return all;
}

function check(rows: readonly unknown[]): void {
  const last = rows[ROWS - 1] as Row_ | undefined;
  if (rows.length !== ROWS || last?.name !== `name ${ROWS}` || last.score !== ROWS * 0.5) {
    throw new Error("rows are missing");
  }
}

/** 300,000 rows of four columns as objects. */
export const chainRows: Row = async (name, effort) => {
  await using context = await Context.acquire({ name: "bench" });
  const sqlite = openSqlite(context);
  const stmt = await prepare(sqlite);
  const row = rowsOf(sqlite, stmt);
  const own = await ownSqlite([TABLE, FILL], QUERY);
  const siding = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      check(await readAll(row));
      await sqlite.sqlite3_reset(stmt);
    }
  };
  const peer = (count: number): void => {
    for (let i = 0; i < count; i++) check(own.all());
  };
  const rates = await alternate(siding, peer, effort);
  return { ...compared(name, own.name, rates, ROWS), unit: "rows/s" };
};
