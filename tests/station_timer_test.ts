import assert from "node:assert/strict";
import { Station } from "../mod.ts";
import { measured, rejection, test } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

async function lateness(station: Station, ms: number): Promise<number> {
  const start = performance.now();
  await station.sleep(ms);
  return performance.now() - start - ms;
}

test("S6: never early, whatever the fraction of a millisecond", async () => {
  await using station = new Station();
  for (const ms of [0, 0.001, 0.0005, 0.25, 1, 1.5, 3.999, 16.7]) {
    for (let i = 0; i < 20; i++) {
      /* the clock of a browser's making counts microseconds at best */
      assert.ok(await lateness(station, ms) >= -0.002, `${ms} ms`);
    }
  }
});

test("S6: 10,000 at once end in order", async () => {
  await using station = new Station();
  const times = Array.from({ length: 10_000 }, (_, i) => 20 + (i * 7919 % 10_000) / 200);
  let begun = 0; // what has ended so far was not due before this
  const late: number[] = [];
  await Promise.all(times.map(async (ms) => {
    const soonest = performance.now() + ms;
    const sleep = station.sleep(ms);
    const latest = performance.now() + ms;
    await sleep;
    if (latest < begun) late.push(begun - latest);
    begun = Math.max(begun, soonest);
  }));
  assert.deepEqual(late, []);
  assert.equal(station.stats.sources, 0);
});

test("S6: 1,000 ticks of a millisecond take a second: no drift", () =>
  measured(async () => {
    await using station = new Station();
    const start = performance.now();
    let ticks = 0;
    for await (const { count } of station.timer({ every: 1 })) {
      ticks += count;
      if (ticks >= 1000) break;
    }
    const elapsed = performance.now() - start;
    assert.ok(elapsed >= ticks - 0.01, `early: ${ticks} ticks in ${elapsed} ms`);
    assert.ok(elapsed <= ticks + limitMs(5), `late: ${ticks} ticks in ${elapsed} ms`);
  }));

test("S6: times are counted in nanoseconds", async () => {
  await using station = new Station();
  const start = performance.now();
  const port = station.timer({ every: 0.000_03, after: 0 }); // 30 ns
  await station.sleep(2);
  let ticks = 0;
  for (let i = 0; i < 2; i++) ticks += (await port.next()).value!.count; // up to now
  const most = (performance.now() - start) / 0.000_03 + 1;
  assert.ok(ticks > 2 / 0.000_03, `${ticks}: more than 30 ns lay between`);
  assert.ok(ticks <= most, `${ticks}, at most ${most}`);
});

test("S6: ticks that nobody takes are counted", async () => {
  await using station = new Station();
  const port = station.timer({ every: 0.1, after: 0 });
  await station.sleep(20);
  const { value: first } = await port.next();
  const { value: second } = await port.next();
  assert.ok(first!.count + second!.count >= 190, `${first!.count} and ${second!.count}`);
  await port.close();
});

test("S6: a timer that is closed in its own tick does not tick again", async () => {
  await using station = new Station();
  for (let i = 0; i < 100; i++) {
    const port = station.timer({ every: 0.05 });
    let ticks = 0;
    for await (const _ of port) {
      ticks++;
      await port.close();
    }
    assert.equal(ticks, 1);
  }
  assert.equal(station.stats.sources, 0);
});

test("S6: one tick without every, then the end", async () => {
  await using station = new Station();
  const port = station.timer({ after: 1.25 });
  assert.deepEqual(await port.next(), { value: { count: 1 }, done: false });
  assert.deepEqual(await port.next(), { value: undefined, done: true });
  assert.equal(station.stats.sources, 0);
});

test("S6: a sleep is given up with the reason of its signal", async () => {
  await using station = new Station();
  const controller = new AbortController();
  const sleep = station.sleep(100_000, { signal: controller.signal });
  const reason = { why: "enough" };
  controller.abort(reason);
  assert.equal(await rejection(sleep), reason);
});

test("S6: wrong times are refused before anything native", async () => {
  await using station = new Station();
  for (const wrong of [-1, NaN, Infinity, 1e300]) {
    assert.throws(() => station.sleep(wrong), { name: "RangeError" });
    assert.throws(() => station.timer({ every: wrong }), { name: "RangeError" });
    assert.throws(() => station.timer({ every: 1, after: wrong }), { name: "RangeError" });
  }
  assert.throws(() => station.timer({ every: 0 }), { name: "RangeError" });
  assert.throws(() => station.timer({}), { name: "TypeError" });
  assert.throws(() => station.sleep("1" as never), { name: "TypeError" });
  assert.throws(() => station.sleep(1, { signal: {} as never }), { name: "TypeError" });
  assert.equal(station.stats.sources, 0);
});
