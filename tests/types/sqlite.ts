// Checked, never run: SQLite, bound with the types of the trunk.
import { Context, type Library, open, type Pointer, type Typed } from "../../mod.ts";

type Code = 0 | 1 | 5 | 100 | 101;
const ROW = 100;
const TRANSIENT = -1 as Pointer;

const definitions = {
  sqlite3_open_v2: {
    parameters: ["cstring", { out: { pointer: "sqlite3" } }, "i32", "cstring"],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_close: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_errmsg: { parameters: [{ pointer: "sqlite3" }], result: "cstring" },
  sqlite3_exec: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "function",
      "pointer",
      { out: "pointer" },
    ],
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
  sqlite3_finalize: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_bind_text: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", "cstring", "i32", "pointer"],
    result: "i32",
  },
  sqlite3_bind_blob64: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", { in: "buffer" }, "u64", "pointer"],
    result: "i32",
  },
  sqlite3_bind_int64: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", "i64"],
    result: "i32",
  },
  sqlite3_step: {
    parameters: [{ pointer: "sqlite3_stmt" }],
    result: "i32" as Typed<"i32", Code>,
  },
  sqlite3_column_int64: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "i53" },
  sqlite3_column_double: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "f64" },
  sqlite3_column_text: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "cstring" },
  sqlite3_status64: {
    parameters: ["i32", { out: "i64" }, { out: "i64" }, "i32"],
    result: "i32",
  },
  sqlite3_interrupt: { parameters: [{ pointer: "sqlite3" }], result: "void" },
  sqlite3_free: { parameters: ["pointer"], result: "void" },
  sqlite3_error_offset: {
    parameters: [{ pointer: "sqlite3" }],
    result: "i32",
    optional: true,
  },
  sqlite3_temp_directory: { type: "pointer" },
} as const;

export const sqlite3: Library<typeof definitions> = open(
  { linux: "libsqlite3.so.0", darwin: "libsqlite3.dylib", windows: "winsqlite3.dll" },
  definitions,
);

export async function names(path: string, limit: number): Promise<Map<number, string | null>> {
  await using context = await Context.acquire({ name: "db" });
  const lite = context.use(sqlite3);
  const { value: code, out: [db] } = await lite.sqlite3_open_v2(path, 6, null);
  if (code !== 0) throw new Error(await lite.sqlite3_errmsg(db) ?? "no message");
  const { out: [failure] } = await lite.sqlite3_exec(db, "pragma user_version", null, null);
  lite.sqlite3_free.send(failure);
  const { out: [statement] } = await lite.sqlite3_prepare_v2(db, "select ?, ?, ?", -1, null);
  await lite.sqlite3_bind_int64(statement, 1, limit);
  await lite.sqlite3_bind_text(statement, 2, "name", -1, TRANSIENT);
  await lite.sqlite3_bind_blob64(statement, 3, new Uint8Array([1, 2]), 2, TRANSIENT);
  const found = new Map<number, string | null>();
  while (await lite.sqlite3_step.with({ runTimeout: 5000 })(statement) === ROW) {
    const id = await lite.sqlite3_column_int64(statement, 0);
    found.set(id, await lite.sqlite3_column_text(statement, 1));
  }
  const { out: [current, highest] } = sqlite3.sqlite3_status64.sync(0, 0);
  (current + highest) satisfies bigint;
  (await lite.sqlite3_error_offset?.(db)) satisfies number | undefined;
  await lite.sqlite3_finalize(statement);
  await lite.sqlite3_close(db);
  return found;
}
