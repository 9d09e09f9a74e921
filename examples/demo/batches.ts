// Rows in portions: the calls of one portion are made without waiting for each.
import { setImmediate } from "node:timers";

const ROWS_PER_BATCH = 100;

/** Gives every row to `insert`, waits once a batch, and looks at all results with `check`. */
export async function inBatches<Row, Result>(
  rows: readonly Row[],
  insert: (row: Row) => readonly (Result | Promise<Result>)[],
  check: (results: readonly Result[]) => void | Promise<void>,
  progress: (rows: number) => void,
): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_BATCH) {
    const batch = rows.slice(from, from + ROWS_PER_BATCH);
    await check(await Promise.all(batch.flatMap(insert)));
    progress(from + batch.length);
    await nextTurn(); // blocking calls, too, leave the event loop a chance now and then
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
