import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { callback, configure, type Leak, stats } from "../mod.ts";
import { ask, nothing, openCallbackLib, post } from "./support/callbacks.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { runtimeName, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

const library = openCallbackLib();
const CLOSED = -7;
/** Below 0 even with the sum of 60,000 right answers. */
const OTHERS = -(2 ** 31);

test("E6: a closed pointer gives its closed value, 1,000,000 times from 4 threads", async () => {
  const one = callback.call(ask, (value) => value, { fallback: CLOSED });
  const storm = await library.asksStart(one, 4, 250_000, CLOSED);
  await until(() => library.asksMade.sync(storm) > 100, "it is called");
  one.close();
  const others = new Set<number>();
  for (let round = 0; round < 1000; round++) {
    using other = callback.call(ask, () => OTHERS, { fallback: OTHERS });
    others.add(other.pointer);
    if (round % 50 === 0) await Promise.resolve();
  }
  assert.ok(!others.has(one.pointer), "its address is nobody else's");
  const { value: sum, out: [closed] } = await library.asksJoin(storm);
  const answered = 1_000_000 - closed;
  assert.ok(closed > 900_000, `${closed} closed`);
  assert.ok(answered >= 100, `${answered} answered`);
  // Each thread counts up from 0 and is answered with its count: one answer of another is seen.
  assert.ok(sum >= 0 && sum <= answered ** 2 / 2, `${sum} of ${answered}`);
});

test("E13: in a forked child a pointer gives its closed value; the parent goes on", async () => {
  const values = { throw: 11, timeout: 22, closed: 33 };
  using one = callback.call(ask, (value) => value + 1, { fallback: values });
  assert.equal(await library.askI32(one, 1, true), 2);
  for (let round = 0; round < 5; round++) {
    assert.equal(await library.askInChild(one, 1), 33); // forked by a thread of the pool
    assert.equal(library.askInChild.sync(one, 1), 33); // and by this one
    assert.equal(await library.askI32(one, round, true), round + 1);
    assert.equal(library.askI32.sync(one, round, false), round + 1);
  }
});

test("E6: a forgotten address may serve another callback", async () => {
  const seen = new Map<number, number>();
  let reused = 0;
  for (let round = 0; round < 100; round++) {
    const one = callback.call(ask, (value) => value + round, { fallback: CLOSED });
    reused += seen.has(one.pointer) ? 1 : 0;
    seen.set(one.pointer, round);
    assert.equal(await library.askI32(one, 1, true), round + 1);
    one.forget();
  }
  assert.ok(reused > 50, `${reused} of 100 addresses were used again`);
});

test("E6: closing inside its own handler is legal, and that answer still counts", async () => {
  const { callbacks } = stats();
  const once = callback.call(ask, (value) => {
    once.close();
    return value + 1;
  }, { fallback: CLOSED });
  assert.equal(await library.askI32(once, 1, true), 2);
  assert.equal(await library.askI32(once, 1, true), CLOSED);
  const inline = callback.call(ask, (value) => {
    inline.close();
    return value + 1;
  }, { fallback: CLOSED });
  assert.equal(library.askI32.sync(inline, 1, false), 2);
  assert.equal(library.askI32.sync(inline, 1, false), CLOSED);
  let events = 0;
  const posts = callback.post(post, () => {
    events++;
    posts.close();
  });
  const storm = await library.stormStart(posts, 4, 10_000);
  await library.stormJoin(storm);
  await until(() => events > 0, "one comes");
  assert.equal(events, 1);
  await until(() => stats().callbacks <= callbacks, "all have ended");
});

test("E6: what waits is let go, and nothing is left of 1,000 callbacks", async () => {
  const before = stats();
  for (let round = 0; round < 1000; round++) {
    using one = callback.post(nothing, () => {});
    assert.ok(one.pointer !== 0);
    one.forget();
  }
  await until(() => stats().callbacks === before.callbacks, "all have ended");
  assert.equal(stats().closures, before.closures);
  const never = callback.call(ask, () => new Promise<number>(() => {}), { fallback: CLOSED });
  const asked = library.askI32(never, 1, true);
  await until(() => stats().asks === 1, "C waits");
  never.close();
  assert.equal(await asked, CLOSED);
  await until(() => stats().asks === 0, "nobody waits");
});

test("E11: C that this thread waits for has its fallback when the time is over", async () => {
  using slow = callback.call(ask, (value) => value, {
    timeout: 200,
    fallback: { throw: -1, timeout: -2, closed: -3 },
  });
  const start = performance.now();
  const asker = library.askerStart.sync(slow, 5); // or it would be answered before
  assert.equal(library.askerJoin.sync(asker), -2);
  const took = performance.now() - start;
  assert.ok(took >= 199 && took < limitMs(2000), `${took} ms`);
  await until(() => slow.stats.late === 1, "the late answer is dropped");
  const quick = library.askerStart.sync(slow, 5);
  assert.equal(await library.askerJoin(quick), 5);
});

test("E6: a handler may disconnect its thread, with C on it and with events behind", async () => {
  const outcome = await runProgram("callback_shutdown");
  expectExit(outcome, 0);
  const codes = Array(3).fill("ERR_SIDING_CLOSED");
  const report = { inside: [CLOSED, 3], ran: 1, after: 0, events: 3, codes, reported: [] };
  assert.deepEqual(JSON.parse(outcome.stdout), report);
});

const collect = (globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void }).Bun?.gc ??
  (globalThis as { gc?: () => void }).gc;

if (collect !== undefined && runtimeName === "bun") {
  test("a forgotten callback is reported, one that C never had is closed", async () => {
    const leaks: Leak[] = [];
    const listen = (leak: unknown): void => void leaks.push(leak as Leak);
    channel("siding:leak").subscribe(listen);
    configure({ stacks: true });
    const { callbacks } = stats();
    (() => {
      for (let i = 0; i < 20; i++) callback.post(nothing, () => {});
      for (let i = 0; i < 5; i++) callback.post(nothing, () => {}).pointer;
    })();
    configure({ stacks: false });
    await until(() => {
      collect(true);
      return leaks.length >= 4 && stats().callbacks <= callbacks + 8;
    }, "they are collected");
    channel("siding:leak").unsubscribe(listen);
    for (const { kind, stack } of leaks) {
      assert.equal(kind, "callback");
      assert.match(stack!, /callback_closing_test/);
    }
  });
}
