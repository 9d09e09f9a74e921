// The machine's own SQLite on a thread of its own: one connection, calls in order.
//
//   bun examples/sqlite.ts      deno run --allow-ffi examples/sqlite.ts
import { Context, open } from "@siding/ffi";

const db = { pointer: "sqlite3" } as const;
const statement = { pointer: "sqlite3_stmt" } as const;
const sqlite = open({ linux: "libsqlite3.so.0", darwin: "libsqlite3.dylib" }, {
  sqlite3_open: { parameters: ["cstring", { out: db }], result: "i32" },
  sqlite3_prepare_v2: {
    parameters: [db, "cstring", "i32", { out: statement }, "pointer"],
    result: "i32",
  },
  sqlite3_step: { parameters: [statement], result: "i32" },
  sqlite3_column_text: { parameters: [statement, "i32"], result: "cstring" },
  sqlite3_finalize: { parameters: [statement], result: "i32" },
  sqlite3_close: { parameters: [db], result: "i32" },
});

await using context = await Context.acquire({ name: "sqlite" });
const sql = context.use(sqlite);
const { out: [memory] } = await sql.sqlite3_open(":memory:");
context.own(memory!, sql.sqlite3_close); // on its thread, when the context ends
const text = "select 'SQLite ' || sqlite_version() union all select 'has ' || sum(value) " +
  "from (with recursive n(value) as (select 1 union all select value + 1 from n limit 1000000) " +
  "select value from n)";
const { out: [query] } = await sql.sqlite3_prepare_v2(memory, text, -1, null);
context.own(query!, sql.sqlite3_finalize); // before the connection: the last one first
while (await sql.sqlite3_step(query) === 100) console.log(await sql.sqlite3_column_text(query, 0));
