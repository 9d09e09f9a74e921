// SQLite calls back: functions, collations and hooks written in TypeScript, on its own thread.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import * as sqlite from "../../bindings/sqlite3.ts";
import {
  alloc,
  allocString,
  arg,
  bind,
  callback,
  Context,
  type ContextLibrary,
  copyBytes,
  type Library,
  type Pointer,
  read,
} from "../../mod.ts";
import { openCallbackLib } from "../support/callbacks.ts";
import { tryOpen } from "./need.ts";

const { library, test } = tryOpen(sqlite.openSqlite3);

type Sqlite = ContextLibrary<Library<typeof sqlite.definitions>>;
type Db = Pointer<"sqlite3">;
type Value = Pointer<"sqlite3_value">;

const { SQLITE_DONE, SQLITE_INTERRUPT, SQLITE_OK, SQLITE_ROW, SQLITE_UTF8 } = sqlite;
const scalar = {
  parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
  result: "void",
} as const;
const ended = { parameters: [{ pointer: "sqlite3_context" }], result: "void" } as const;
const POINTER_BYTES = 8;

/** Runs `work` with a connection on a thread of its own. */
async function withDb(work: (lite: Sqlite, db: Db, context: Context) => Promise<void>) {
  await using context = await Context.acquire({ name: "sqlite" });
  const lite = context.use(library);
  const { out: [db] } = await lite.sqlite3_open(":memory:");
  ok(db);
  context.own(db, lite.sqlite3_close_v2);
  await work(lite, db, context);
}

async function rows(lite: Sqlite, db: Db, sql: string): Promise<(string | null)[]> {
  const { value, out: [statement] } = await lite.sqlite3_prepare_v2(db, sql, -1);
  if (value !== SQLITE_OK) throw new Error(`${await lite.sqlite3_errmsg(db)}`);
  const texts: (string | null)[] = [];
  let status = await lite.sqlite3_step(statement);
  for (; status === SQLITE_ROW; status = await lite.sqlite3_step(statement)) {
    texts.push(await lite.sqlite3_column_text(statement, 0));
  }
  await lite.sqlite3_finalize(statement);
  if (status !== SQLITE_DONE) throw new Error(`status ${status}`);
  return texts;
}

/** The arguments of an SQL function. */
function values(count: number, list: Pointer | null): Value[] {
  return Array.from(
    { length: count },
    (_, index) => read((list! + index * POINTER_BYTES) as Pointer, "pointer") as Value,
  );
}

async function create(lite: Sqlite, db: Db, name: string, fn: Pointer): Promise<void> {
  const done = lite.sqlite3_create_function_v2(
    ...[db, name, -1, SQLITE_UTF8, null] as const,
    ...[fn as never, null, null, null] as const,
  );
  same(await done, SQLITE_OK);
}

test("E12: a scalar function in TypeScript works on the thread that waits for it", async () => {
  await withDb(async (lite, db, context) => {
    const add = callback.call(scalar, async (ctx, count, list, scope) => {
      const inside = scope.context!.use(library);
      let sum = 0n;
      for (const value of values(count, list)) sum += await inside.sqlite3_value_int64(value);
      await inside.sqlite3_result_int64(ctx, sum);
    }, { name: "add" });
    context.keep(add);
    await create(lite, db, "add_all", add.pointer);
    same(await rows(lite, db, "select add_all(1, 2, 39)"), ["42"]);
    const series = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200) ";
    same(await rows(lite, db, `${series} select sum(add_all(i, i)) from n`), ["40200"]);
  });
});

test("B3: as SQLite's destructor a bound call runs once, with the right pointer", async () => {
  const testlib = openCallbackLib();
  const destroyed = { parameters: ["pointer"], result: "void" } as const;
  using destroy = bind(testlib.addAt, arg(0), 1, { as: destroyed });
  using seven = bind(library.sqlite3_result_int64, arg(0), 7n, { as: scalar });
  using kind = allocString("data");
  using data = alloc(32); // for each a count of its ends, and by which thread
  const ends = (at: number): bigint[] => [read(data, "i64", at), read(data, "i64", at + 8)];
  let thread = 0n;
  await withDb(async (lite, db, context) => {
    thread = await context.use(testlib).threadId();
    const made = lite.sqlite3_create_function_v2(
      ...[db, "seven", 0, SQLITE_UTF8, data.pointer] as const,
      ...[seven.pointer as never, null, null, destroy.pointer] as const,
    );
    same(await made, SQLITE_OK);
    same(await rows(lite, db, "select seven()"), ["7"]);
    const { out: [statement] } = await lite.sqlite3_prepare_v2(db, "select ?", -1);
    const second = data.pointer + 16 as Pointer;
    const bound = lite.sqlite3_bind_pointer(statement, 1, second, kind.pointer, destroy.pointer);
    same(await bound, SQLITE_OK);
    same([...ends(0), ...ends(16)], [0n, 0n, 0n, 0n]);
    await lite.sqlite3_clear_bindings(statement);
    same(ends(16), [1n, thread]);
    await lite.sqlite3_finalize(statement);
    same(ends(0), [0n, 0n]);
  });
  same([ends(0), ends(16)], [[1n, thread], [1n, thread]]);
});

test("E12: an async function waits for a timer, its query on its own thread", async () => {
  await withDb(async (lite, db, context) => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const slow = callback.call(scalar, async (ctx, _count, _list, scope) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await scope.context!.use(library).sqlite3_result_int64(ctx, 7n);
    }, { name: "slow" });
    context.keep(slow);
    await create(lite, db, "slow", slow.pointer);
    same(await rows(lite, db, "select slow() + slow()"), ["14"]);
    clearInterval(timer);
    ok(ticks > 20, `${ticks} ticks in 200 ms`);
  });
});

