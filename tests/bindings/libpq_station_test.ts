// libpq without a thread: its sockets in a station, and all its calls, none of which blocks, on
// JavaScript's own.
import { deepStrictEqual as same, match, ok } from "node:assert/strict";
import * as pq from "../../bindings/libpq.ts";
import { type Pointer, Station } from "../../mod.ts";
import { measured, rejection } from "../support/harness.ts";
import { testUnless, tryOpen } from "./need.ts";
import { findServer, type Server, startServer } from "./postgres.ts";

const opened = tryOpen(pq.openLibpq);
const { library } = opened;
const test = findServer() === undefined
  ? testUnless("there is no PostgreSQL server on this machine")
  : opened.test;

type Connection = Pointer<"PGconn">;
type Answer = Pointer<"PGresult">;

const ROWS = 1_000_000;
const WOULD_BLOCK = 0;
let server: Server | undefined;

/** A connection of libpq that waits in a station. */
class Client implements Disposable {
  readonly #station: Station;
  readonly #connection: Connection;
  readonly #socket: number;

  private constructor(station: Station, connection: Connection) {
    this.#station = station;
    this.#connection = connection;
    this.#socket = library.PQsocket.sync(connection);
  }

  /** Connects to the tests' server. */
  static async connect(station: Station): Promise<Client> {
    server ??= startServer();
    const connection = library.PQconnectStart.sync(server.connection)!;
    let state: number = pq.PGRES_POLLING_WRITING;
    while (state !== pq.PGRES_POLLING_OK) {
      if (state === pq.PGRES_POLLING_FAILED) throw failure(connection);
      const socket = library.PQsocket.sync(connection); // may be another one each time
      if (state === pq.PGRES_POLLING_READING) await station.readable(socket);
      else await station.writable(socket);
      state = library.PQconnectPoll.sync(connection);
    }
    same(library.PQsetnonblocking.sync(connection, 1), 0);
    return new Client(station, connection);
  }

