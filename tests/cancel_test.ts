import assert from "node:assert/strict";
import { Context, type ContextLibrary, SidingError, stats } from "../mod.ts";
import { measured, median, rejection, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { makeGate, openTestlib, type Testlib } from "./support/testlib.ts";

const library = openTestlib();
const LATE_MS = limitMs(5);

const reason = { why: "the caller's own reason" };

/** Runs `body` with a context whose thread waits at a gate, so that later calls are queued. */
async function behindGate(
  body: (functions: Functions, open: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  await using context = await Context.acquire();
  const functions = context.use(library);
  const gate = makeGate(library);
  const blocked = functions.gateWait(gate.number);
  await until(() => gate.arrived() === 1, "the gate is reached");
  await body(functions, () => {
    gate.open();
    return blocked;
  });
}

type Functions = ContextLibrary<Testlib>;

function isTimeout(error: unknown): boolean {
  return error instanceof SidingError && error.code === "ERR_SIDING_TIMEOUT";
}

test("C8: abort while queued: C never runs, and the reason passes through", async () => {
  await behindGate(async (functions, open) => {
    const before = library.countGet.sync(1);
    const controller = new AbortController();
    const queued = functions.countAdd.with({ signal: controller.signal })(1);
    const kept = functions.countAdd(1);
    const caught = rejection(queued);
    controller.abort(reason);
    assert.equal(await caught, reason);
    assert.equal(stats().abandoned, 0);
    await open();
    assert.equal(await kept, before + 1);
    assert.equal(library.countGet.sync(1), before + 1);
  });
});

test("C8: abort in the turn of the call: C never runs", async () => {
  await behindGate(async (functions, open) => {
    const before = library.countGet.sync(2);
    const controller = new AbortController();
    const call = functions.countAdd.with({ signal: controller.signal })(2);
    controller.abort(reason);
    assert.equal(await rejection(call), reason);
    await open();
    await functions.nothing();
    assert.equal(library.countGet.sync(2), before);
  });
});

test("C8: abort of one call among several of a turn: C never runs for it alone", async () => {
  await behindGate(async (functions, open) => {
    const before = library.countGet.sync(7);
    const controller = new AbortController();
    const first = functions.countAdd(7);
    const call = functions.countAdd.with({ signal: controller.signal })(7);
    controller.abort(reason);
    const last = functions.countAdd(7);
    assert.equal(await rejection(call), reason);
    await open();
    assert.deepEqual([await first, await last], [before + 1, before + 2]);
    assert.equal(library.countGet.sync(7), before + 2);
  });
});

test("C8: timeout while queued: C never runs", async () => {
  await behindGate(async (functions, open) => {
    const before = library.countGet.sync(3);
    const calls = Array.from({ length: 10 }, () => functions.countAdd.with({ timeout: 10 })(3));
    const errors = await Promise.all(calls.map(rejection));
    assert.ok(errors.every(isTimeout));
    assert.match(String(errors[0]), /Cannot finish countAdd: 10 ms passed since its submission/);
    await open();
    await functions.nothing();
    assert.equal(library.countGet.sync(3), before);
  });
});

test("C8: abort while running: rejects at once, abandoned is 1 until C returns", () =>
  measured(async () => {
    const gate = makeGate(library);
    const controller = new AbortController();
    const call = library.gateWait.with({ signal: controller.signal })(gate.number);
    await until(() => gate.arrived() === 1, "the call runs");
    const start = performance.now();
    controller.abort(reason);
    assert.equal(await rejection(call), reason);
    assert.ok(performance.now() - start < LATE_MS, `${performance.now() - start} ms`);
    assert.equal(stats().abandoned, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(stats().abandoned, 1);
    gate.open();
    await until(() => stats().abandoned === 0, "C returned");
    assert.equal(stats().inFlight, 0);
  }));

test("C8: timeout while running: rejects within 5 ms of its time", () =>
  measured(async () => {
    const lateness: number[] = [];
    for (let i = 0; i < 11; i++) {
      const gate = makeGate(library);
      const start = performance.now();
      const call = library.gateWait.with({ timeout: 20 })(gate.number);
      assert.ok(isTimeout(await rejection(call)));
      lateness.push(performance.now() - start - 20);
      assert.equal(stats().abandoned, 1);
      gate.open();
      await until(() => stats().abandoned === 0, "C returned");
    }
    assert.ok(median(lateness) <= LATE_MS, `late by ${lateness.join(", ")} ms`);
    assert.ok(Math.min(...lateness) >= 0, `late by ${lateness.join(", ")} ms`);
  }));

test("C8: several calls abandoned at once are counted each", async () => {
  const gate = makeGate(library);
  const controller = new AbortController();
  const wait = library.gateWait.with({ signal: controller.signal });
  const calls = Array.from({ length: 5 }, () => rejection(wait(gate.number)));
  await until(() => gate.arrived() === 5, "all run");
  controller.abort(reason);
  assert.deepEqual(await Promise.all(calls), Array(5).fill(reason));
  assert.equal(stats().abandoned, 5);
  gate.open();
  await until(() => stats().abandoned === 0, "all returned");
});

test("C8: abort after completion has no effect", async () => {
  const controller = new AbortController();
  const call = library.add.with({ signal: controller.signal, timeout: 200 })(1, 2);
  assert.equal(await call, 3);
  controller.abort(reason);
  await new Promise((resolve) => setTimeout(resolve, 220)); // beyond the timeout
  assert.equal(await call, 3);
  assert.equal(stats().abandoned, 0);
});

test("C8: already aborted: rejects with the reason, and nothing is submitted", async () => {
  const before = library.countGet.sync(4);
  const inFlight = stats().inFlight;
  const counted = library.countAdd.with({ signal: AbortSignal.abort(reason) });
  const call = rejection(counted(4));
  assert.equal(stats().inFlight, inFlight);
  assert.equal(await call, reason);
  const plain = await rejection(library.countAdd.with({ signal: AbortSignal.abort() })(4));
  assert.equal((plain as Error).name, "AbortError");
  assert.equal(library.countGet.sync(4), before);
});

test("C8: a timeout of no time at all never runs C", async () => {
  const before = library.countGet.sync(5);
  const errors = await Promise.all(
    Array.from({ length: 20 }, () => rejection(library.countAdd.with({ timeout: 0 })(5))),
  );
  assert.ok(errors.every(isTimeout));
  await library.nothing();
  assert.equal(library.countGet.sync(5), before);
});

test("C8: one signal serves thousands of calls and keeps none of them", async () => {
  const controller = new AbortController();
  const add = library.add.with({ signal: controller.signal });
  for (let round = 0; round < 20; round++) {
    const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => add(i, 1)));
    assert.deepEqual(sums, Array.from(sums, (_, i) => i + 1));
  }
  controller.abort();
  assert.equal(stats().abandoned, 0);
});

test("C10: timeout counts from the submission", async () => {
  await behindGate(async (functions, open) => {
    const start = performance.now();
    const queued = functions.countAdd.with({ timeout: 30 })(6);
    assert.ok(isTimeout(await rejection(queued)));
    assert.ok(performance.now() - start >= 30);
    await open();
  });
});

test("C10: runTimeout counts from the start of the run", async () => {
  await behindGate(async (functions, open) => {
    const gate = makeGate(library);
    let settled = false;
    const call = rejection(functions.gateWait.with({ runTimeout: 30 })(gate.number));
    void call.then(() => settled = true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(settled, false, "the wait in the queue is free");
    const start = performance.now();
    await open();
    const error = await call;
    assert.ok(isTimeout(error));
    assert.match(String(error), /Cannot finish gateWait: 30 ms passed since its start/);
    assert.ok(performance.now() - start >= 30, `${performance.now() - start} ms`);
    gate.open();
    await until(() => stats().abandoned === 0, "C returned");
  });
});

test("C10: a call that ends in time is not rejected, whichever way it is counted", async () => {
  assert.equal(await library.sleep.with({ runTimeout: 5000 })(20), 20);
  assert.equal(await library.sleep.with({ timeout: 5000 })(20), 20);
  assert.equal(await library.sleep.with({ timeout: 5000, runTimeout: 5000 })(20), 20);
});

test("C10: neither ever fires early", async () => {
  const gate = makeGate(library);
  const errors = Array.from({ length: 60 }, async (_, i) => {
    const limit = 1 + i * 0.73;
    const options = i % 2 === 0 ? { timeout: limit } : { runTimeout: limit };
    const start = performance.now();
    assert.ok(isTimeout(await rejection(library.gateWait.with(options)(gate.number))));
    assert.ok(performance.now() - start >= limit, `${limit} ms took ${performance.now() - start}`);
  });
  await Promise.all(errors);
  gate.open();
  await until(() => stats().abandoned === 0, "all returned");
});
