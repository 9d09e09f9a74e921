/**
 * Rows of a database by a chain that a context repeats, against the loop that a C programmer would
 * write with libffi.
 *
 * @module
 */
import { Context } from "../../mod.ts";
import { openBenchFfi } from "../libraries.ts";
import { alternate, type Run } from "../measure.ts";
import { openSqlite, prepare, ROWS, rowsOf } from "./chain.ts";
import { compared, type Row } from "./outcome.ts";

const SUM = ROWS * (ROWS + 1) / 2;

function check(sum: number): void {
  if (sum !== SUM) throw new Error("rows are missing");
}

/** 300,000 rows of four columns. */
export const repeatRows: Row = async (name, effort) => {
  await using context = await Context.acquire({ name: "bench" });
  const sqlite = openSqlite(context);
  const statement = await prepare(sqlite);
  const row = rowsOf(sqlite, statement);
  const siding: Run = async (count) => {
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for await (const page of context.repeat(row).pages()) {
        for (const { id } of page) sum += id;
      }
      check(sum);
      await sqlite.sqlite3_reset(statement);
    }
  };
  const { bench_ffi_rows } = context.use(openBenchFfi());
  const { sqlite3_step, sqlite3_column_int64, sqlite3_column_text, sqlite3_column_double } = sqlite;
  const peer: Run = async (count) => {
    for (let i = 0; i < count; i++) {
      check(
        await bench_ffi_rows(
          sqlite3_step.pointer,
          sqlite3_column_int64.pointer,
          sqlite3_column_text.pointer,
          sqlite3_column_double.pointer,
          statement,
        ),
      );
      await sqlite.sqlite3_reset(statement);
    }
  };
  const rates = await alternate(siding, peer, effort);
  return { ...compared(name, "C through libffi", rates, ROWS), unit: "rows/s" };
};
