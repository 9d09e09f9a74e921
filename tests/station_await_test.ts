import assert from "node:assert/strict";
import { type Port, Station, stats } from "../mod.ts";
import { close, socketPair, write } from "./support/descriptors.ts";
import { measured, test } from "./support/harness.ts";

const message = Uint8Array.from({ length: 8 }, (_, i) => i * 31);

/* Messages to oneself, one after the other. */
async function exchange(port: Port<Uint8Array>, end: number, until: number): Promise<number> {
  let count = 0;
  for (; performance.now() < until; count++) {
    write(end, message);
    assert.deepEqual((await port.next()).value, message);
  }
  return count;
}

test("messages that follow one another are waited for on the spot: they wake nobody", () =>
  measured(async () => {
    await using station = new Station();
    const [near, far] = socketPair();
    const port = station.read(near);
    await exchange(port, far, performance.now() + 100);
    const before = stats().wakes;
    const count = await exchange(port, far, performance.now() + 200);
    const wakes = stats().wakes - before;
    console.log(`${count} messages, ${wakes} wake-ups`);
    assert.ok(wakes < count / 2, `${wakes} wake-ups for ${count} messages`);
    await port.close();
    close(near, far);
  }));

test("E8: while messages are waited for on the spot an interval keeps 85 % of its ticks", () =>
  measured(async () => {
    await using station = new Station();
    const [near, far] = socketPair();
    const port = station.read(near);
    await exchange(port, far, performance.now() + 100);
    const ticks = async (during: () => Promise<unknown>): Promise<number> => {
      let count = 0;
      const timer = setInterval(() => count++, 1);
      await during();
      clearInterval(timer);
      return count;
    };
    const idle = await ticks(() => new Promise((resolve) => setTimeout(resolve, 500)));
    const busy = await ticks(() => exchange(port, far, performance.now() + 500));
    console.log(`ticks ${idle} idle, ${busy} busy`);
    assert.ok(busy >= idle * 0.85, `${idle} ticks became ${busy}`);
    await port.close();
    close(near, far);
  }));
