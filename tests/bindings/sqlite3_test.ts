// The whole of SQLite at work, through its complete definitions.
import { deepStrictEqual as same, match, ok, rejects } from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as sqlite from "../../bindings/sqlite3.ts";
import {
  chain,
  Context,
  type ContextLibrary,
  copyBytes,
  fn,
  type Library,
  type Pointer,
  read,
} from "../../mod.ts";
import { bytesAt } from "./memory.ts";
import { tryOpen } from "./need.ts";

const { library, test } = tryOpen(sqlite.openSqlite3);

type Sqlite = ContextLibrary<Library<typeof sqlite.definitions>>;
type Db = Pointer<"sqlite3">;
type Statement = Pointer<"sqlite3_stmt">;

const WRITE = sqlite.SQLITE_OPEN_READWRITE | sqlite.SQLITE_OPEN_CREATE;
const { SQLITE_DONE, SQLITE_OK, SQLITE_ROW, SQLITE_TRANSIENT } = sqlite;

/** Runs `work` with a connection on a thread of its own, and closes it. */
async function withDb(
  work: (lite: Sqlite, db: Db) => Promise<void>,
  name = ":memory:",
): Promise<void> {
  await using context = await Context.acquire({ name: "sqlite" });
  const lite = context.use(library);
  const { value, out: [db] } = await lite.sqlite3_open_v2(name, WRITE, null);
  same(value, SQLITE_OK);
  ok(db);
  try {
    await work(lite, db);
  } catch (error) {
    await lite.sqlite3_close_v2(db); // also with statements that are left over
    throw error;
  }
  same(await lite.sqlite3_close(db), SQLITE_OK);
}

async function prepare(lite: Sqlite, db: Db, sql: string): Promise<Statement> {
  const { value, out: [statement] } = await lite.sqlite3_prepare_v2(db, sql, -1);
  if (value !== SQLITE_OK) throw new Error(await lite.sqlite3_errmsg(db) ?? "no message");
  return statement!;
}

async function run(lite: Sqlite, db: Db, sql: string): Promise<void> {
  const { value, out: [message] } = await lite.sqlite3_exec(db, sql, null, null);
  if (value !== SQLITE_OK) throw new Error(`${message}`);
}

async function integer(lite: Sqlite, db: Db, sql: string): Promise<bigint> {
  const statement = await prepare(lite, db, sql);
  same(await lite.sqlite3_step(statement), SQLITE_ROW);
  const value = await lite.sqlite3_column_int64(statement, 0);
  same(await lite.sqlite3_finalize(statement), SQLITE_OK);
  return value;
}

test("SQLite: every kind of value is bound, stored and read back", async () => {
  await withDb(async (lite, db) => {
    const blob = Uint8Array.from({ length: 300 }, (_, index) => index & 255);
    const statement = await prepare(lite, db, "select ?, ?, ?, ?, ?, ?, :last");
    same(await lite.sqlite3_bind_parameter_count(statement), 7);
    same(await lite.sqlite3_bind_parameter_name(statement, 7), ":last");
    same(await lite.sqlite3_bind_parameter_index(statement, ":last"), 7);
    same(await lite.sqlite3_bind_int64(statement, 1, -(2n ** 63n)), SQLITE_OK);
    same(await lite.sqlite3_bind_double(statement, 2, 2.5), SQLITE_OK);
    same(await lite.sqlite3_bind_text(statement, 3, "naïve – ✓", -1, SQLITE_TRANSIENT), SQLITE_OK);
    same(await lite.sqlite3_bind_blob(statement, 4, blob, 300, SQLITE_TRANSIENT), SQLITE_OK);
    same(await lite.sqlite3_bind_null(statement, 5), SQLITE_OK);
    same(await lite.sqlite3_bind_text16(statement, 6, "sechzehn", -1, SQLITE_TRANSIENT), SQLITE_OK);
    same(await lite.sqlite3_bind_int(statement, 7, 7), SQLITE_OK);
    same(await lite.sqlite3_step(statement), SQLITE_ROW);
    same(await lite.sqlite3_column_count(statement), 7);
    same(await lite.sqlite3_column_int64(statement, 0), -(2n ** 63n));
    same(await lite.sqlite3_column_double(statement, 1), 2.5);
    same(await lite.sqlite3_column_text(statement, 2), "naïve – ✓");
    same(await lite.sqlite3_column_bytes(statement, 3), 300);
    same(bytesAt(await lite.sqlite3_column_blob(statement, 3), 300), blob);
    same(await lite.sqlite3_column_text(statement, 4), null);
    same(await lite.sqlite3_column_text16(statement, 5), "sechzehn");
    same(await lite.sqlite3_column_int(statement, 6), 7);
    const types = Array.from({ length: 7 }, (_, at) => lite.sqlite3_column_type(statement, at));
    same(await Promise.all(types), [1, 2, 3, 4, 5, 3, 1]);
    same(await lite.sqlite3_step(statement), SQLITE_DONE);
    same(await lite.sqlite3_finalize(statement), SQLITE_OK);
  });
});

