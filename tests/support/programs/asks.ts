/**
 * One call from C after the other, each answered by JavaScript, with no timer alive:
 * `asks CHANNEL main|worker COUNT`. Every other answer is a promise, after which nobody listens on
 * the spot, so that the next call comes by a kick.
 */
import { callback, configure, open, stats } from "../../../mod.ts";
import { testlibPath } from "../testlib.ts";
import { runWakeTask, type WakeTask } from "../wake_task.ts";

const ask = { parameters: ["i32"], result: "i32" } as const;

async function asks({ channel, count }: WakeTask): Promise<string> {
  configure({ wake: channel });
  const library = open(testlibPath, {
    start: {
      name: "test_asks_start",
      parameters: [{ function: ask }, "u32", "u32", "i32"],
      result: "pointer",
    },
    join: { name: "test_asks_join", parameters: ["pointer", { out: "i64" }], result: "i64" },
  });
  let asked = 0;
  const answer = (value: number): number | Promise<number> => {
    const result = value + 1;
    return asked++ % 2 === 0 ? result : Promise.resolve(result);
  };
  using listener = callback.call(ask, answer, { fallback: -1 });
  const before = stats().wakes;
  const storm = await library.start(listener, 1, count, -1);
  const { value: sum } = await library.join(storm);
  const { wakes, wakeChannel } = stats();
  return JSON.stringify({ asked, sum: Number(sum), kicks: wakes - before, wakeChannel });
}

await runWakeTask(import.meta.url, asks);
