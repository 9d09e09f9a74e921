/**
 * Calls that belong together: order, threads, memory, repetitions.
 *
 * @module
 */
import { bind } from "../../mod.ts";
import { chained, counted } from "./chains.ts";
import { nested } from "./nesting.ts";
import { owning } from "./owning.ts";
import type { Act, Lease } from "./scene.ts";
import { hold } from "./tally.ts";

const CALLS_MAX = 24;
const BUFFER_BYTES_MAX = 20_000;

/* A counter in C tells in which order calls ran. */
async function inOrder({ random, tally, here, counter }: Lease): Promise<void> {
  let seen = 0;
  const calls = Array.from({ length: 1 + random.below(CALLS_MAX) }, (_, index) => ({
    ended: tally.follow("ordered", here.countAdd(counter)),
    index,
  }));
  for (const { ended, index } of calls) {
    const count = await ended;
    if (count === undefined) continue;
    const detail = (): string => `call ${index} was number ${count}, after ${seen}`;
    hold(count > seen, "calls of a context run in their order", detail);
    seen = count;
  }
}

async function onOneThread({ random, tally, here }: Lease): Promise<void> {
  const length = 1 + random.below(6);
  const ids = await Promise.all(
    Array.from({ length }, () => tally.follow("thread", here.threadId())),
  );
  const known = new Set(ids.filter((id) => id !== undefined));
  hold(known.size <= 1, "a context is one thread", () => `threads ${[...known].join(", ")}`);
}

async function repeated({ random, tally, context, here, counter }: Lease): Promise<void> {
  const wanted = 1 + random.below(40);
  using body = bind(here.countAdd, counter + 1);
  const port = context.repeat(body, { capacity: 1 + random.below(32) });
  const take = async (): Promise<number> => {
    let [taken, seen] = [0, 0];
    for await (const count of port) {
      hold(count > seen, "events of a repetition come in order", () => `${count} after ${seen}`);
      seen = count;
      if (++taken === wanted) break;
    }
    return taken;
  };
  const taken = await tally.follow("repeat", take());
  hold(taken === undefined || taken === wanted, "a port ends when it is left", () => `${taken}`);
}

async function filled({ random, tally, here }: Lease): Promise<void> {
  const bytes = new Uint8Array(1 + random.skewed(BUFFER_BYTES_MAX));
  const size = bytes.length;
  await tally.follow("fill", here.fill(bytes, size, 7));
  const sum = await tally.follow("sum", here.sum(bytes, size));
  const detail = (): string => `${size} bytes of 7 are ${sum}`;
  hold(sum === undefined || sum === BigInt(size) * 7n, "results are exact", detail);
}

/** Those that there are, and those of other files. */
export const ACTS: readonly Act[] = [
  inOrder,
  onOneThread,
  filled,
  repeated,
  chained,
  counted,
  nested,
  owning,
  owning,
];
