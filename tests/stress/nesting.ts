/**
 * Callbacks of a context's own calls, whose handlers call on the thread that waits for them.
 *
 * @module
 */
import { callback, type CallbackScope } from "../../mod.ts";
import { ask } from "../support/callbacks.ts";
import type { Lease } from "./scene.ts";
import { hold } from "./tally.ts";

const DEPTH_MAX = 4;
const CLOSED = -1;

/** Each level adds one, on the very thread that waits. */
export async function nested({ random, tally, library, here }: Lease): Promise<void> {
  const depth = 1 + random.below(DEPTH_MAX);
  const closesIn = random.chance(0.2) ? random.below(2 * DEPTH_MAX) : Infinity;
  let calls = 0;
  const answer = async (level: number, { context }: CallbackScope): Promise<number> => {
    const own = context!.use(library);
    if (calls++ === closesIn) deep.close();
    if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.below(3)));
    return level === 0 ? await own.add(0, 0) : await own.askI32(deep, level - 1, false) + 1;
  };
  const own = async (level: number, scope: CallbackScope): Promise<number> => {
    try {
      return await answer(level, scope);
    } catch (error) {
      if (deep.stats.events > 0 && closesIn === Infinity) tally.fail(error);
      return CLOSED;
    }
  };
  using deep = callback.call(ask, own, { fallback: CLOSED });
  const got = await tally.follow("nested", here.askI32(deep, depth - 1, false));
  const isRight = got === undefined || got === depth - 1 || closesIn !== Infinity;
  hold(isRight, "nested calls are exact", () => `${depth} levels gave ${got}`);
}
