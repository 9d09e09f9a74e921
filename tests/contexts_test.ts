import assert from "node:assert/strict";
import { Context, type ContextOptions, SidingError, stats } from "../mod.ts";
import { makeGate, makeLog, openContextLib } from "./support/contexts.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { measured, rejection, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

const library = openContextLib();
/** A million leases take some seconds where nothing else runs. */
const CYCLES_MS_MAX = 150_000;
const reason = { why: "the caller's own reason" };

function codeOf(error: unknown): string {
  return error instanceof SidingError ? error.code : String(error);
}

test("P1: a slot is used again after its release: the same thread, a new handle", async () => {
  const first = await Context.acquire();
  const used = first.use(library);
  const thread = await used.threadId();
  await first.release();
  const late = await rejection(used.threadId());
  assert.equal(codeOf(late), "ERR_SIDING_CONTEXT_RECYCLING");
  await using second = await Context.acquire();
  assert.equal(await second.use(library).threadId(), thread);
  assert.equal(codeOf(await rejection(used.threadId())), "ERR_SIDING_CONTEXT_RECYCLING");
});

test("P1: forged and stale tokens of a share are refused", async () => {
  const context = await Context.acquire({ name: "shared" });
  const token = context.share();
  await context.release();
  const forged = [0, -1, 1, 4711, 2 ** 40, Number.MAX_SAFE_INTEGER, token.context + 1];
  for (const number of [token.context, ...forged]) {
    const attach = (): unknown => Context.attach({ context: number, name: "" });
    assert.throws(attach, { name: "SidingError", code: "ERR_SIDING_STALE" });
  }
  for (const wrong of [null, 5, {}, { context: 1 }, { context: 0.5, name: "" }, "token"]) {
    assert.throws(() => Context.attach(wrong as never), { name: "TypeError" });
  }
});

test("P2: 1,000,000 leases above 2,000 descriptors leave nothing behind", async () => {
  expectExit(await runProgram("cycles", [], { timeoutMs: CYCLES_MS_MAX }), 0);
});

test("P3: exhausted, acquisitions wait in line, or fail at once when asked", async () => {
  expectExit(await runProgram("exhaustion"), 0);
});

test("P4: a release waits for the call in flight, which gives its result", async () => {
  const gate = makeGate(library);
  const context = await Context.acquire();
  const call = context.use(library).gateWait(gate.number);
  await until(() => gate.arrived() === 1, "C runs");
  const start = performance.now();
  setTimeout(() => gate.open(), 500);
  await context.release();
  const took = performance.now() - start;
  assert.equal(await call, gate.number);
  assert.ok(took >= 490 && took <= limitMs(2000), `${took} ms`);
});

test("P4: where C never returns the lease ends without its thread, which comes back", () =>
  measured(async () => {
    const gate = makeGate(library);
    const context = await Context.acquire({ name: "wedged", drainTimeout: 100 });
    const used = context.use(library);
    const calls = [used.gateWait(gate.number), used.answer(), used.answer()].map(rejection);
    await until(() => gate.arrived() === 1, "C runs");
    const start = performance.now();
    await context.release();
    const took = performance.now() - start;
    assert.ok(took >= 99 && took <= limitMs(700), `${took} ms`);
    assert.equal(stats().slots.wedged, 1);
    for (const error of await Promise.all(calls)) {
      assert.equal(codeOf(error), "ERR_SIDING_CONTEXT_RECYCLING");
      assert.match(String(error), /context "wedged" is being released/);
    }
    assert.equal(stats().abandoned, 1);
    await using other = await Context.acquire(); // the capacity is replaced
    assert.equal(await other.use(library).answer(), 42);
    gate.open();
    await until(() => stats().slots.wedged === 0, "the slot is back");
    await until(() => stats().abandoned === 0, "the call has ended");
    assert.equal(stats().inFlight, 0);
  }));

