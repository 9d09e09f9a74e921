// Two SQLite connections on contexts and checksums on the shared pool, traced: which call ran
// where, and when. The file opens in ui.perfetto.dev and chrome://tracing.
//
//   bun examples/trace.ts [file]      deno run --allow-ffi --allow-write examples/trace.ts [file]
import { writeFileSync } from "node:fs";
import process from "node:process";
import { Context, open, trace } from "@siding/ffi";

const db = { pointer: "sqlite3" } as const;
const statement = { pointer: "sqlite3_stmt" } as const;
const sqlite = open({ linux: "libsqlite3.so.0", darwin: "libsqlite3.dylib" }, {
  sqlite3_open: { parameters: ["cstring", { out: db }], result: "i32" },
  sqlite3_exec: {
    parameters: [db, "cstring", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  sqlite3_prepare_v2: {
    parameters: [db, "cstring", "i32", { out: statement }, "pointer"],
    result: "i32",
  },
  sqlite3_step: { parameters: [statement], result: "i32" },
  sqlite3_column_int64: { parameters: [statement, "i32"], result: "i53" },
  sqlite3_finalize: { parameters: [statement], result: "i32" },
  sqlite3_close: { parameters: [db], result: "i32" },
});
const zlib = open({ linux: "libz.so.1", darwin: "libz.dylib" }, {
  crc32: { parameters: ["ulong", "buffer", "u32"], result: "ulong" },
});

const ROW = 100;
const numbers = (last: number): string =>
  `with recursive n(i) as (select 1 union all select i + 1 from n limit ${last})`;
/** Each row is some milliseconds of work. */
const zeros = `${numbers(12)} select length(replace(hex(zeroblob(400000 + i)), '0', '01')) from n`;

/** Fills a table, some thousand rows at a time. */
async function write(): Promise<void> {
  await using context = await Context.acquire({ name: "writer" });
  const sql = context.use(sqlite);
  const { out: [memory] } = await sql.sqlite3_open(":memory:");
  context.own(memory!, sql.sqlite3_close);
  await sql.sqlite3_exec(memory, "create table numbers (i)", null, null, null);
  const insert = `insert into numbers ${numbers(20_000)} select i from n`;
  for (let i = 0; i < 8; i++) await sql.sqlite3_exec(memory, insert, null, null, null);
}

/** Reads the rows of a query, one at a time. */
async function read(): Promise<number> {
  await using context = await Context.acquire({ name: "reader" });
  const sql = context.use(sqlite);
  const { out: [memory] } = await sql.sqlite3_open(":memory:");
  context.own(memory!, sql.sqlite3_close);
  const { out: [rows] } = await sql.sqlite3_prepare_v2(memory, zeros, -1, null);
  context.own(rows!, sql.sqlite3_finalize);
  let sum = 0;
  while (await sql.sqlite3_step(rows) === ROW) sum += await sql.sqlite3_column_int64(rows, 0);
  return sum;
}

/** Checksums on whatever threads of the shared pool are free. */
async function check(): Promise<void> {
  const bytes = new Uint8Array(4 << 20).fill(1);
  for (let i = 0; i < 8; i++) {
    await Promise.all(Array.from({ length: 3 }, () => zlib.crc32(0, bytes, bytes.length)));
  }
}

const file = process.argv[2] ?? "trace.json";
const session = trace();
const [sum] = await Promise.all([read(), write(), check()]);
const { traceEvents, ...rest } = session.stop();
writeFileSync(file, JSON.stringify({ traceEvents, ...rest }));
console.log(`read ${sum} digits; ${traceEvents.length} events are in ${file}`);
