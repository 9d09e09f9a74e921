// Queries on two connections at once, on one thread: libpq's sockets wait in a station.
//
//   bun examples/queries.ts CONNECTION      deno run --allow-ffi examples/queries.ts CONNECTION
import process from "node:process";
import { open, type Pointer, Station } from "@siding/ffi";

const connection = { pointer: "PGconn" } as const;
const answer = { pointer: "PGresult" } as const;
const pq = open({ linux: "libpq.so.5", darwin: "libpq.dylib" }, {
  PQconnectdb: { parameters: ["cstring"], result: connection },
  PQfinish: { parameters: [connection], result: "void" },
  PQsocket: { parameters: [connection], result: "i32" },
  PQerrorMessage: { parameters: [connection], result: "cstring" },
  PQsendQuery: { parameters: [connection, "cstring"], result: "i32" },
  PQconsumeInput: { parameters: [connection], result: "i32" },
  PQisBusy: { parameters: [connection], result: "i32" },
  PQgetResult: { parameters: [connection], result: answer },
  PQgetvalue: { parameters: [answer, "i32", "i32"], result: "cstring" },
  PQclear: { parameters: [answer], result: "void" },
});

/** The first value of a query. None of these functions blocks, so they run here. */
async function ask(station: Station, client: Pointer<"PGconn">, sql: string) {
  if (pq.PQsendQuery.sync(client, sql) !== 1) throw new Error(pq.PQerrorMessage.sync(client)!);
  let value: string | null = null;
  for (;;) {
    while (pq.PQisBusy.sync(client) === 1) {
      await station.readable(pq.PQsocket.sync(client));
      if (pq.PQconsumeInput.sync(client) !== 1) throw new Error(pq.PQerrorMessage.sync(client)!);
    }
    const result = pq.PQgetResult.sync(client);
    if (result === null) return value;
    value = pq.PQgetvalue.sync(result, 0, 0);
    pq.PQclear.sync(result);
  }
}

await using station = new Station();
const start = performance.now();
const texts = await Promise.all(["one", "other"].map(async (name) => {
  const client = (await pq.PQconnectdb(process.argv[2] ?? ""))!; // this one blocks
  const text = await ask(station, client, `select 'the ${name} has slept' from pg_sleep(0.5)`);
  await pq.PQfinish(client);
  return text;
}));
console.log(`${texts.join(", ")}: ${performance.now() - start < 950 ? "at once" : "in turn"}`);
