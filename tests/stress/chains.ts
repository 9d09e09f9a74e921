/**
 * Chains, checked against what the same calls give one by one.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain } from "../../mod.ts";
import type { Lease } from "./scene.ts";
import { Broken } from "./tally.ts";

const ROUNDS_MAX = 40;
const PAGE_MAX = 16;

function holdEqual(got: unknown, wanted: unknown): void {
  if (got === undefined) return;
  try {
    assert.deepEqual(got, wanted);
  } catch {
    throw new Broken("chains are exact", `${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
  }
}

/** Calls of which later ones use what earlier ones gave, in one trip. */
export async function chained({ random, tally, here }: Lease): Promise<void> {
  const [a, b, error] = [random.below(2 ** 30), random.below(2 ** 29), random.below(100)];
  const text = `text ${random.next()}`;
  const steps = chain(here, (s) => {
    const sum = s.run.add(a, b);
    const failed = s.run.errnoFail(error);
    return { sum, less: s.run.add(sum, -a), failed, text: s.run.echoText(text) };
  });
  const got = await tally.follow("chain", steps.run());
  holdEqual(got, { sum: a + b, less: b, failed: { value: -1, errno: error }, text });
}

/** The numbers up to a last one, collected in trips or repeated as a port. */
export async function counted(
  { random, tally, context, library, here, counter }: Lease,
): Promise<void> {
  const first = library.countGet.sync(counter) + 1;
  const length = random.below(ROUNDS_MAX);
  const numbers = chain(here, (s) => {
    const number = s.run.countAdd(counter);
    s.until(number, first + length);
    return { number, one: s.run.add(0, 1) };
  });
  const paged = async (): Promise<unknown[]> => {
    const got = [];
    for await (const page of numbers.pages({ max: 1 + random.below(PAGE_MAX) })) got.push(...page);
    return got;
  };
  const ported = async (): Promise<unknown[]> => await Array.fromAsync(context.repeat(numbers));
  const got =
    await (random.chance(0.5)
      ? tally.follow("chain in pages", paged())
      : tally.follow("chain repeated", ported()));
  holdEqual(got, Array.from({ length }, (_, index) => ({ number: first + index, one: 1 })));
}
