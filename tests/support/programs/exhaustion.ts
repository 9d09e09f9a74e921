/** A pool of two slots whose contexts are all leased. */
import assert from "node:assert/strict";
import { configure, Context, SidingError, stats } from "../../../mod.ts";
import { openContextLib } from "../contexts.ts";
import { rejection, until } from "../harness.ts";

const library = openContextLib();
configure({ threads: 2 });
const reason = { why: "mine" };
const held = [await Context.acquire(), await Context.acquire()];

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  const error = await rejection(call);
  return error instanceof SidingError ? error.code : error;
}

assert.equal(await codeOf(Context.acquire({ wait: false })), "ERR_SIDING_POOL_EXHAUSTED");

const start = performance.now();
assert.equal(await codeOf(Context.acquire({ timeout: 30 })), "ERR_SIDING_TIMEOUT");
assert.ok(performance.now() - start >= 30);
assert.equal(await codeOf(Context.acquire({ timeout: 0 })), "ERR_SIDING_TIMEOUT");

const controller = new AbortController();
const aborted = Context.acquire({ signal: controller.signal });
controller.abort(reason);
assert.equal(await codeOf(aborted), reason);
await until(() => stats().waiting === 0, "nobody waits");

/* in order, one after the other */
const order: number[] = [];
const line = Array.from({ length: 5 }, async (_, index) => {
  const context = await Context.acquire();
  order.push(index);
  assert.equal(await context.use(library).answer(), 42);
  await context.release();
});
await until(() => stats().waiting === 5, "five wait");
/* one that leaves the line is passed over */
const leaver = new AbortController();
const left = Context.acquire({ signal: leaver.signal });
await held.pop()!.release();
leaver.abort(reason);
const outcome = await left.then((context) => context.release(), (error) => error);
assert.ok(outcome === undefined || outcome === reason);
await Promise.all(line);
assert.deepEqual(order, [0, 1, 2, 3, 4]);
await held.pop()!.release();

/* a slot that comes as its waiter leaves goes back */
for (let i = 0; i < 200; i++) {
  const both = await Promise.all([Context.acquire(), Context.acquire()]);
  const leaving = new AbortController();
  const waiting = Context.acquire({ signal: leaving.signal });
  const releases = both.map((context) => context.release());
  leaving.abort(reason);
  await waiting.then((context) => context.release(), (error) => assert.equal(error, reason));
  await Promise.all(releases);
}
const whole = await Promise.all([Context.acquire(), Context.acquire()]);
await Promise.all(whole.map((context) => context.release()));
await until(() => stats().slots.active + stats().slots.recycling === 0, "the pool is whole");
assert.equal(stats().inFlight, 0);
assert.equal(stats().waiting, 0);
