// An SQL function written in TypeScript. It is async: while it waits, its query waits on a thread
// of its own, and the event loop goes on.
//
//   bun examples/functions.ts      deno run --allow-ffi examples/functions.ts
import { callback, Context, type Pointer, read } from "@siding/ffi";
import { openSqlite3, SQLITE_ROW, SQLITE_UTF8 } from "../bindings/sqlite3.ts";

const sqlite = openSqlite3();
await using context = await Context.acquire({ name: "sqlite" });
const sql = context.use(sqlite);
const { out: [db] } = await sql.sqlite3_open(":memory:");
context.own(db!, sql.sqlite3_close_v2);

const definition = {
  parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
  result: "void",
} as const;
const slowSquare = callback.call(definition, async (result, _count, values, scope) => {
  const inside = scope.context!.use(sqlite); // on the thread that waits for this very handler
  const value = await inside.sqlite3_value_double(
    read(values!, "pointer") as Pointer<"sqlite3_value">,
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  await inside.sqlite3_result_double(result, value * value);
});
context.keep(slowSquare); // for as long as the connection may call it
await sql.sqlite3_create_function(db, "slow_square", 1, SQLITE_UTF8, null, slowSquare, null, null);

let ticks = 0;
const timer = setInterval(() => ticks++, 1);
const text = "with t(v) as (values (1.5), (2), (3)) select slow_square(v) from t";
const { out: [query] } = await sql.sqlite3_prepare_v2(db, text, -1);
context.own(query!, sql.sqlite3_finalize);
while (await sql.sqlite3_step(query) === SQLITE_ROW) {
  console.log(await sql.sqlite3_column_double(query, 0));
}
clearInterval(timer);
console.log(ticks > 10 ? "and the timer ticked meanwhile" : "the timer was kept waiting");
