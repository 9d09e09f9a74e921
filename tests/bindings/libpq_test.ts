// libpq against a real PostgreSQL server, through its complete definitions.
import { deepStrictEqual as same, match, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import * as pq from "../../bindings/libpq.ts";
import {
  alloc,
  Context,
  type ContextLibrary,
  copyBytes,
  layout,
  type Library,
  type Pointer,
  read,
} from "../../mod.ts";
import { bytesAt } from "./memory.ts";
import { testUnless, tryOpen } from "./need.ts";
import { findServer, type Server, startServer } from "./postgres.ts";

const opened = tryOpen(pq.openLibpq);
const { library } = opened;
const test = findServer() === undefined
  ? testUnless("there is no PostgreSQL server on this machine")
  : opened.test;

type Libpq = ContextLibrary<Library<typeof pq.definitions>>;
type Connection = Pointer<"PGconn">;
type Answer = Pointer<"PGresult">;

let server: Server | undefined;

/** Runs `work` with a connection on a thread of its own, and closes it. */
async function connected(
  work: (lib: Libpq, connection: Connection) => Promise<void>,
): Promise<void> {
  server ??= startServer();
  await using context = await Context.acquire({ name: "libpq" });
  const lib = context.use(library);
  const connection = await lib.PQconnectdb(server.connection);
  try {
    same(
      await lib.PQstatus(connection),
      pq.CONNECTION_OK,
      `${await lib.PQerrorMessage(connection)}`,
    );
    await work(lib, connection!);
  } finally {
    await lib.PQfinish(connection);
  }
}

/** The texts of a result's rows; the result is cleared. */
async function rowsOf(lib: Libpq, answer: Answer | null): Promise<(string | null)[][]> {
  same(
    await lib.PQresultStatus(answer),
    pq.PGRES_TUPLES_OK,
    `${await lib.PQresultErrorMessage(answer)}`,
  );
  const [rows, columns] = [await lib.PQntuples(answer), await lib.PQnfields(answer)];
  const cell = async (row: number, column: number): Promise<string | null> =>
    await lib.PQgetisnull(answer, row, column) === 1 ? null : lib.PQgetvalue(answer, row, column);
  const found = Array.from(
    { length: rows },
    (_, row) => Promise.all(Array.from({ length: columns }, (_, column) => cell(row, column))),
  );
  const texts = await Promise.all(found);
  await lib.PQclear(answer);
  return texts;
}

async function command(lib: Libpq, connection: Connection, sql: string): Promise<void> {
  const answer = await lib.PQexec(connection, sql);
  const status = await lib.PQresultStatus(answer);
  same(status, pq.PGRES_COMMAND_OK, `${await lib.PQresultErrorMessage(answer)}`);
  await lib.PQclear(answer);
}

test("libpq: a connection tells what it is connected to", async () => {
  await connected(async (lib, connection) => {
    same(await lib.PQuser(connection), "siding");
    same(await lib.PQdb(connection), "postgres");
    same(await lib.PQhost(connection), server!.folder);
    same(await lib.PQparameterStatus(connection, "server_encoding"), "UTF8");
    same(await lib.PQparameterStatus(connection, "no such parameter"), null);
    same(await lib.PQtransactionStatus(connection), pq.PQTRANS_IDLE);
    ok(await lib.PQserverVersion(connection) >= 90_000);
    ok(await lib.PQbackendPID(connection) > 1);
    same(await library.PQping(server!.connection), pq.PQPING_OK);
  });
});

test("libpq: a connection that fails says why", async () => {
  const connection = await library.PQconnectdb("host=/no/such/folder");
  same(await library.PQstatus(connection), pq.CONNECTION_BAD);
  match(await library.PQerrorMessage(connection) ?? "", /No such file or directory/);
  await library.PQfinish(connection);
  const parsed = await library.PQconninfoParse("no option at all");
  same(parsed.value, null);
  match(parsed.out[0] ?? "", /missing "="/);
});

test("libpq: the options of a connection are an array of structs", async () => {
  await connected(async (lib, connection) => {
    const options = await lib.PQconninfo(connection);
    const option = layout(pq.PQconninfoOption);
    const found = new Map<string, string | null>();
    for (let at = 0;; at += option.size) {
      const { keyword, val } = read(options!, option, at);
      if (keyword === null) break;
      found.set(keyword, val);
    }
    await lib.PQconninfoFree(options);
    same([found.get("user"), found.get("host")], ["siding", server!.folder]);
    same(found.get("password"), null);
    ok(found.size > 20);
  });
});

test("libpq: keywords and values go in as lists of strings", async () => {
  await connected(async (lib) => {
    const names = ["host", "user", "dbname", "application_name"];
    const values = [server!.folder, "siding", "postgres", "a name"];
    const connection = await lib.PQconnectdbParams(names, values, 0);
    same(await rowsOf(lib, await lib.PQexec(connection, "show application_name")), [[
      "a name",
    ]]);
    await lib.PQfinish(connection);
  });
});

test("libpq: parameters are texts, null is NULL, and rows come back as texts", async () => {
  await connected(async (lib, connection) => {
    const sql = "select $1::int + 1, $2::text, $3::text is null, $4::text";
    const values = ["41", "naïve – ✓", null, ""];
    const answer = lib.PQexecParams(connection, sql, 4, null, values, null, null, 0);
    same(await rowsOf(lib, await answer), [["42", "naïve – ✓", "t", ""]]);
    const many = "select i, repeat('x', i) from generate_series(1, 500) as i";
    const rows = await rowsOf(lib, await lib.PQexec(connection, many));
    same(rows, Array.from({ length: 500 }, (_, at) => [`${at + 1}`, "x".repeat(at + 1)]));
  });
});

test("libpq: a prepared statement runs many times, with types by number", async () => {
  await connected(async (lib, connection) => {
    const types = Uint32Array.of(23, 25); // int4 and text
    const prepared = await lib.PQprepare(connection, "both", "select $1 * 2, upper($2)", 2, types);
    same(await lib.PQresultStatus(prepared), pq.PGRES_COMMAND_OK);
    await lib.PQclear(prepared);
    for (let round = 0; round < 50; round++) {
      const answer = lib.PQexecPrepared(connection, "both", 2, [`${round}`, "a"], null, null, 0);
      same(await rowsOf(lib, await answer), [[`${round * 2}`, "A"]]);
    }
    const described = await lib.PQdescribePrepared(connection, "both");
    same(await lib.PQnparams(described), 2);
    same([await lib.PQparamtype(described, 0), await lib.PQparamtype(described, 1)], [23, 25]);
    await lib.PQclear(described);
  });
});

test("libpq: binary results are bytes with the length that PQgetlength gives", async () => {
  await connected(async (lib, connection) => {
    const sql = "select 258::int8, 1.5::float8, '\\x00ff00'::bytea";
    const answer = await lib.PQexecParams(connection, sql, 0, null, null, null, null, 1);
    same(await lib.PQbinaryTuples(answer), 1);
    const bytes = await Promise.all([0, 1, 2].map(async (column) => {
      const length = await lib.PQgetlength(answer, 0, column);
      return bytesAt(await lib.PQgetvalue_pointer(answer, 0, column), length);
    }));
    same(bytes[0], Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2));
    same(new DataView(bytes[1]!.buffer).getFloat64(0), 1.5);
    same(bytes[2], Uint8Array.of(0, 255, 0));
    same([await lib.PQftype(answer, 0), await lib.PQfsize(answer, 1)], [20, 8]);
    same(await lib.PQfname(answer, 2), "bytea");
    await lib.PQclear(answer);
  });
});