test("P5: what is queued at a release, and what comes after it, fails once each", async () => {
  const gate = makeGate(library);
  const context = await Context.acquire({ name: "ends" });
  const used = context.use(library);
  const running = used.gateWait(gate.number);
  await until(() => gate.arrived() === 1, "C runs");
  const queued = Array.from({ length: 50 }, () => rejection(used.answer()));
  const released = context.release();
  const late = [used.answer(), used.answer.with({ timeout: 1000 })()].map(rejection);
  gate.open();
  assert.equal(await running, gate.number);
  for (const error of await Promise.all([...queued, ...late])) {
    assert.equal(codeOf(error), "ERR_SIDING_CONTEXT_RECYCLING");
    assert.match(String(error), /Cannot call answer/);
  }
  await released;
  const refused = { code: "ERR_SIDING_CONTEXT_RECYCLING" };
  assert.throws(() => context.use(library), refused);
  assert.throws(() => context.own(8 as never, library.thingDestroy), refused);
  assert.throws(() => context.share(), refused);
  assert.throws(() => context.on("stuck", () => {}), refused);
  assert.throws(() => context.keep({ close: () => {} }), refused);
  assert.throws(() => context.interruptWith("signal"), refused);
});

test("P6: releases are idempotent, share one end, and may come from a settle handler", async () => {
  const context = await Context.acquire();
  const used = context.use(library);
  let released: Promise<void> | undefined;
  await used.answer().then(() => {
    released = context.release();
  });
  assert.equal(context.release(), released);
  await Promise.all([released, context.release(), context[Symbol.asyncDispose]()]);
  await context.release();
});

test("P8: nothing of one lease reaches the next", async () => {
  const log = makeLog(library);
  const notices: string[] = [];
  const first = await Context.acquire({ name: "first", stuckAfter: 20 });
  first.on("stuck", () => notices.push("stuck of the first"));
  first.own((await first.use(library).thingCreate(log.number, 1))!, library.thingDestroy);
  await first.release();
  assert.deepEqual(log.things(), [1]);
  await using second = await Context.acquire({ stuckAfter: 20 });
  const gate = makeGate(library);
  second.on("stuck", () => gate.open());
  await second.use(library).gateWait(gate.number);
  assert.deepEqual(notices, []);
  assert.equal(second.name, "");
  await second.release();
  assert.deepEqual(log.things(), [1]);
});

test("P9: a call longer than its threshold is told of once, and so is its end", async () => {
  const context = await Context.acquire({ name: "slow", stuckAfter: 30 });
  const notices: { event: string; context: string; function: string }[] = [];
  const told: number[] = [];
  for (const event of ["stuck", "recovered"] as const) {
    context.on(event, ({ elapsed, ...notice }) => {
      notices.push(notice);
      told.push(elapsed);
    });
  }
  const used = context.use(library);
  const gate = makeGate(library);
  const call = used.gateWait(gate.number);
  await until(() => notices.length === 1, "it is stuck");
  await new Promise((resolve) => setTimeout(resolve, 100)); // which is told of once
  gate.open();
  await call;
  await until(() => notices.length === 2, "it has recovered");
  const named = { context: "slow", function: "gateWait" };
  assert.deepEqual(notices, [{ event: "stuck", ...named }, { event: "recovered", ...named }]);
  assert.ok(told[0]! >= 30 && told[1]! >= 100, `${told}`);
  await new Promise((resolve) => setTimeout(resolve, 100)); // idle for longer than the threshold
  await used.answer();
  assert.equal(notices.length, 2);
  const off = context.on("stuck", () => notices.push({ event: "off", context: "", function: "" }));
  off[Symbol.dispose]();
  const next = makeGate(library);
  context.on("stuck", () => {
    later[Symbol.dispose](); // it would have its turn after this one
    next.open();
  });
  const later = context.on(
    "stuck",
    () => notices.push({ event: "off", context: "", function: "" }),
  );
  await used.gateWait(next.number);
  await context.release();
  assert.ok(!notices.some(({ event }) => event === "off"));
});

