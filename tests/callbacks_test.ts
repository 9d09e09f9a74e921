import assert from "node:assert/strict";
import { callback, fn, open, type Pointer } from "../mod.ts";
import { here } from "../src/here.ts";
import {
  ask,
  entries,
  many,
  nothing,
  openCallbackLib,
  post,
  text,
  texts,
  write,
} from "./support/callbacks.ts";
import { test, until } from "./support/harness.ts";
import { mixed, point, testlibPath } from "./support/testlib.ts";

const library = openCallbackLib();
const EVENTS = 1_000_000;

for (const threads of [1, 4, 16]) {
  test(`E1: ${threads} foreign threads post 1,000,000 events, none lost, in order`, async () => {
    const next = new Uint32Array(threads);
    let count = 0;
    using counter = callback.post(post, (thread, index) => {
      if (next[thread] !== index) {
        throw new Error(`thread ${thread}: ${index} after ${next[thread]}`);
      }
      next[thread] = index + 1;
      count++;
    });
    const each = Math.floor(EVENTS / threads);
    const storm = await library.stormStart(counter, threads, each);
    await library.stormJoin(storm);
    await until(() => count === each * threads, "all events come", 60_000);
    assert.deepEqual([...next], Array(threads).fill(each));
    assert.deepEqual(counter.stats, {
      events: each * threads,
      waiting: 0,
      dropped: 0,
      refused: 0,
      late: 0,
    });
  });
}

const edges = {
  bool: [true, false],
  i8: [-128, 127],
  u8: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
  i32: [-2147483648, 2147483647],
  u32: [0, 4294967295],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  f32: [-0, Infinity, 2 ** -149],
  f64: [-0, NaN, 5e-324],
  pointer: [null, -1, 4096],
} as const;

for (const [type, values] of Object.entries(edges)) {
  const name = type as keyof typeof edges;
  test(`E2: C gets what JavaScript answers, and JavaScript what C asks (${type})`, async () => {
    const definition = { parameters: [name], result: name } as const;
    const path = { name: `test_ask_${name}`, parameters: ["function", name, "bool"], result: name };
    const { call } = open(testlibPath, { call: path as never }) as unknown as {
      call: ((...args: unknown[]) => Promise<unknown>) & { sync(...args: unknown[]): unknown };
    };
    const asked: unknown[] = [];
    const echo = (value: unknown) => {
      asked.push(value);
      return value as never;
    };
    using here = callback.call(definition, echo, { fallback: values[0] as never });
    using later = callback.call(definition, async (value) => echo(await Promise.resolve(value)), {
      fallback: values[0] as never,
    });
    for (const value of values) {
      for (const cb of [here, later]) {
        assert.ok(Object.is(await call(cb, value, true), value), `foreign: ${String(value)}`);
        assert.ok(Object.is(await call(cb, value, false), value), `pool: ${String(value)}`);
        assert.ok(Object.is(asked.at(-1), value));
      }
      assert.ok(Object.is(call.sync(here, value, false), value), `inline: ${String(value)}`);
    }
  });
}

test("E2: structs by value come and go", async () => {
  using turned = callback.call({ parameters: [point], result: point }, ({ x, y }) => {
    return { x: y, y: -x };
  }, { fallback: { x: 0, y: 0 } });
  const value = { x: 1.5, y: -2 };
  assert.deepEqual(await library.askPoint(turned, value, true), { x: -2, y: -1.5 });
  assert.deepEqual(library.askPoint.sync(turned, value, false), { x: -2, y: -1.5 });
  using same = callback.call({ parameters: [mixed], result: mixed }, async (given) => {
    return await Promise.resolve(given);
  }, {
    fallback: { a: 0, inner: { b: 0, c: 0 }, d: 0, e: false, f: null },
  });
  const all = { a: -1, inner: { b: 0.5, c: -5n }, d: 65535, e: true, f: 4096 as Pointer };
  assert.deepEqual(await library.askMixed(same, all, true), all);
});

test("E2: twelve arguments of every kind", async () => {
  const seen: unknown[][] = [];
  using all = callback.call(many, (...args) => {
    seen.push(args.slice(0, 12));
    return 2.5;
  }, { fallback: 0 });
  assert.equal(await library.many(all), 2.5);
  assert.equal(library.many.sync(all), 2.5);
  for (const args of seen) {
    args[9] = typeof args[9];
    const at = { x: 1.5, y: -2.5 };
    const bits = [2n ** 64n - 1n, 0.25, -0, at, true, -(2n ** 63n), "number", 255, 12.5];
    assert.deepEqual(args, [-1, 65535, -2147483648, ...bits]);
  }
});