test("libpq: binary parameters lie in memory, with lengths and formats in arrays", async () => {
  await connected(async (lib, connection) => {
    using memory = alloc(4);
    copyBytes(Uint8Array.of(0, 1, 0, 255), memory);
    const answer = lib.PQexecParams_pointers(
      connection,
      "select encode($1::bytea, 'hex'), $2::int is null",
      2,
      Uint32Array.of(17, 23),
      [memory.pointer, null],
      Int32Array.of(4, 0),
      Int32Array.of(1, 1),
      0,
    );
    same(await rowsOf(lib, await answer), [["000100ff", "t"]]);
  });
});

test("libpq: COPY in and out; each row that comes out is copied and freed", async () => {
  await connected(async (lib, connection) => {
    await command(lib, connection, "create temporary table copied(id int, name text)");
    const into = await lib.PQexec(connection, "copy copied from stdin");
    same(await lib.PQresultStatus(into), pq.PGRES_COPY_IN);
    await lib.PQclear(into);
    const encoder = new TextEncoder();
    for (let id = 0; id < 1000; id++) {
      const row = encoder.encode(`${id}\trow ${id}\n`);
      same(await lib.PQputCopyData(connection, row, row.byteLength), 1);
    }
    same(await lib.PQputCopyEnd(connection, null), 1);
    const done = await lib.PQgetResult(connection);
    same(await lib.PQcmdTuples(done), "1000");
    await lib.PQclear(done);
    same(await lib.PQgetResult(connection), null);
    const from = await lib.PQexec(connection, "copy (select * from copied order by id) to stdout");
    same(await lib.PQresultStatus(from), pq.PGRES_COPY_OUT);
    await lib.PQclear(from);
    const decoder = new TextDecoder();
    for (let id = 0; id < 1000; id++) {
      const { value, out: [row] } = await lib.PQgetCopyData(connection, 0);
      same(row?.byteLength, value);
      same(decoder.decode(row!), `${id}\trow ${id}\n`);
    }
    same(await lib.PQgetCopyData(connection, 0), { value: -1, out: [null] });
    const end = await lib.PQgetResult(connection);
    same(await lib.PQresultStatus(end), pq.PGRES_COMMAND_OK);
    await lib.PQclear(end);
    same(await lib.PQgetResult(connection), null);
  });
});