test("SQLite: an expanded text is freed, and the rest of the SQL is an output", async () => {
  await withDb(async (lite, db) => {
    const before = await library.sqlite3_memory_used();
    for (let round = 0; round < 1000; round++) {
      const prepared = await lite.sqlite3_prepare_v2(db, "select ?1 + ?2; select 2", -1);
      const { out: [statement, rest] } = prepared;
      same(rest, " select 2");
      await lite.sqlite3_bind_int(statement, 1, round);
      same(await lite.sqlite3_expanded_sql(statement), `select ${round} + NULL;`);
      same(await lite.sqlite3_sql(statement), "select ?1 + ?2;");
      await lite.sqlite3_finalize(statement);
    }
    const grown = await library.sqlite3_memory_used() - before;
    ok(grown < 4096, `${grown} bytes of SQLite's memory were not freed`);
  });
});

test("SQLite: failures come with code, message and place", async () => {
  await withDb(async (lite, db) => {
    const { value, out: [statement] } = await lite.sqlite3_prepare_v2(db, "select missing", -1);
    same([value, statement], [sqlite.SQLITE_ERROR, null]);
    same(await lite.sqlite3_errmsg(db), "no such column: missing");
    same(await lite.sqlite3_errmsg16(db), "no such column: missing");
    same(await lite.sqlite3_errcode(db), sqlite.SQLITE_ERROR);
    if (lite.sqlite3_error_offset) same(await lite.sqlite3_error_offset(db), 7);
    same(await library.sqlite3_errstr(sqlite.SQLITE_BUSY), "database is locked");
    const failed = await lite.sqlite3_exec(db, "insert into missing values (1)", null, null);
    same(failed, { value: sqlite.SQLITE_ERROR, out: ["no such table: missing"] });
    same((await lite.sqlite3_exec(db, "select 1", null, null)).out, [null]);
    await run(lite, db, "create table once(id integer primary key)");
    await run(lite, db, "insert into once values (1)");
    await rejects(
      run(lite, db, "insert into once values (1)"),
      /UNIQUE constraint failed: once.id/,
    );
    same(await lite.sqlite3_extended_errcode(db), sqlite.SQLITE_CONSTRAINT_PRIMARYKEY);
  });
});

test("SQLite: 10,000 rows go in and come out, in order", async () => {
  await withDb(async (lite, db) => {
    await run(
      lite,
      db,
      "create table numbers(id integer primary key, name text, half real); begin",
    );
    const insert = await prepare(lite, db, "insert into numbers values (?, ?, ?)");
    const codes: Promise<number>[] = [];
    for (let id = 1; id <= 10_000; id++) {
      lite.sqlite3_bind_int64.send(insert, 1, id);
      lite.sqlite3_bind_text.send(insert, 2, `number ${id}`, -1, SQLITE_TRANSIENT);
      lite.sqlite3_bind_double.send(insert, 3, id / 2);
      codes.push(lite.sqlite3_step(insert));
      lite.sqlite3_reset.send(insert);
    }
    ok((await Promise.all(codes)).every((code) => code === SQLITE_DONE));
    await lite.sqlite3_finalize(insert);
    await run(lite, db, "commit");
    same(await lite.sqlite3_total_changes(db), 10_000);
    const select = await prepare(lite, db, "select * from numbers order by id");
    for (let id = 1; await lite.sqlite3_step(select) === SQLITE_ROW; id++) {
      const row = await Promise.all([
        lite.sqlite3_column_int64(select, 0),
        lite.sqlite3_column_text(select, 1),
        lite.sqlite3_column_double(select, 2),
      ]);
      same(row, [BigInt(id), `number ${id}`, id / 2]);
    }
    await lite.sqlite3_finalize(select);
    same(await integer(lite, db, "select count(*) from numbers"), 10_000n);
  });
});