  /** The first column of the rows that a query gives; a signal that aborts cancels it. */
  async query(sql: string, signal?: AbortSignal): Promise<(string | null)[]> {
    signal?.throwIfAborted();
    await this.#send(sql);
    const cancel = (): void => void this.#cancel();
    signal?.addEventListener("abort", cancel);
    try {
      return await this.#results();
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** The rows of a `COPY … TO STDOUT`, read from the server as they are taken. */
  async *copy(sql: string): AsyncGenerator<Uint8Array> {
    await this.#send(sql);
    const started = await this.#next();
    same(library.PQresultStatus.sync(started), pq.PGRES_COPY_OUT);
    library.PQclear.sync(started);
    for (;;) {
      const { value, out: [row] } = library.PQgetCopyData.sync(this.#connection, 1);
      if (value > 0) yield row!;
      else if (value === WOULD_BLOCK) await this.#read();
      else break;
    }
    await this.#results();
  }

  /** What others notify, on the channels that it listens to. */
  async *notices(): AsyncGenerator<{ readonly channel: string; readonly text: string }> {
    for await (const _ of this.#station.watch(this.#socket)) {
      if (library.PQconsumeInput.sync(this.#connection) !== 1) throw failure(this.#connection);
      for (;;) {
        const notice = library.PQnotifies.sync(this.#connection);
        if (notice === null) break;
        yield { channel: notice.relname!, text: notice.extra! };
      }
    }
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    library.PQfinish.sync(this.#connection);
  }

  async #send(sql: string): Promise<void> {
    if (library.PQsendQuery.sync(this.#connection, sql) !== 1) throw failure(this.#connection);
    while (library.PQflush.sync(this.#connection) === 1) {
      await this.#station.writable(this.#socket);
    }
  }

  async #next(): Promise<Answer | null> {
    while (library.PQisBusy.sync(this.#connection) === 1) await this.#read();
    return library.PQgetResult.sync(this.#connection);
  }

  async #read(): Promise<void> {
    await this.#station.readable(this.#socket);
    if (library.PQconsumeInput.sync(this.#connection) !== 1) throw failure(this.#connection);
  }

  /* All there are, for only then another query may be sent. */
  async #results(): Promise<(string | null)[]> {
    const rows: (string | null)[] = [];
    let refused: string | null = null;
    for (let answer = await this.#next(); answer !== null; answer = await this.#next()) {
      refused ??= library.PQresultErrorField.sync(answer, pq.PG_DIAG_SQLSTATE);
      const count = library.PQntuples.sync(answer);
      for (let row = 0; row < count; row++) rows.push(library.PQgetvalue.sync(answer, row, 0));
      library.PQclear.sync(answer);
    }
    if (refused === null) return rows;
    throw new Error(`the server refused it: ${refused}`);
  }

  /* This one blocks, so it runs on another thread. */
  async #cancel(): Promise<void> {
    const cancel = library.PQgetCancel.sync(this.#connection);
    const message = new Uint8Array(256);
    same(await library.PQcancel(cancel, message, message.length), 1);
    library.PQfreeCancel.sync(cancel);
  }
}

function failure(connection: Connection): Error {
  return new Error(`libpq: ${library.PQerrorMessage.sync(connection)}`);
}

test("S18: long queries on two connections at once, on one thread that goes on", () =>
  measured(async () => {
    await using station = new Station();
    using one = await Client.connect(station);
    using other = await Client.connect(station);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const start = performance.now();
    const sleeps = [one, other].map((client, index) =>
      client.query(`select ${index} from pg_sleep(0.4)`)
    );
    same(await Promise.all(sleeps), [["0"], ["1"]]);
    const ms = performance.now() - start;
    clearInterval(timer);
    ok(ms >= 400 && ms < 700, `${ms} ms`);
    ok(ticks > 20, `${ticks} ticks in ${ms} ms`);
  }));

test("S14: a COPY of 1,000,000 rows comes as it is taken; meanwhile the server waits", async () => {
  await using station = new Station();
  using client = await Client.connect(station);
  using watcher = await Client.connect(station);
  const rows = `select i, 'row ' || i from generate_series(1, ${ROWS}) as i`;
  const waits = "select count(*) from pg_stat_activity " +
    "where query like 'copy%' and wait_event = 'ClientWrite'";
  let [count, bytes] = [0, 0];
  for await (const row of client.copy(`copy (${rows}) to stdout`)) {
    count++;
    bytes += row.length;
    if (count === 1000) { while ((await watcher.query(waits))[0] !== "1"); }
    if (count % 100_000 !== 0) continue;
    same(new TextDecoder().decode(row), `${count}\trow ${count}\n`);
  }
  same(count, ROWS);
  const digits = 9 * 1 + 90 * 2 + 900 * 3 + 9_000 * 4 + 90_000 * 5 + 900_000 * 6 + 7;
  same(bytes, 2 * digits + ROWS * "\trow \n".length);
  same(await client.query("select 'still here'"), ["still here"]);
});

test("S18: what others NOTIFY is a port, in order", async () => {
  await using station = new Station();
  using listener = await Client.connect(station);
  using sender = await Client.connect(station);
  await listener.query("listen trains");
  const notices = listener.notices();
  for (let round = 0; round < 20; round++) {
    await sender.query(`notify trains, 'train ${round}'`);
    await sender.query(`notify trains, 'and ${round}'`);
    for (const text of [`train ${round}`, `and ${round}`]) {
      same((await notices.next()).value, { channel: "trains", text });
    }
  }
  await notices.return(undefined);
});

test("S18: an AbortSignal cancels the query in the server, the connection goes on", async () => {
  await using station = new Station();
  using client = await Client.connect(station);
  const signal = AbortSignal.timeout(50);
  const error = await rejection(client.query("select pg_sleep(60)", signal));
  same((error as Error).name, "TimeoutError");
  same(await client.query("select 'still here'"), ["still here"]);
  const refused = await rejection(client.query("select 1 / 0")) as Error;
  match(refused.message, /22012/);
});

test("libpq: the server of these tests is stopped", () => {
  server?.stop();
});