test("libpq: what NOTIFY sends is copied with its texts, and freed", async () => {
  await connected(async (lib, connection) => {
    same(await lib.PQnotifies(connection), null);
    await command(lib, connection, "listen trains");
    for (let number = 0; number < 20; number++) {
      await command(lib, connection, `notify trains, 'train ${number}'`);
      const notice = await lib.PQnotifies(connection);
      same([notice?.relname, notice?.extra], ["trains", `train ${number}`]);
      same(notice?.be_pid, await lib.PQbackendPID(connection));
    }
    await lib.PQconsumeInput(connection);
    same(await lib.PQnotifies(connection), null);
  });
});

test("libpq: an error has its fields, and a verbose message of its own", async () => {
  await connected(async (lib, connection) => {
    const answer = await lib.PQexec(connection, "select 1 / 0 as nothing");
    same(await lib.PQresultStatus(answer), pq.PGRES_FATAL_ERROR);
    same(await lib.PQresStatus(pq.PGRES_FATAL_ERROR), "PGRES_FATAL_ERROR");
    same(await lib.PQresultErrorField(answer, pq.PG_DIAG_SQLSTATE), "22012");
    same(await lib.PQresultErrorField(answer, pq.PG_DIAG_SEVERITY), "ERROR");
    same(await lib.PQresultErrorField(answer, pq.PG_DIAG_MESSAGE_PRIMARY), "division by zero");
    same(await lib.PQresultErrorField(answer, pq.PG_DIAG_TABLE_NAME), null);
    const verbose = lib.PQresultVerboseErrorMessage(
      answer,
      pq.PQERRORS_VERBOSE,
      pq.PQSHOW_CONTEXT_ALWAYS,
    );
    match(await verbose ?? "", /^ERROR: {2}22012: division by zero\nLOCATION: {2}int4div/);
    await lib.PQclear(answer);
    match(await lib.PQerrorMessage(connection) ?? "", /division by zero/);
  });
});

test("libpq: quoting makes texts that are freed, and bytes come back from them", async () => {
  await connected(async (lib, connection) => {
    same(await lib.PQescapeLiteral(connection, "it's", 4), "'it''s'");
    same(await lib.PQescapeIdentifier(connection, 'a"b', 3), '"a""b"');
    const room = new Uint8Array(16);
    const escaped = await lib.PQescapeStringConn(connection, room, "it's", 4);
    same(escaped, { value: 5, out: [0] });
    same(new TextDecoder().decode(room.subarray(0, 5)), "it''s");
    const bytes = Uint8Array.of(0, 1, 92, 255);
    const { value, out: [length] } = await lib.PQescapeByteaConn(connection, bytes, 4);
    same([value, length], ["\\x00015cff", 11]);
    same(await lib.PQunescapeBytea("\\x00015cff"), { value: bytes, out: [4] });
  });
});

test("libpq: a query that runs is cancelled from another thread", async () => {
  await connected(async (lib, connection) => {
    const cancel = await lib.PQgetCancel(connection);
    const answer = lib.PQexec(connection, "select pg_sleep(60)");
    const room = new Uint8Array(256);
    let running: Answer | null | undefined;
    const ended = answer.then((value) => running = value);
    while (running === undefined) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
      if (running === undefined) same(await library.PQcancel(cancel, room, 256), 1);
    }
    same(await lib.PQresultErrorField(running, pq.PG_DIAG_SQLSTATE), "57014");
    await lib.PQclear(running);
    await lib.PQfreeCancel(cancel);
  });
});

test("libpq: a large object is written, sought in and read", async () => {
  await connected(async (lib, connection) => {
    await command(lib, connection, "begin");
    const object = await lib.lo_create(connection, 0);
    ok(object > 0);
    const fd = await lib.lo_open(connection, object, pq.INV_READ | pq.INV_WRITE);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    same(await lib.lo_write(connection, fd, bytes, 60_000), 60_000);
    same(await lib.lo_lseek64(connection, fd, 59_000, 0), 59_000);
    const back = new Uint8Array(2000);
    same(await lib.lo_read(connection, fd, back, 2000), 1000);
    same(back.subarray(0, 1000), bytes.subarray(59_000));
    same(await lib.lo_tell64(connection, fd), 60_000);
    same(await lib.lo_close(connection, fd), 0);
    same(await lib.lo_unlink(connection, object), 1);
    await command(lib, connection, "commit");
  });
});

test("libpq: the server is stopped, and nothing of it is left", async () => {
  server ??= startServer();
  const { folder, connection } = server;
  server.stop();
  ok(!existsSync(folder));
  same(await library.PQping(connection), pq.PQPING_NO_RESPONSE);
  server = undefined;
});