test("SQLite: a blob is read and written piece by piece", async () => {
  await withDb(async (lite, db) => {
    await run(
      lite,
      db,
      "create table files(body blob); insert into files values (zeroblob(100000))",
    );
    const opened = await lite.sqlite3_blob_open(db, "main", "files", "body", 1, 1);
    same(opened.value, SQLITE_OK);
    const { out: [blob] } = opened;
    same(await lite.sqlite3_blob_bytes(blob), 100_000);
    const piece = crypto.getRandomValues(new Uint8Array(5000));
    same(await lite.sqlite3_blob_write(blob, piece, 5000, 90_000), SQLITE_OK);
    const back = new Uint8Array(5002);
    same(await lite.sqlite3_blob_read(blob, back, 5002, 89_999), SQLITE_OK);
    same(back.slice(1, 5001), piece);
    same([back[0], back[5001]], [0, 0]);
    same(await lite.sqlite3_blob_read(blob, back, 5002, 99_999), sqlite.SQLITE_ERROR);
    same(await lite.sqlite3_blob_close(blob), SQLITE_OK);
  });
});

test("SQLite: a backup copies a database into a file, a few pages at a time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "siding-sqlite-"));
  const path = join(folder, "copy.db");
  try {
    await withDb(async (lite, db) => {
      await run(lite, db, "create table t(x); begin");
      await run(
        lite,
        db,
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 20000) " +
          "insert into t select hex(randomblob(16)) from n; commit",
      );
      const { out: [copy] } = await lite.sqlite3_open_v2(path, WRITE, null);
      const backup = await lite.sqlite3_backup_init(copy, "main", db, "main");
      let steps = 0;
      while (await lite.sqlite3_backup_step(backup, 20) === SQLITE_OK) {
        steps++;
        const left = await lite.sqlite3_backup_remaining(backup);
        ok(left < await lite.sqlite3_backup_pagecount(backup));
      }
      ok(steps > 5, `only ${steps} steps`);
      same(await lite.sqlite3_backup_finish(backup), SQLITE_OK);
      same(await lite.sqlite3_db_filename(copy, "main"), path);
      same(await lite.sqlite3_close(copy), SQLITE_OK);
    });
    ok((await stat(path)).size > 500_000);
    await withDb(async (lite, db) => {
      same(await integer(lite, db, "select count(*) from t"), 20_000n);
    }, path);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("SQLite: what describes a column, a limit, a counter comes through output cells", async () => {
  await withDb(async (lite, db) => {
    await run(
      lite,
      db,
      "create table people(id integer primary key autoincrement, name text not null)",
    );
    const metadata = lite.sqlite3_table_column_metadata;
    same(await metadata(db, null, "people", "id"), {
      value: SQLITE_OK,
      out: ["INTEGER", "BINARY", 0, 1, 1],
    });
    same((await metadata(db, "main", "people", "name")).out, ["TEXT", "BINARY", 1, 0, 0]);
    same((await metadata(db, null, "people", "none")).value, sqlite.SQLITE_ERROR);
    const { value, out: [pages, highest] } = await lite.sqlite3_db_status(
      db,
      sqlite.SQLITE_DBSTATUS_CACHE_USED,
      0,
    );
    same([value, highest], [SQLITE_OK, 0]);
    ok(pages > 4096);
    const enabled = lite.sqlite3_db_config_i32(db, sqlite.SQLITE_DBCONFIG_ENABLE_FKEY, 1);
    same(await enabled, { value: SQLITE_OK, out: [1] });
    const wal = lite.sqlite3_wal_checkpoint_v2(db, null, sqlite.SQLITE_CHECKPOINT_FULL);
    same(await wal, { value: SQLITE_OK, out: [-1, -1] });
    const status = await library.sqlite3_status64(sqlite.SQLITE_STATUS_MEMORY_USED, 0);
    ok(status.out[1] >= status.out[0] && status.out[0] > 0);
  });
});

test("SQLite: texts that SQLite makes are copied and freed, variadic ones too", async () => {
  same(await library.sqlite3_mprintf_text("%Q", "it's"), "'it''s'");
  same(await library.sqlite3_mprintf_i64("<%lld>", -5_000_000_000), "<-5000000000>");
  const built = await library.sqlite3_str_new(null);
  await library.sqlite3_str_appendall(built, "one");
  await library.sqlite3_str_appendf_text(built, ", %s", "two");
  await library.sqlite3_str_appendchar(built, 3, 33);
  same(await library.sqlite3_str_length(built), 11);
  same(await library.sqlite3_str_finish(built), "one, two!!!");
  same(library.sqlite3_mprintf_text.sync("%w", 'a"b'), 'a""b');
});

test("SQLite: a keyword that no zero ends has the length that an output cell tells", async () => {
  const count = await library.sqlite3_keyword_count();
  const texts = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const { out: [bytes, length] } = await library.sqlite3_keyword_name(index);
    same(bytes?.byteLength, length);
    return new TextDecoder().decode(bytes!);
  }));
  ok(texts.includes("SELECT") && texts.includes("WHERE"));
  same(await library.sqlite3_keyword_check("select", 6), 1);
});

