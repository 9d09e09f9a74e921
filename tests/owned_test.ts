import assert from "node:assert/strict";
import { bind, type Bound, Context, SidingError, stats } from "../mod.ts";
import { makeGate, makeLog, openContextLib } from "./support/contexts.ts";
import { rejection, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

const library = openContextLib();

function codeOf(error: unknown): string {
  return error instanceof SidingError ? error.code : String(error);
}

test("P7: owned handles are destroyed on the context's thread, the last one first", async () => {
  const log = makeLog(library);
  const context = await Context.acquire();
  const used = context.use(library);
  const thread = await used.threadId();
  for (let i = 0; i < 5; i++) {
    const destructor = i % 2 === 0 ? used.thingDestroy : library.thingDestroy;
    const owned = context.own((await used.thingCreate(log.number, i))!, destructor);
    assert.equal(typeof owned.pointer, "number");
  }
  using deferred = bind(library.logAdd, log.number, 99);
  context.defer(deferred);
  context.own((await used.thingCreate(log.number, 5))!, used.thingDestroy);
  await context.release();
  assert.deepEqual(log.things(), [5, 99, 4, 3, 2, 1, 0]);
  assert.deepEqual(new Set(log.threads()), new Set([thread]));
});

test("P7: each is destroyed once: closed, released and left ones", async () => {
  const log = makeLog(library);
  const bound = stats().boundCalls;
  const context = await Context.acquire();
  const used = context.use(library);
  const make = async (number: number) =>
    context.own((await used.thingCreate(log.number, number))!, used.thingDestroy);
  const closed = await make(1);
  const taken = await make(2);
  const disposed = await make(3);
  const left = await make(4);
  assert.equal(closed.close(), closed.close());
  assert.equal(await closed.close(), 1);
  assert.throws(() => closed.release(), { code: "ERR_SIDING_CLOSED" });
  const pointer = taken.release();
  assert.equal(pointer, taken.pointer);
  assert.throws(() => taken.release(), { code: "ERR_SIDING_CLOSED" });
  assert.equal(codeOf(await rejection(taken.close())), "ERR_SIDING_CLOSED");
  await taken[Symbol.asyncDispose]();
  {
    await using it = disposed;
    assert.equal(it.pointer, disposed.pointer);
  }
  assert.deepEqual(log.things(), [1, 3]);
  await context.release();
  assert.deepEqual(log.things(), [1, 3, 4]);
  assert.equal(await left.close(), undefined);
  assert.equal(await closed.close(), 1);
  assert.equal(await library.thingDestroy(pointer), 2);
  assert.equal(stats().boundCalls, bound);
});

test("P7: what is closed in the turn of the release is destroyed once", async () => {
  const log = makeLog(library);
  const context = await Context.acquire();
  const used = context.use(library);
  const owned = [];
  for (let i = 0; i < 3; i++) {
    owned.push(context.own((await used.thingCreate(log.number, i))!, used.thingDestroy));
  }
  const closing = owned.map((one) => one.close());
  await context.release();
  await Promise.all(closing);
  assert.deepEqual(log.things().sort(), [0, 1, 2]);
});

test("P7: they are destroyed where the body has failed", async () => {
  const log = makeLog(library);
  const fail = async (): Promise<void> => {
    await using context = await Context.acquire();
    const used = context.use(library);
    context.own((await used.thingCreate(log.number, 7))!, used.thingDestroy);
    await used.countFail(1, -1, 5);
  };
  assert.equal(codeOf(await rejection(fail())), "ERR_SIDING_SYSTEM");
  assert.deepEqual(log.things(), [7]);
});

test("P7: where the drain timed out they are destroyed after C has returned", async () => {
  const log = makeLog(library);
  const gate = makeGate(library);
  const context = await Context.acquire({ drainTimeout: 50 });
  const used = context.use(library);
  const thread = await used.threadId();
  context.own((await used.thingCreate(log.number, 8))!, used.thingDestroy);
  const call = rejection(used.gateWait(gate.number));
  await until(() => gate.arrived() === 1, "C runs");
  await context.release();
  assert.equal(codeOf(await call), "ERR_SIDING_CONTEXT_RECYCLING");
  assert.deepEqual(log.things(), []);
  gate.open();
  await until(() => log.things().length === 1, "it is destroyed");
  assert.deepEqual(log.threads(), [thread]);
  await until(() => stats().slots.wedged === 0, "the slot is back");
});

test("P7: a destructor that hangs is bounded by the teardown time, and told of", async () => {
  const log = makeLog(library);
  const gate = makeGate(library);
  const context = await Context.acquire({ name: "hangs", teardownTimeout: 50 });
  const used = context.use(library);
  const thing = (await used.thingCreate(log.number, gate.number))!;
  context.own(thing, used.thingDestroySlowly);
  const notices: unknown[] = [];
  context.on("teardown", ({ event, context }) => notices.push([event, context]));
  const start = performance.now();
  await context.release();
  const took = performance.now() - start;
  assert.ok(took >= 49 && took < limitMs(1500), `${took} ms`);
  await until(() => notices.length === 1, "the notice came");
  assert.deepEqual(notices, [["teardown", "hangs"]]);
  gate.open();
  await until(() => log.things().length === 1, "it is destroyed");
  await until(() => stats().slots.wedged === 0, "the slot is back");
});

test("C6: what is no destructor, handle or bound call is refused", async () => {
  await using context = await Context.acquire();
  const { thingDestroy, logAdd } = context.use(library);
  const own = context.own.bind(context) as (...args: unknown[]) => unknown;
  for (const wrong of [null, {}, () => 1, "free"]) {
    assert.throws(() => own(8, wrong), { name: "TypeError", message: /Cannot own a handle/ });
    assert.throws(() => context.defer(wrong as never), { name: "TypeError" });
  }
  assert.throws(() => own(null, thingDestroy), { name: "TypeError" });
  assert.throws(() => own(8, logAdd), { name: "TypeError", message: /2 arguments expected/ });
  assert.throws(() => own("8", thingDestroy), { name: "TypeError" });
  const closed: Bound<unknown> = bind(library.answer);
  closed.close();
  closed.close();
  assert.throws(() => context.defer(closed), { code: "ERR_SIDING_CLOSED" });
  assert.equal(codeOf(await rejection(closed.run())), "ERR_SIDING_CLOSED");
});

test("a bound call is deferred once, and by one context", async () => {
  const log = makeLog(library);
  using bound = bind(library.logAdd, log.number, 3);
  await using context = await Context.acquire();
  context.defer(bound);
  assert.throws(() => context.defer(bound), { code: "ERR_SIDING_BUSY" });
  bound.close();
  await context.release();
  assert.deepEqual(log.things(), [3]);
});
