/**
 * Rows about arguments and results that are more than numbers: each against the plain call of two
 * integers with as many calls in flight.
 *
 * @module
 */
import { Context } from "../../mod.ts";
import { openBench, openTest } from "../libraries.ts";
import { inBatches } from "../loops.ts";
import { alternate, type Effort, type Run } from "../measure.ts";
import { compared, type Outcome, type Row } from "./outcome.ts";

const IN_FLIGHT = 64;
const TEXT = "a string of thirty-two letters..";

/* Keeps calls in flight, and checks the last result of each batch. */
function inFlight<T>(call: (index: number) => Promise<T>, isRight: (value: T) => boolean): Run {
  return async (count) => {
    for (let batch = 0; batch < count; batch++) {
      const promises: Promise<T>[] = [];
      for (let i = 0; i < IN_FLIGHT; i++) promises.push(call(i));
      const values = await Promise.all(promises);
      if (!isRight(values[IN_FLIGHT - 1]!)) throw new Error("a call gave a wrong value");
    }
  };
}

async function againstPlain(
  name: string,
  effort: Effort,
  run: (context: Context) => Run,
): Promise<Outcome> {
  await using context = await Context.acquire({ name: "bench" });
  const plain = inBatches(context.use(openTest()).test_add, IN_FLIGHT);
  return compared(name, "plain call", await alternate(run(context), plain, effort), IN_FLIGHT);
}

/** One out cell. */
export const out: Row = (name, effort) =>
  againstPlain(name, effort, (context) => {
    const { bench_out } = context.use(openBench());
    return inFlight((i) => bench_out(i), ({ out: [next] }) => next === IN_FLIGHT);
  });

/** A string of 32 bytes in, and one out. */
export const text: Row = (name, effort) =>
  againstPlain(name, effort, (context) => {
    const { bench_text } = context.use(openBench());
    return inFlight(() => bench_text(TEXT), (value) => value === `b${TEXT.slice(1)}`);
  });

/** A struct of four doubles by value, in and out. */
export const struct: Row = (name, effort) =>
  againstPlain(name, effort, (context) => {
    const { bench_vector } = context.use(openBench());
    const vector = { x: 1, y: 2, z: 3, w: 4 };
    return inFlight((i) => bench_vector(vector, i), ({ w }) => w === 4 + IN_FLIGHT - 1);
  });
