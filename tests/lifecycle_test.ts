import assert from "node:assert/strict";
import { close, Context, open, SidingError, stats } from "../mod.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { rejection, test, until } from "./support/harness.ts";
import { definitions, makeGate, openTestlib, testlibPath } from "./support/testlib.ts";

const library = openTestlib();

function codeOf(error: unknown): string {
  return error instanceof SidingError ? error.code : String(error);
}

/** Counts how often each of some promises is settled, and how. */
function tally(calls: readonly Promise<unknown>[]): { settled: number; codes: string[] } {
  const result: { settled: number; codes: string[] } = { settled: 0, codes: [] };
  calls.forEach((call, i) => {
    const note = (code: string): void => {
      result.settled++;
      result.codes[i] = code;
    };
    call.then(() => note("ok"), (error) => note(codeOf(error)));
  });
  return result;
}

test("X4: a library closed with calls in flight: they finish first, later ones fail", async () => {
  const own = open(testlibPath, definitions);
  const gate = makeGate(library);
  const calls = Array.from({ length: 10 }, () => own.gateWait(gate.number));
  const result = tally(calls);
  await until(() => gate.arrived() === 10, "all run");
  let isClosed = false;
  const closing = close(own).then(() => isClosed = true);
  assert.equal(codeOf(await rejection(own.answer())), "ERR_SIDING_CLOSED");
  assert.match(String(await rejection(own.answer())), /Cannot call answer: its library is closed/);
  assert.throws(() => own.answer.sync(), { code: "ERR_SIDING_CLOSED" });
  assert.equal(codeOf(await rejection(own.add.with({ timeout: 9 })(1, 2))), "ERR_SIDING_CLOSED");
  own.nothing.send();
  assert.equal(isClosed, false);
  assert.equal(result.settled, 0);
  gate.open();
  await closing;
  assert.deepEqual(result, { settled: 10, codes: Array(10).fill("ok") });
  assert.equal(await library.answer(), 42);
});

test("X4: closing is idempotent, and ends at once where nothing is in flight", async () => {
  const own = openTestlib();
  assert.equal(close(own), close(own));
  await close(own);
  await own[Symbol.asyncDispose]();
  const again = openTestlib();
  assert.equal(await again.answer(), 42);
  assert.equal(await library.answer(), 42);
});

test("X4: a closed library fails on contexts too", async () => {
  await using context = await Context.acquire();
  const own = openTestlib();
  const used = context.use(own);
  assert.equal(await used.answer(), 42);
  await close(own);
  assert.equal(codeOf(await rejection(used.answer())), "ERR_SIDING_CLOSED");
  assert.equal(codeOf(await rejection(context.use(own).answer())), "ERR_SIDING_CLOSED");
  assert.equal(await context.use(library).answer(), 42);
});

test("C12: calls of a library that is closed settle exactly once", async () => {
  const own = openTestlib();
  await using context = await Context.acquire();
  const used = context.use(own);
  const gate = makeGate(library);
  const calls = [own.gateWait(gate.number), used.gateWait(gate.number), used.answer()];
  calls.push(used.answer.with({ timeout: 60_000 })());
  const result = tally(calls);
  const closing = close(own);
  calls.push(rejection(own.answer()) as Promise<never>);
  gate.open();
  await closing;
  await Promise.allSettled(calls);
  assert.deepEqual(result, { settled: 4, codes: ["ok", "ok", "ok", "ok"] });
  assert.equal(stats().inFlight, 0);
});

test("C12: calls of a context that is released settle exactly once", async () => {
  const context = await Context.acquire({ name: "released" });
  const used = context.use(library);
  const gate = makeGate(library);
  const calls: Promise<unknown>[] = [used.gateWait(gate.number)];
  await until(() => gate.arrived() === 1, "the first one runs");
  for (let i = 0; i < 100; i++) calls.push(used.answer());
  const result = tally(calls);
  const released = context.release();
  const late = [used.answer(), used.answer.with({ timeout: 1000 })()];
  for (const call of late) {
    const error = await rejection(call);
    assert.equal(codeOf(error), "ERR_SIDING_CONTEXT_RECYCLING");
    assert.match(String(error), /Cannot call answer: context "released" is being released/);
  }
  assert.equal(result.codes[0], undefined);
  gate.open();
  await released;
  await Promise.allSettled(calls);
  const codes = ["ok", ...Array(100).fill("ERR_SIDING_CONTEXT_RECYCLING")];
  assert.deepEqual(result, { settled: 101, codes });
  assert.throws(() => context.use(library), { code: "ERR_SIDING_CONTEXT_RECYCLING" });
});

test("C12: releasing is idempotent and every caller waits for the same end", async () => {
  const active = stats().slots.active;
  const context = await Context.acquire();
  assert.equal(stats().slots.active, active + 1);
  assert.equal(context.release(), context.release());
  await context[Symbol.asyncDispose]();
  assert.equal(stats().slots.active, active);
});

test("C12: shutdown with calls running, queued and waiting settles each once", async () => {
  const outcome = await runProgram("disconnect");
  expectExit(outcome, 0);
  const report = JSON.parse(outcome.stdout);
  assert.deepEqual(report, {
    settled: 34,
    codes: ["ERR_SIDING_CLOSED"],
    ran: 0,
    after: "ERR_SIDING_CLOSED",
    anew: 42,
    late: 0,
  });
});

test("C12: functions made before shutdown fail, also those not used before and sync", async () => {
  const outcome = await runProgram("outlived");
  expectExit(outcome, 0);
  assert.deepEqual(JSON.parse(outcome.stdout), {
    call: "ERR_SIDING_CLOSED",
    sync: "ERR_SIDING_CLOSED",
    here: "ERR_SIDING_CLOSED",
    anew: 42,
  });
});
