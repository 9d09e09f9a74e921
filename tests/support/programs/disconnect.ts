/** Shuts the connection down with calls running, queued, waiting for admission and cancelled. */
import { configure, Context, shutdown, SidingError } from "../../../mod.ts";
import { rejection, until } from "../harness.ts";
import { makeGate, openTestlib } from "../testlib.ts";

const LIMIT = 22;

configure({ calls: LIMIT });
const library = openTestlib();
const context = await Context.acquire();
const used = context.use(library);
const gate = makeGate(library);

const calls: Promise<unknown>[] = [];
calls.push(library.gateWait(gate.number), used.gateWait(gate.number));
await until(() => gate.arrived() === 2, "both run");
for (let i = 0; i < 10; i++) calls.push(used.countAdd(9));
for (let i = 0; i < 10; i++) calls.push(used.countAdd.with({ timeout: 60_000 })(9));
for (let i = 0; i < 10; i++) calls.push(library.countAdd(9));
calls.push(library.countAdd.with({ runTimeout: 60_000 })(9));
calls.push(context.release().then(() => Promise.reject(new SidingError("ERR_SIDING_CLOSED", ""))));

const report = { settled: 0, codes: [] as string[], ran: 0, after: "", anew: 0, late: 0 };
for (const call of calls) {
  call.catch((error) => {
    report.settled++;
    if (!report.codes.includes(error.code)) report.codes.push(error.code);
  });
}
shutdown();
shutdown();
await Promise.allSettled(calls);
report.after = (await rejection(library.countAdd(9)) as SidingError).code;

const again = openTestlib();
report.anew = await again.answer();
const settledBefore = report.settled;
again.gateOpen.sync(gate.number);
await again.sleep(20);
report.late = report.settled - settledBefore;
report.ran = again.countGet.sync(9);
console.log(JSON.stringify(report));
