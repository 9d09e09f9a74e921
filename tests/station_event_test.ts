import assert from "node:assert/strict";
import { bind, fn, type SidingError, Station } from "../mod.ts";
import { rejection, test } from "./support/harness.ts";

const post = { parameters: ["u64", "u64"], result: "i32" } as const;

test("S9: counted gives the exact sum of what threads have posted", async () => {
  await using station = new Station();
  const event = station.event({ mode: "counted" });
  const posted = fn(event.pointer, post);
  const THREADS = 4;
  const POSTS = 20_000;
  const threads = Array.from({ length: THREADS }, async (_, thread) => {
    using one = bind(posted, event.handle, BigInt(thread + 1));
    await Promise.all(Array.from({ length: POSTS }, () => one.run()));
  });
  const expected = BigInt(POSTS * (1 + 2 + 3 + 4));
  let sum = 0n;
  for await (const value of event) {
    sum += value;
    if (sum === expected) break;
  }
  await Promise.all(threads);
  assert.equal(sum, expected);
});

test("S9: coalesced delivers at least once after the last post", async () => {
  await using station = new Station();
  const event = station.event();
  for (let round = 0; round < 200; round++) {
    const last = BigInt(round * 50 + 49);
    for (let i = 0; i < 50; i++) event.post(round * 50 + i);
    while ((await event.next()).value !== last);
  }
});

test("S9: coalesced delivers the last one of what many threads have posted", async () => {
  await using station = new Station();
  const event = station.event();
  const posted = fn(event.pointer, post);
  for (let round = 1n; round <= 200n; round++) {
    await Promise.all(Array.from({ length: 16 }, () => posted(event.handle, 0n)));
    await posted(event.handle, round);
    while ((await event.next()).value !== round);
  }
});

test("S9: C posts by the pointer, from a bound call too", async () => {
  await using station = new Station();
  const event = station.event({ mode: "coalesced" });
  const posted = fn(event.pointer, post);
  assert.equal(posted.sync(event.handle, 2n ** 64n - 1n), 0);
  assert.equal((await event.next()).value, 2n ** 64n - 1n);
  using bound = bind(posted, event.handle, 17);
  await bound.run();
  assert.equal((await event.next()).value, 17n);
});

test("S9: posting while it is closed is safe, and then refused", async () => {
  await using station = new Station();
  for (let i = 0; i < 200; i++) {
    const event = station.event({ mode: "counted" });
    const posted = fn(event.pointer, post);
    const posts = Array.from({ length: 20 }, () => posted(event.handle, 1n));
    await event.close();
    await Promise.all(posts);
    assert.ok(posted.sync(event.handle, 1n) < 0);
    assert.throws(() => event.post(1), (error: SidingError) => error.code === "ERR_SIDING_STALE");
  }
  assert.equal(station.stats.sources, 0);
});

test("S9: an event whose signal was aborted has ended", async () => {
  await using station = new Station();
  const reason = new Error("before it began");
  const event = station.event({ signal: AbortSignal.abort(reason) });
  assert.equal(await rejection(event.next()), reason);
  await event.close();
  assert.equal(station.stats.sources, 0);
});

test("S9: wrong modes and values are refused", async () => {
  await using station = new Station();
  for (const wrong of ["last", "constructor"]) {
    assert.throws(() => station.event({ mode: wrong as never }), { name: "TypeError" });
  }
  const event = station.event();
  for (const wrong of [-1, 2n ** 64n, 0.5, NaN]) {
    assert.throws(() => event.post(wrong), { name: "RangeError" });
  }
  assert.equal((await event.close(), await event.next()).done, true);
});