test("SQLite: a database is serialised to bytes, and opened from them again", async () => {
  let image = new Uint8Array();
  await withDb(async (lite, db) => {
    await run(lite, db, "create table t(x); insert into t values (42)");
    const { value, out: [size] } = await lite.sqlite3_serialize!(db, "main", 0);
    same(BigInt(value!.byteLength), size);
    match(new TextDecoder().decode(value!.subarray(0, 15)), /^SQLite format 3$/);
    image = new Uint8Array(value!);
  });
  await withDb(async (lite, db) => {
    const flags = sqlite.SQLITE_DESERIALIZE_FREEONCLOSE | sqlite.SQLITE_DESERIALIZE_RESIZEABLE;
    const memory = await library.sqlite3_malloc64(image.byteLength);
    copyBytes(image, memory!);
    const { byteLength } = image;
    same(await lite.sqlite3_deserialize!(db, "main", memory, byteLength, byteLength, flags), 0);
    same(await integer(lite, db, "select x from t"), 42n);
  });
});

test("SQLite: changes are recorded by a session and applied to another database", async () => {
  if (library.sqlite3session_create === null) return;
  const schema = "create table t(id integer primary key, name text)";
  await withDb(async (lite, db) => {
    await run(lite, db, schema);
    const { out: [session] } = await lite.sqlite3session_create!(db, "main");
    same(await lite.sqlite3session_attach!(session, null), SQLITE_OK);
    await run(lite, db, "insert into t values (1, 'one'), (2, 'two')");
    const { value, out: [size, changes] } = await lite.sqlite3session_changeset!(session);
    same([value, changes?.byteLength], [SQLITE_OK, size]);
    await lite.sqlite3session_delete!(session);
    await withDb(async (other, copy) => {
      await run(other, copy, schema);
      same(await other.sqlite3changeset_apply!(copy, size, changes, null, null, null), SQLITE_OK);
      same(await integer(other, copy, "select count(*) from t"), 2n);
    });
  });
});

test("C17: a page of rows is read in one trip, and agrees with calls made one by one", async () => {
  await withDb(async (lite, db) => {
    const sql = "with recursive n(i) as (select 1 union all select i + 1 from n limit 5000) " +
      "select i, 'row ' || i, i / 4.0, nullif(i % 3, 0) from n";
    const statement = await prepare(lite, db, sql);
    const row = chain(lite, ({ run, unless }) => {
      unless(run.sqlite3_step(statement), SQLITE_ROW);
      return [
        run.sqlite3_column_int64(statement, 0),
        run.sqlite3_column_text(statement, 1),
        run.sqlite3_column_double(statement, 2),
        run.sqlite3_column_type(statement, 3),
      ];
    });
    const rows = await row.collect({ max: 100_000 });
    same(rows.length, 5000);
    same([rows.end?.step, rows.end?.value], ["sqlite3_step", SQLITE_DONE]);
    await lite.sqlite3_reset(statement);
    for (const expected of rows.slice(0, 200)) {
      same(await lite.sqlite3_step(statement), SQLITE_ROW);
      const one = [
        await lite.sqlite3_column_int64(statement, 0),
        await lite.sqlite3_column_text(statement, 1),
        await lite.sqlite3_column_double(statement, 2),
        await lite.sqlite3_column_type(statement, 3),
      ];
      same([...expected], one);
    }
    await lite.sqlite3_finalize(statement);
  });
});

test("C16: the methods of SQLite's file system are called out of its struct", async () => {
  const address = await library.sqlite3_vfs_find(null);
  const vfs = read(address!, sqlite.sqlite3_vfs);
  same(vfs.zName, "unix");
  ok(vfs.iVersion >= 2 && vfs.szOsFile > 50);
  const { xAccess, xRandomness } = sqlite.sqlite3_vfs.struct;
  const access = fn(vfs.xAccess!, {
    ...xAccess.function,
    parameters: [{ pointer: "sqlite3_vfs" }, "cstring", "i32", { out: "i32" }],
  });
  const exists = sqlite.SQLITE_ACCESS_EXISTS;
  same(await access(address, tmpdir(), exists), { value: SQLITE_OK, out: [1] });
  same(await access(address, "/no/such/file", exists), { value: SQLITE_OK, out: [0] });
  const randomness = fn(vfs.xRandomness!, {
    ...xRandomness.function,
    parameters: [{ pointer: "sqlite3_vfs" }, "i32", { out: "buffer" }],
  });
  const noise = new Uint8Array(32);
  same(await randomness(address, 32, noise), 32);
  ok(noise.some((byte) => byte !== 0));
});
