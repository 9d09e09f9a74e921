import assert from "node:assert/strict";
import { callback, type Port, Station, stats } from "../mod.ts";
import { openCallbackLib, post } from "./support/callbacks.ts";
import { close, socketPair, write } from "./support/descriptors.ts";
import { inTime, measured, test } from "./support/harness.ts";

const message = Uint8Array.from({ length: 8 }, (_, i) => i * 31);
const THREADS = 4;
const POSTS = 1_000_000;

type Exchange = (ms: number) => Promise<number>;

/* Messages to oneself, one after the other. */
function exchanging<T>(port: Port<T>, end: number, data: (item: T) => unknown): Exchange {
  return async (ms) => {
    const until = performance.now() + ms;
    let count = 0;
    for (; performance.now() < until; count++) {
      write(end, message);
      const item = await port.next();
      assert.deepEqual(data(item.value!), message);
    }
    return count;
  };
}

/* Once they have begun to be waited for on the spot. */
async function withExchange(isMerged: boolean, run: (exchange: Exchange) => Promise<void>) {
  await measured(async () => {
    await using station = new Station();
    const [near, far] = socketPair();
    const port = station.read(near);
    const exchange = isMerged
      ? exchanging(station.merge(port), far, ({ value }) => value)
      : exchanging(port, far, (item) => item);
    await exchange(100);
    await run(exchange);
    await station.close();
    close(near, far);
  });
}

for (const isMerged of [false, true]) {
  const where = isMerged ? "in a merge" : "alone";

  test(`messages that follow one another wake nobody (${where})`, () =>
    withExchange(isMerged, async (exchange) => {
      const before = stats().wakes;
      const count = await exchange(200);
      const wakes = stats().wakes - before;
      console.log(`${count} messages, ${wakes} wake-ups`);
      assert.ok(wakes < count / 2, `${wakes} wake-ups for ${count} messages`);
    }));
}

test("E8: while messages are waited for on the spot an interval keeps 85 % of its ticks", () =>
  withExchange(false, async (exchange) => {
    const ticks = async (during: () => Promise<unknown>): Promise<number> => {
      let count = 0;
      const timer = setInterval(() => count++, 1);
      await during();
      clearInterval(timer);
      return count;
    };
    const idle = await ticks(() => new Promise((resolve) => setTimeout(resolve, 500)));
    const busy = await ticks(() => exchange(500));
    console.log(`ticks ${idle} idle, ${busy} busy`);
    assert.ok(busy >= idle * 0.85, `${idle} ticks became ${busy}`);
  }));

test("posts that come in a stream from four threads seldom wake anybody", () =>
  measured(async () => {
    const library = openCallbackLib();
    let left = 0;
    let done = (): void => {};
    using all = callback.post(post, () => {
      if (--left === 0) done();
    });
    const storm = async (): Promise<number> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      [left, done] = [POSTS, resolve];
      const before = stats().wakes;
      const threads = library.stormStart.sync(all, THREADS, POSTS / THREADS);
      await inTime(promise, "all come");
      const wakes = stats().wakes - before;
      await library.stormJoin(threads);
      return wakes;
    };
    await storm(); // by which both sides learn their pace
    const wakes = await storm();
    console.log(`${POSTS} posts, ${wakes} wake-ups`);
    assert.ok(wakes < POSTS / 300, `${wakes} wake-ups for ${POSTS} posts`);
  }));
