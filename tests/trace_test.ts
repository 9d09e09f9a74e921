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

/** What an event may say of the process or a lane, and as what. */
const said: Readonly<Record<string, readonly [argument: string, type: string]>> = {
  process_name: ["name", "string"],
  thread_name: ["name", "string"],
  thread_sort_index: ["sort_index", "number"],
};
/** Of the microseconds in which times are given. */
const NANOSECOND = 0.001;

/** Throws unless an event is what the Trace Event format asks for. */
function checkEvent(event: TraceEvent): void {
  assert.equal(typeof event.name, "string");
  assert.ok(Number.isInteger(event.pid) && Number.isInteger(event.tid));
  if (event.ph === "M") {
    const [argument, type] = said[event.name]!;
    assert.deepEqual(Object.keys(event.args), [argument]);
    assert.equal(typeof event.args[argument], type);
    return;
  }
  assert.equal(event.ph, "X");
  assert.equal(event.cat, "siding");
  assert.ok(event.ts! >= 0 && event.dur! >= 0, `${event.ts} ${event.dur}`);
}

/** Throws unless the slices of a lane follow, or contain, one another. */
function checkNesting(slices: readonly TraceEvent[]): void {
  const ends: number[] = [];
  for (const { ts, dur } of [...slices].sort((a, b) => a.ts! - b.ts! || b.dur! - a.dur!)) {
    while (ends.length > 0 && ends.at(-1)! <= ts! + NANOSECOND) ends.pop();
    const outer = ends.at(-1) ?? Infinity;
    assert.ok(ts! + dur! <= outer + NANOSECOND, `a slice at ${ts} goes beyond ${outer}`);
    ends.push(ts! + dur!);
  }
}

/** Throws unless a trace is what viewers of the format expect; gives the names of its lanes. */
function checkTrace(events: readonly TraceEvent[]): Map<number, string> {
  events.forEach(checkEvent);
  const meta = (name: string): TraceEvent[] =>
    events.filter((event) => event.ph === "M" && event.name === name);
  assert.equal(meta("process_name").length, 1);
  const lanes = [...new Set(events.filter(({ ph }) => ph === "X").map(({ tid }) => tid))];
  for (const name of ["thread_name", "thread_sort_index"]) {
    const tids = meta(name).map(({ tid }) => tid);
    assert.deepEqual(tids.sort(), [...lanes].sort(), `each lane has one ${name}`);
  }
  const places = meta("thread_sort_index").map(({ args }) => args["sort_index"]);
  assert.equal(new Set(places).size, places.length);
  for (const lane of lanes) {
    checkNesting(events.filter(({ ph, tid }) => ph === "X" && tid === lane));
  }
  return new Map(meta("thread_name").map(({ tid, args }) => [tid, String(args["name"])]));
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
  const lanes = checkTrace(traceEvents);
  assert.equal(otherData.dropped, 0);
  assert.equal(calls(traceEvents, "add").length, 20);
  assert.equal(calls(traceEvents, "localNext").length, 1);
  const [slept] = calls(traceEvents, "sleep").filter(({ tid }) => lanes.get(tid) === "traced");
  assert.ok(slept!.dur! >= 20_000 && slept!.dur! < 200_000, `${slept!.dur} µs`);
  const elsewhere = calls(traceEvents, "sleep").filter(({ tid }) => lanes.get(tid) !== "traced");
  assert.equal(elsewhere.length, 2);
  assert.ok(elsewhere.every(({ tid }) => String(lanes.get(tid)).startsWith("pool ")));
});

test("a trace of many threads has one lane for each context, without overlaps", async () => {
  const session = trace();
  const work = async (name: string): Promise<void> => {
    await using context = await Context.acquire({ name });
    const used = context.use(library);
    await Promise.all(Array.from({ length: 50 }, () => used.spin(20)));
  };
  const names = Array.from({ length: 12 }, (_, index) => `lane ${index}`);
  const shared = Array.from({ length: 100 }, () => library.spin(20));
  await Promise.all([...shared, ...names.map(work)]); // slots serve several, one after the other
  await work("late");
  const { traceEvents } = session.stop();
  const lanes = checkTrace(traceEvents);
  const contexts = [...lanes].filter(([, name]) => !name.startsWith("pool "));
  assert.deepEqual(contexts.map(([, name]) => name).sort(), [...names, "late"].sort());
  for (const [lane] of contexts) {
    assert.equal(calls(traceEvents, "spin").filter(({ tid }) => tid === lane).length, 50);
  }
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
