import assert from "node:assert/strict";
import { alloc, bind, chain, close, Context, SidingError, stats } from "../mod.ts";
import { makeCounter, makeLoop, openContextLib } from "./support/contexts.ts";
import { measured, rejection, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { all } from "./support/ports.ts";

const library = openContextLib();
const PROMPT_MS = limitMs(50);

function codeOf(error: unknown): string {
  return error instanceof SidingError ? error.code : String(error);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

test("S11: every return of the body is one item, and the end is none", async () => {
  await using context = await Context.acquire();
  const { countAdd } = context.use(library);
  for (const capacity of [1, 2, 16, 500]) {
    const counter = makeCounter();
    const start = library.countGet.sync(counter);
    using body = bind(countAdd, counter);
    const port = context.repeat(body, { until: start + 1001, capacity });
    assert.deepEqual(await all(port), upTo(1000).map((i) => start + i));
    assert.equal(port.stats.delivered, 1000);
    assert.equal(library.countGet.sync(counter), start + 1001);
    assert.deepEqual(await port.next(), { value: undefined, done: true });
  }
});

test("S11: emit and until select by value, by its absence, and by null", async () => {
  await using context = await Context.acquire();
  const { countModulo } = context.use(library);
  const run = (options: object) => {
    const counter = makeCounter();
    while (library.countGet.sync(counter) % 7 !== 0) library.countAdd.sync(counter);
    return all(context.repeat(bind(countModulo, counter, 7), options));
  };
  assert.deepEqual(await run({ until: 0 }), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await run({ emit: { not: 3 }, until: { is: 0 } }), [1, 2, 4, 5, 6]);
  assert.deepEqual(await run({ emit: { is: 3 }, until: 0 }), [3]);
  assert.deepEqual(await run({ emit: "all", until: { not: 1 } }), [1]);
});

test("S11: calls of the context run between the runs", () =>
  measured(async () => {
    await using context = await Context.acquire();
    const { loopWait, loopWake, answer } = context.use(library);
    const loop = makeLoop(library);
    using wake = bind(library.loopWake, loop);
    const port = context.repeat(bind(loopWait, loop), { emit: { not: 0 }, wake });
    const next = port.next();
    await until(() => library.loopWaits.sync(loop) > 0, "the loop waits");
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      assert.equal(await answer(), 42);
      times.push(performance.now() - start);
    }
    assert.ok(Math.max(...times) < limitMs(5), `${times} ms`);
    library.loopPost.sync(loop, 17);
    assert.deepEqual(await next, { value: 17, done: false });
    await port.close();
    await loopWake(loop);
    await library.loopDestroy(loop);
  }));

test("S11: a full port loses nothing", async () => {
  await using context = await Context.acquire();
  const { loopWait } = context.use(library);
  const loop = makeLoop(library);
  using wake = bind(library.loopWake, loop);
  const port = context.repeat(bind(loopWait, loop), { emit: { not: 0 }, wake, capacity: 4 });
  for (let event = 1; event <= 1000; event++) library.loopPost.sync(loop, event);
  await until(() => port.stats.buffered === 4, "it is full");
  assert.equal(port.stats.inFlight, 0);
  const waits = library.loopWaits.sync(loop);
  assert.equal(await context.use(library).answer(), 42);
  assert.equal(library.loopWaits.sync(loop), waits, "nobody takes: C is not asked for more");
  const items: number[] = [];
  for await (const item of port) {
    items.push(item);
    if (items.length === 1000) break;
  }
  assert.deepEqual(items, upTo(1000));
  await port.close();
  await library.loopDestroy(loop);
});

/** How long it takes until a loop that blocks has ended. */
async function endOf(
  end: (port: AsyncDisposable, controller: AbortController) => unknown,
  options: "wake" | "interrupt",
): Promise<{ ms: number; error: unknown }> {
  const context = await Context.acquire();
  const { loopWait } = context.use(library);
  const loop = makeLoop(library);
  using wake = bind(library.loopWake, loop);
  if (options === "interrupt") context.interruptWith(wake);
  const controller = new AbortController();
  const { signal } = controller;
  const port = context.repeat(bind(loopWait, loop), {
    emit: { not: 0 },
    signal,
    ...(options === "wake" ? { wake } : {}),
  });
  const items = all(port).then(() => undefined, (error) => error);
  for (let runs = 1; runs <= 5; runs++) { // of which none is an item
    await until(() => library.loopWaits.sync(loop) >= runs, "it blocks");
    if (runs < 5) library.loopWake.sync(loop);
  }
  const start = performance.now();
  await end(port, controller);
  const error = await items;
  await port.close();
  const ms = performance.now() - start;
  await context.release();
  await library.loopDestroy(loop);
  return { ms, error };
}

test("S11: close and abort end a body that blocks within 50 ms", () =>
  measured(async () => {
    for (const way of ["wake", "interrupt"] as const) {
      const closed = await endOf((port) => port[Symbol.asyncDispose](), way);
      assert.ok(closed.ms < PROMPT_MS, `${way}: ${closed.ms} ms`);
      assert.equal(closed.error, undefined);
      const aborted = await endOf((_, controller) => controller.abort("why"), way);
      assert.ok(aborted.ms < PROMPT_MS, `${way}: ${aborted.ms} ms`);
      assert.equal(aborted.error, "why");
    }
  }));

test("S11: an end that comes before the start", async () => {
  await using context = await Context.acquire();
  const counter = makeCounter();
  const before = library.countGet.sync(counter);
  using body = bind(context.use(library).countAdd, counter);
  const aborted = context.repeat(body, { signal: AbortSignal.abort("early") });
  assert.equal(await rejection(aborted.next()), "early");
  assert.equal((await aborted.next()).done, true);
  assert.equal(library.countGet.sync(counter), before);
  const port = context.repeat(body);
  await port.close();
  assert.deepEqual(await all(port), []);
  assert.equal(await context.use(library).answer(), 42);
});

test("S11: a release ends the port", async () => {
  const context = await Context.acquire();
  const { loopWait } = context.use(library);
  const loop = makeLoop(library);
  using wake = bind(library.loopWake, loop);
  context.interruptWith(wake);
  const port = context.repeat(bind(loopWait, loop), { wake });
  const items = rejection(all(port));
  await until(() => library.loopWaits.sync(loop) > 0, "it blocks");
  await context.release();
  assert.equal(codeOf(await items), "ERR_SIDING_CONTEXT_RECYCLING");
  await port.close();
  assert.throws(() => context.repeat(bind(library.answer)), {
    code: "ERR_SIDING_CONTEXT_RECYCLING",
  });
  await library.loopDestroy(loop);
});

test("S14: a loop that is left closes the port, and the context goes on", async () => {
  await using context = await Context.acquire();
  const { countAdd, answer } = context.use(library);
  for (let i = 0; i < 50; i++) {
    let seen = 0;
    for await (const _ of context.repeat(bind(countAdd, makeCounter()))) {
      if (++seen === 5) break;
    }
    assert.equal(await answer(), 42);
  }
  await until(() => stats().inFlight === 0, "nothing is in flight");
});

test("S11: an error of a run ends the port and rejects, once", async () => {
  await using context = await Context.acquire();
  const counter = makeCounter();
  const start = library.countGet.sync(counter);
  const port = context.repeat(bind(context.use(library).countFail, counter, start + 4, 5));
  const items: number[] = [];
  const error = await rejection((async () => {
    for await (const item of port) items.push(item);
  })()) as SidingError;
  assert.deepEqual([error.code, error.errno], ["ERR_SIDING_SYSTEM", 5]);
  assert.deepEqual(items, upTo(3).map((i) => start + i));
  assert.equal((await port.next()).done, true);
});

test("S11: a port is a stream, and gives pages", async () => {
  await using context = await Context.acquire();
  const { countAdd } = context.use(library);
  const counter = makeCounter();
  const start = library.countGet.sync(counter);
  const { readable } = context.repeat(bind(countAdd, counter), { until: start + 101 });
  const reader = readable.getReader();
  const items: number[] = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    items.push(value);
  }
  assert.deepEqual(items, upTo(100).map((i) => start + i));
  const cancelled = context.repeat(bind(countAdd, counter)).readable;
  await cancelled.cancel();
  const from = library.countGet.sync(counter);
  const pages = await all(context.repeat(bind(countAdd, counter), { until: from + 101 }).pages());
  assert.deepEqual(pages.flat(), upTo(100).map((i) => from + i));
});