test("E3: during a .sync call it runs at once, and what it throws is thrown by that call", () => {
  const order: string[] = [];
  using doubled = callback.call(ask, (value) => {
    order.push("handler");
    return value * 2;
  }, { fallback: -1 });
  assert.equal(library.askI32.sync(doubled, 21, false), 42);
  order.push("returned");
  assert.deepEqual(order, ["handler", "returned"]);
  const error = new Error("in the handler");
  using throws = callback.call(ask, () => {
    throw error;
  }, { fallback: -1 });
  assert.throws(() => library.askI32.sync(throws, 1, false), (thrown) => thrown === error);
  assert.equal(library.askI32.sync(doubled, 1, false), 2, "nothing of it is left");
  using wrong = callback.call(ask, () => "x" as never, { fallback: -1, name: "wrong" });
  assert.throws(() => library.askI32.sync(wrong, 1, false), {
    name: "TypeError",
    message: /Cannot answer wrong: result is "x", not a number/,
  });
  using promises = callback.call(ask, () => Promise.resolve(1), { fallback: -1 });
  assert.throws(() => library.askI32.sync(promises, 1, false), { message: /gave a promise/ });
  let posted = 0;
  using posts = callback.post(nothing, () => {
    posted++;
    throw error;
  });
  assert.throws(() => library.errnoAround.sync(posts, 7), (thrown) => thrown === error);
  assert.equal(posted, 1);
});

test("E3: handlers and .sync calls nest", () => {
  let depth = 0;
  const handler = (value: number): number => {
    depth = Math.max(depth, value);
    return value === 10 ? 0 : 1 + library.askI32.sync(nested, value + 1, false);
  };
  using nested = callback.call(ask, handler, { fallback: -1 });
  assert.equal(library.askI32.sync(nested, 0, false), 10);
  assert.equal(depth, 10);
  using outer = callback.post(texts, (one) => {
    library.texts.sync(inner, "inner", "innen");
    seen.push(one);
  });
  const seen: unknown[] = [];
  using inner = callback.post(texts, (one, two) => void seen.push(one, two));
  library.texts.sync(outer, "outer", "außen");
  assert.deepEqual(seen, ["inner", "innen", "outer"]);
});

test("E3: handlers that nest beyond the stack leave nothing behind", () => {
  const endless = (value: number): number => library.askI32.sync(nested, value, false);
  using nested = callback.call(ask, endless, { fallback: -1 });
  assert.throws(() => library.askI32.sync(nested, 0, false), { name: "RangeError" });
  assert.deepEqual(here, { depth: 0, hasFailed: false, isStaged: false });
});

test("E3: errno of C survives a callback", async () => {
  using quiet = callback.post(nothing, () => {});
  assert.equal(await library.errnoAround(quiet, 34), 34);
  assert.equal(library.errnoAround.sync(quiet, 34), 34);
});

test("E4: texts are those of the time of the call, 100,000 of them", async () => {
  let next = 0;
  using say = callback.post(text, (index, said) => {
    assert.equal(index, next++);
    assert.equal(said, `text number ${index}`);
  });
  await library.say(say, 100_000, true);
  await until(() => next === 100_000, "all texts come");
  next = 0;
  library.say.sync(say, 100, false);
  assert.equal(next, 100);
});

test("E4: structs, their texts and bytes, by pointer and by value", async () => {
  let next = 0;
  using all = callback.post(entries, (pointed, value) => {
    const size = next % 64;
    const { tags: _, ...fields } = value;
    const payload = new Uint8Array(size).fill(next);
    assert.deepEqual(fields, { id: next, name: `entry ${next}`, size, payload });
    assert.deepEqual(pointed, value);
    next++;
  });
  await library.entries(all, 10_000);
  await until(() => next === 10_000, "all entries come");
});

test("E4: bytes whose size is a product, and a parameter as the result", async () => {
  const sizes: (number | undefined)[] = [];
  using writer = callback.post(write, (bytes, size, count) => {
    assert.ok(bytes?.every((byte, index) => byte === (index & 255)));
    assert.equal(BigInt(bytes!.length), size * count);
    sizes.push(bytes?.length);
  }, { returns: { parameter: 2 } });
  assert.equal(await library.write(writer, 2, 2000), 2000);
  assert.equal(await library.write(writer, 1, 7), 7);
  assert.equal(library.write.sync(writer, 3, 5), 5);
  await until(() => sizes.length === 3, "all writes come");
  assert.deepEqual(sizes.toSorted(), [15, 4000, 7]);
});

test("E4: null, empty, long and wide texts", async () => {
  const seen: unknown[][] = [];
  using pair = callback.post(texts, (...both) => void seen.push(both));
  const long = "täglich ".repeat(20_000);
  const rows = [[null, null], ["", ""], [long, long], ["a", "\ud800b"]] as const;
  for (const [one, two] of rows) await library.texts(pair, one, two);
  await until(() => seen.length === rows.length, "all come");
  for (const [one, two] of rows) library.texts.sync(pair, one, two);
  assert.deepEqual(seen, [...rows, ...rows]);
});

test("a callback is a function that JavaScript can call through C", async () => {
  using doubled = callback.call(ask, async (value) => await Promise.resolve(value * 2), {
    fallback: 0,
  });
  const call = fn(doubled.pointer, ask);
  const results = await Promise.all(Array.from({ length: 500 }, (_, i) => call(i)));
  assert.deepEqual(results, Array.from({ length: 500 }, (_, i) => i * 2));
});

test("handlers never run in the middle of other code", async () => {
  let isInside = false;
  let runs = 0;
  using counter = callback.post(post, () => {
    assert.equal(isInside, false);
    runs++;
  });
  const storm = await library.stormStart(counter, 2, 20_000);
  while (runs < 40_000) {
    isInside = true;
    const call = library.add(1, 2); // which may wait on the spot, and take events
    isInside = false;
    await call;
  }
  await library.stormJoin(storm);
});
