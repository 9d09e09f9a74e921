/**
 * One call after the other, with no timer alive: `pings CHANNEL main|worker|mixed COUNT`.
 * A call with options is never answered on the spot, so each result comes by a kick.
 */
import { configure, stats } from "../../../mod.ts";
import { openTestlib } from "../testlib.ts";
import { runWakeTask, type WakeTask } from "../wake_task.ts";

async function pings({ channel, place, count }: WakeTask): Promise<string> {
  configure({ wake: channel });
  const mixed = place === "mixed";
  const { add, spin } = openTestlib();
  const patient = add.with({});
  const before = stats().wakes;
  let done = 0;
  while (done < count) {
    if (mixed && done % 3 > 0) await (done % 3 === 1 ? add(done, 1) : spin(done % 12));
    else await patient(done, 1);
    done++;
  }
  const { wakes, wakeChannel } = stats();
  return JSON.stringify({ pings: done, kicks: wakes - before, wakeChannel });
}

await runWakeTask(import.meta.url, pings);