test("P10: 10,000 constructors that fail do not exhaust the pool", async () => {
  const fail = async (): Promise<void> => {
    await using context = await Context.acquire();
    await context.use(library).countFail(0, -1, 5);
  };
  for (let i = 0; i < 1250; i++) {
    const errors = await Promise.all(Array.from({ length: 8 }, () => rejection(fail())));
    assert.ok(errors.every((error) => codeOf(error) === "ERR_SIDING_SYSTEM"));
  }
  assert.equal(stats().slots.active + stats().slots.recycling, 0);
});

test("P12: a lease shared by Workers ends when all have released it", async () => {
  expectExit(await runProgram("shared"), 0);
});

test("X2: Workers lease from one pool; one that is terminated touches no other", async () => {
  for (let i = 0; i < 3; i++) expectExit(await runProgram("leases"), 0);
});

test("P15: the pool shrinks to its minimum after the idle time and grows again", async () => {
  expectExit(await runProgram("shrink"), 0);
});

test("P16: a fresh context's thread ends with its lease", async () => {
  const threads = new Set<bigint>();
  for (let i = 0; i < 3; i++) {
    await using context = await Context.acquire({ thread: "fresh", stackSize: 1 << 20 });
    const used = context.use(library);
    assert.equal(await used.localNext(), 1);
    assert.equal(await used.localNext(), 2);
    const size = await used.stackSize();
    if (size > 0) assert.ok(size >= 1 << 20 && size <= 2 << 20, `${size} bytes`);
    threads.add(await used.threadId());
  }
  await using pooled = await Context.acquire();
  assert.equal(threads.has(await pooled.use(library).threadId()), false);
});

test("C6: options of a wrong type or range are refused before anything native", async () => {
  const times = ["drainTimeout", "teardownTimeout", "stuckAfter", "timeout"] as const;
  for (const option of times) {
    for (const wrong of [-1, -0.5, NaN, Infinity, -Infinity, 1e300]) {
      const acquire = (): unknown => Context.acquire({ [option]: wrong });
      assert.throws(acquire, { name: "RangeError", message: /Cannot acquire a context with/ });
    }
    assert.throws(() => Context.acquire({ [option]: "5" as never }), { name: "TypeError" });
  }
  for (const stackSize of [0, -1, NaN, Infinity, 1024, 2 ** 32]) {
    const acquire = (): unknown => Context.acquire({ thread: "fresh", stackSize });
    assert.throws(acquire, { name: "RangeError" });
  }
  const wrong: readonly unknown[] = [
    { stackSize: 1 << 20 },
    { thread: "main" },
    { wait: "no" },
    { signal: {} },
    { name: "a\0b" },
  ];
  for (const options of wrong) {
    assert.throws(() => Context.acquire(options as ContextOptions), { name: "TypeError" });
  }
  const { active } = stats().slots;
  assert.equal(await rejection(Context.acquire({ signal: AbortSignal.abort(reason) })), reason);
  assert.equal(stats().slots.active, active);
});

test("what a context keeps is disposed of after its end, the last first", async () => {
  const log = makeLog(library);
  const order: unknown[] = [];
  const context = await Context.acquire();
  context.own((await context.use(library).thingCreate(log.number, 5))!, library.thingDestroy);
  const kept = context.keep({ close: () => order.push("closed") });
  assert.equal(typeof kept.close, "function");
  context.keep({ [Symbol.dispose]: () => order.push(log.things()) });
  context.keep({
    [Symbol.asyncDispose]: async () => {
      await library.nothing();
      order.push("disposed");
    },
  });
  assert.throws(() => context.keep({} as never), { name: "TypeError" });
  await context.release();
  assert.deepEqual(order, ["disposed", [5], "closed"]);
  const failing = await Context.acquire();
  failing.keep({ close: () => order.push("still") });
  failing.keep({
    close: () => {
      throw new RangeError("no");
    },
  });
  assert.equal((await rejection(failing.release()) as Error).name, "RangeError");
  assert.equal(order.at(-1), "still");
});
