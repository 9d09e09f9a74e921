import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import {
  bind,
  Context,
  type ContextNotice,
  type Notice,
  stats,
  trace,
  type TraceEvent,
} from "../mod.ts";
import { makeCounter, makeGate, openContextLib } from "./support/contexts.ts";
import { test, until } from "./support/harness.ts";

const library = openContextLib();

function calls(events: readonly TraceEvent[], name: string): TraceEvent[] {
  return events.filter((event) => event.ph === "X" && event.name === name);
}

/** Throws unless an event is what the Trace Event format asks for. */
function checkEvent(event: TraceEvent): void {
  assert.equal(typeof event.name, "string");
  assert.ok(Number.isInteger(event.pid) && Number.isInteger(event.tid));
  if (event.ph === "M") {
    assert.deepEqual([event.name, typeof event.args["name"]], ["thread_name", "string"]);
    return;
  }
  assert.equal(event.ph, "X");
  assert.ok(event.ts! >= 0 && event.dur! >= 0, `${event.ts} ${event.dur}`);
}

test("a trace has one slice for each call, in lanes of contexts and threads", async () => {
  await using context = await Context.acquire({ name: "traced" });
  const used = context.use(library);
  const session = trace();
  for (let i = 0; i < 20; i++) await used.add(1, i);
  await used.sleep(20);
  await Promise.all([library.sleep(5), library.sleep(5)]);
  using bound = bind(used.localNext);
  await bound.run();
  const result = session.stop();
  assert.equal(session.stop(), result);
  const { traceEvents, otherData } = JSON.parse(JSON.stringify(result)) as typeof result;
  traceEvents.forEach(checkEvent);
  assert.equal(otherData.dropped, 0);
  assert.equal(calls(traceEvents, "add").length, 20);
  assert.equal(calls(traceEvents, "localNext").length, 1);
  const lanes = new Map(
    traceEvents.filter(({ ph }) => ph === "M").map(({ tid, args }) => [tid, args["name"]]),
  );
  const [slept] = calls(traceEvents, "sleep").filter(({ tid }) => lanes.get(tid) === "traced");
  assert.ok(slept!.dur! >= 20_000 && slept!.dur! < 200_000, `${slept!.dur} µs`);
  const elsewhere = calls(traceEvents, "sleep").filter(({ tid }) => lanes.get(tid) !== "traced");
  assert.equal(elsewhere.length, 2);
  assert.ok(elsewhere.every(({ tid }) => String(lanes.get(tid)).startsWith("pool ")));
});

test("a trace that is full counts what it drops, and ends", async () => {
  const session = trace({ entries: 8 });
  for (let i = 0; i < 20; i++) await library.answer();
  const { traceEvents, otherData } = session.stop();
  assert.equal(calls(traceEvents, "answer").length, 8);
  assert.equal(otherData.dropped, 12);
  await library.answer();
  using again = trace();
  assert.deepEqual(again.stop().traceEvents, []);
});

test("runs of a repetition are traced", async () => {
  await using context = await Context.acquire();
  const session = trace();
  let seen = 0;
  using body = bind(context.use(library).countAdd, makeCounter());
  for await (const _ of context.repeat(body)) {
    if (++seen === 10) break;
  }
  assert.ok(calls(session.stop().traceEvents, "countAdd").length >= 10);
});

test("C6: a trace of no or too many entries is refused", () => {
  for (const entries of [0, -1, NaN, Infinity, 2 ** 24 + 1]) {
    assert.throws(() => trace({ entries }), { name: "RangeError", message: /Cannot trace/ });
  }
  assert.throws(() => trace({ entries: "5" as never }), { name: "TypeError" });
});

test("P9: channels tell of leases and of calls that are stuck", async () => {
  await library.sleep(50); // by now every runtime has the channels
  const leases: ContextNotice[] = [];
  const stuck: Notice[] = [];
  const onLease = (message: unknown): number => leases.push(message as ContextNotice);
  const onStuck = (message: unknown): number => stuck.push(message as Notice);
  channel("siding:context").subscribe(onLease);
  channel("siding:stuck").subscribe(onStuck);
  const context = await Context.acquire({ name: "watched", stuckAfter: 20 });
  const gate = makeGate(library);
  const call = context.use(library).gateWait(gate.number);
  await until(() => stuck.length === 1, "the notice came");
  gate.open();
  await call;
  await context.release();
  channel("siding:context").unsubscribe(onLease);
  channel("siding:stuck").unsubscribe(onStuck);
  await (await Context.acquire()).release();
  assert.deepEqual(leases.map(({ event, context }) => [event, context]), [
    ["acquire", "watched"],
    ["release", "watched"],
  ]);
  assert.ok(leases.every(({ elapsed }) => elapsed >= 0));
  const [{ event, function: name }] = stuck as [Notice];
  assert.deepEqual([event, name], ["stuck", "gateWait"]);
  assert.equal(stats().slots.active, 0);
});
