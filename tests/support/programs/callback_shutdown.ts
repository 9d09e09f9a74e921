/**
 * Handlers that disconnect their thread: while C on it waits for them, and while further events
 * wait behind theirs. Prints what C got, how many handlers ran, and what was reported.
 */
import process from "node:process";
import { callback, Context, shutdown } from "../../../mod.ts";
import { ask, openCallbackLib, post } from "../callbacks.ts";
import { until } from "../harness.ts";

const ROUNDS = 20;
const CLOSED = -7;

const report = {
  inside: [] as number[],
  ran: 0,
  after: 0,
  events: 0,
  codes: [] as string[],
  reported: [] as string[],
};
const note = (error: unknown): void => void report.reported.push(String(error));
addEventListener("error", (event) => {
  event.preventDefault();
  note((event as ErrorEvent).error);
});
process.on("uncaughtException", note);

for (let round = 0; round < ROUNDS; round++) {
  const library = openCallbackLib();
  const inner = callback.call(ask, (value) => {
    shutdown();
    return value;
  }, { fallback: CLOSED });
  const outer = callback.call(ask, (value) => {
    report.inside.push(library.askI32.sync(inner, value, false));
    return value;
  }, { fallback: CLOSED });
  report.inside.push(library.askI32.sync(outer, 1, false));
  await new Promise((resolve) => setTimeout(resolve, 1));
}
report.inside = [...new Set(report.inside)];

const library = openCallbackLib();
const first = callback.post(post, () => {
  report.ran++;
  shutdown();
}).ref();
const second = callback.post(post, () => void report.after++);
for (const one of [first, second]) library.stormJoin.sync(library.stormStart.sync(one, 1, 3));
await until(() => report.ran > 0, "a handler runs");
await new Promise((resolve) => setTimeout(resolve, 20));
report.events = second.stats.events;

const again = openCallbackLib();
await using context = await Context.acquire();
const scoped = callback.call(ask, (value, scope) => {
  const used = scope.context!.use(again);
  shutdown();
  for (const object of [used, scope.context!.use(again)]) {
    object.add(1, 2).catch(({ code }) => report.codes.push(code));
  }
  return value;
}, { fallback: CLOSED });
const asked = context.use(again).askI32(scoped, 1, false);
await asked.catch(({ code }) => report.codes.push(code));
report.inside.push(await openCallbackLib().add(1, 2));
console.log(JSON.stringify(report));
process.exit();