test("E12: an aggregate function in TypeScript keeps its state by group", async () => {
  await withDb(async (lite, db, context) => {
    const groups = new Map<number, string[]>();
    const step = callback.call(scalar, async (ctx, count, list, scope) => {
      const inside = scope.context!.use(library);
      const group = Number(await inside.sqlite3_aggregate_context(ctx, POINTER_BYTES));
      const texts = groups.get(group) ?? [];
      groups.set(group, texts);
      for (const value of values(count, list)) {
        texts.push(`${await inside.sqlite3_value_text(value)}`);
      }
    }, { name: "step" });
    const final = callback.call(ended, async (ctx, scope) => {
      const inside = scope.context!.use(library);
      const group = Number(await inside.sqlite3_aggregate_context(ctx, 0));
      const text = (groups.get(group) ?? []).toSorted().join("+");
      groups.delete(group);
      await inside.sqlite3_result_text(ctx, text, -1, sqlite.SQLITE_TRANSIENT as never);
    }, { name: "final" });
    context.keep(step);
    context.keep(final);
    const made = lite.sqlite3_create_function_v2(
      ...[db, "sorted_join", 1, SQLITE_UTF8, null] as const,
      ...[null, step.pointer as never, final.pointer as never, null] as const,
    );
    same(await made, SQLITE_OK);
    const table = "with t(g, v) as (values (1, 'c'), (2, 'z'), (1, 'a'), (2, 'y'), (1, 'b')) ";
    const texts = await rows(lite, db, `${table} select sorted_join(v) from t group by g`);
    same(texts, ["a+b+c", "y+z"]);
    same(groups.size, 0);
  });
});

test("E12: a collation in TypeScript orders a query, its strings copied", async () => {
  await withDb(async (lite, db, context) => {
    const decoder = new TextDecoder();
    const definition = {
      parameters: ["pointer", "i32", { bytes: 1 }, "i32", { bytes: 3 }],
      result: "i32",
    } as const;
    const byLength = callback.call(definition, (_user, _sizeA, a, _sizeB, b) => {
      const [left, right] = [decoder.decode(a!), decoder.decode(b!)];
      return left.length - right.length || (left < right ? -1 : Number(left > right));
    }, { fallback: 0, name: "by_length" });
    context.keep(byLength);
    const made = lite.sqlite3_create_collation(
      ...[db, "by_length", SQLITE_UTF8, null, byLength.pointer] as const,
    );
    same(await made, SQLITE_OK);
    const sql = "with t(v) as (values ('pear'), ('fig'), ('apple'), ('kiwi'), ('banana')) " +
      "select v from t order by v collate by_length";
    same(await rows(lite, db, sql), ["fig", "kiwi", "pear", "apple", "banana"]);
  });
});

test("E12: the update hook posts each change while SQLite goes on", async () => {
  await withDb(async (lite, db, context) => {
    const definition = {
      parameters: ["pointer", "i32", "cstring", "cstring", "i64"],
      result: "void",
    } as const;
    const changes: string[] = [];
    const hook = callback.post(definition, (_user, _kind, _database, table, row) => {
      changes.push(`${table} ${row}`);
    });
    context.keep(hook);
    await lite.sqlite3_update_hook(db, hook.pointer, null);
    const insert = "insert into t select v from (" +
      "with recursive n(v) as (select 1 union all select v + 1 from n where v < 5000) " +
      "select v from n)";
    same((await lite.sqlite3_exec(db, `create table t(v); ${insert}`, null, null)).value, 0);
    while (changes.length < 5000) await new Promise((resolve) => setTimeout(resolve, 1));
    same(changes, Array.from({ length: 5000 }, (_, index) => `t ${index + 1}`));
  });
});

test("E12: the progress handler ends a query that would run for ever", async () => {
  await withDb(async (lite, db, context) => {
    let calls = 0;
    const definition = { parameters: ["pointer"], result: "i32" } as const;
    const progress = callback.call(definition, () => ++calls < 10 ? 0 : 1, { fallback: 1 });
    context.keep(progress);
    await lite.sqlite3_progress_handler(db, 1000, progress.pointer, null);
    const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) " +
      "select max(i) from n";
    const { out: [statement] } = await lite.sqlite3_prepare_v2(db, endless, -1);
    same(await lite.sqlite3_step(statement), SQLITE_INTERRUPT);
    await lite.sqlite3_finalize(statement);
    same(calls, 10);
  });
});

test("E12: trace tells every statement as it is run", async () => {
  await withDb(async (lite, db, context) => {
    const definition = {
      parameters: ["u32", "pointer", "pointer", "pointer"],
      result: "i32",
    } as const;
    const decoder = new TextDecoder();
    const statements: string[] = [];
    const trace = callback.call(definition, async (kind, _user, statement, text, scope) => {
      same(kind, sqlite.SQLITE_TRACE_STMT);
      const inside = scope.context!.use(library);
      statements.push(`${await inside.sqlite3_sql(statement as Pointer<"sqlite3_stmt">)}`);
      const head = new Uint8Array(6);
      copyBytes(text!, head);
      same(decoder.decode(head), "select");
      return 0;
    }, { fallback: 0 });
    context.keep(trace);
    same(await lite.sqlite3_trace_v2(db, sqlite.SQLITE_TRACE_STMT, trace.pointer, null), 0);
    await rows(lite, db, "select 1");
    await rows(lite, db, "select 'two'");
    same(statements, ["select 1", "select 'two'"]);
  });
});