test("C17: a repeated chain agrees with the same calls, and says how it ended", async () => {
  await using context = await Context.acquire();
  const used = context.use(library);
  const counter = makeCounter();
  const start = library.countGet.sync(counter);
  const rows = chain(used, (s) => {
    const count = s.run.countAdd(counter);
    s.until(count, start + 20_001);
    return { count, text: s.run.textNumber(7), sum: s.run.add(1, 2) };
  });
  const port = context.repeat(rows);
  const items = await all(port);
  assert.equal(items.length, 20_000);
  items.forEach((item, i) => {
    if (item.count !== start + i + 1 || item.sum !== 3) throw new Error(`row ${i}`);
  });
  assert.deepEqual(port.end, { step: "countAdd", value: start + 20_001, errno: 0 });
  assert.equal(items[0]!.text, await library.textNumber(7));
  const pages = await all(
    context.repeat(chain(used, (s) => {
      const count = s.run.countAdd(counter);
      s.until(count, start + 22_000);
      return [count];
    })).pages(),
  );
  assert.equal(pages.flat().length, 1998);
});

test("S11: a chain that waits tells of each round, and other calls run between two", async () => {
  await using context = await Context.acquire();
  const used = context.use(library);
  const loop = makeLoop(library);
  using wake = bind(library.loopWake, loop);
  const events = chain(used, (s) => [s.run.loopWait(loop), s.run.answer()]);
  const port = context.repeat(events, { wake });
  for (let event = 1; event <= 100; event++) {
    library.loopPost.sync(loop, event);
    assert.deepEqual(await port.next(), { value: [event, 42], done: false });
  }
  assert.equal(await used.answer(), 42);
  assert.deepEqual(await port.next(), { value: [0, 42], done: false }); // it was woken
  await port.close();
  await library.loopDestroy(loop);
});

test("C17: a step that fails ends a repeated chain with its error", async () => {
  await using context = await Context.acquire();
  const counter = makeCounter();
  const start = library.countGet.sync(counter);
  const rows = chain(context.use(library), (s) => [s.run.countFail(counter, start + 6, 9)]);
  const error = await rejection(all(context.repeat(rows))) as SidingError;
  assert.deepEqual([error.code, error.errno], ["ERR_SIDING_SYSTEM", 9]);
});

test("S11: what a closed library has cannot be repeated", async () => {
  await using context = await Context.acquire();
  const other = openContextLib();
  const functions = context.use(other);
  const { boundCalls } = stats();
  using body = bind(functions.answer);
  const numbers = chain(functions, (s) => [s.run.answer()]);
  await close(other);
  const { signal } = new AbortController();
  for (const one of [body, numbers]) {
    assert.throws(() => context.repeat(one as typeof body, { signal }), {
      code: "ERR_SIDING_CLOSED",
    });
  }
  body.close();
  assert.equal(stats().boundCalls, boundCalls, "nothing is left behind");
});

test("C6: what cannot be repeated is refused", async () => {
  await using context = await Context.acquire();
  const repeat = context.repeat.bind(context) as (...args: unknown[]) => unknown;
  using body = bind(context.use(library).add, 1, 2);
  using text = bind(context.use(library).echoText, "a");
  for (const wrong of [null, {}, library.add, () => 1]) {
    assert.throws(() => repeat(wrong), { name: "TypeError", message: /Cannot repeat this/ });
  }
  assert.throws(() => repeat(body, { until: "3" }), { name: "TypeError" });
  assert.throws(() => repeat(body, { emit: { is: 2 ** 31 } }), { name: "RangeError" });
  assert.throws(() => repeat(text, { until: null }), { name: "TypeError" });
  assert.throws(() => repeat(body, { wake: 5 }), { name: "TypeError" });
  const bound = bind(chain(library, (s) => [s.run.answer()]), 1);
  assert.throws(() => repeat(bound), { message: /a bound chain: give the chain itself/ });
  assert.throws(() => repeat(body, { signal: 5 }), { name: "TypeError" });
  for (const capacity of [0, -1, NaN, Infinity, 2 ** 20]) {
    assert.throws(() => repeat(body, { capacity }), { name: "RangeError" });
  }
  using flag = alloc(4);
  assert.throws(() => repeat(body, { wake: { flag: flag.pointer } }), { name: "TypeError" });
});
