import assert from "node:assert/strict";
import { alloc, arg, bind, type Bound, callback, Context, open, read } from "../mod.ts";
import { ask, nothing, openCallbackLib } from "./support/callbacks.ts";
import { rejection, test, until } from "./support/harness.ts";
import { callAtEnd, runThread } from "./support/native_threads.ts";
import { line, point, testlibPath } from "./support/testlib.ts";

const library = openCallbackLib();
const types = open(testlibPath, {
  pointAdd: { name: "test_point_add", parameters: [point, point], result: point },
  lineTurn: { name: "test_line_turn", parameters: [line], result: line },
  bufferIsNull: { name: "test_buffer_is_null", parameters: ["buffer"], result: "bool" },
  outPair: {
    name: "test_out_pair",
    parameters: ["i32", { out: "i32" }, { out: "f64" }],
    result: "i32",
  },
  inoutI32: { name: "test_inout_i32", parameters: [{ inout: "i32" }, "i32"], result: "i32" },
  askPoint: { name: "test_ask_point", parameters: ["function", point, "bool"], result: point },
  askF64: { name: "test_ask_f64", parameters: ["function", "f64", "bool"], result: "f64" },
  askI64: { name: "test_ask_i64", parameters: ["function", "i64", "bool"], result: "i64" },
  askPointer: {
    name: "test_ask_pointer",
    parameters: ["function", "pointer", "bool"],
    result: "pointer",
  },
  weigh12: {
    name: "test_weigh20",
    parameters: [
      ...["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"] as const,
      ...["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"] as const,
    ],
    result: "f64",
  },
  pow: { name: "test_echo_f64", parameters: ["f64"], result: "f64" },
});

test("B1: a bound call runs on a foreign thread while this thread is in C", () => {
  using memory = alloc(16);
  using add = bind(library.addAt, memory.pointer, 5, { as: ask });
  const asker = library.askerStart.sync(add, 0);
  assert.equal(library.askerJoin.sync(asker), 5, "nothing of JavaScript ran meanwhile");
  assert.equal(read(memory, "i64"), 5n);
  assert.notEqual(read(memory, "i64", 8), library.threadId.sync());
});

test("B1: result and errno are kept", async () => {
  using fails = bind(library.errnoFail, 34, { as: nothing });
  assert.equal(await library.errnoAround(fails, 7), 34);
  using answer = bind(library.answer, { as: ask });
  assert.equal(await library.askI32(answer, 1, true), 42);
});

test("B2: what is left open is the pointer's own signature", async () => {
  using sum = bind(library.add, 20);
  assert.equal(await library.askI32(bind(library.add, 40, arg(0)), 2, true), 42);
  assert.equal(
    await types.askPoint(bind(types.pointAdd, { x: 1, y: 2 }), { x: 3, y: 4 }, true)
      .then(({ x, y }) => x * 10 + y),
    46,
  );
  assert.equal(await types.askF64(bind(types.pow), 0.5, true), 0.5);
  assert.equal(await sum.run(22), 42);
});

test("B2: any order, twice, gaps, other widths", async () => {
  using twice = bind(library.add, arg(0), arg(0));
  assert.equal(await twice.run(21), 42);
  assert.equal(await library.askI32(twice, 21, true), 42);
  using gap = bind(library.add, arg(2), 2);
  assert.equal(await gap.run(undefined, undefined, 40), 42);
  const wide = { parameters: ["i64"], result: "i64" } as const;
  using narrow = bind(library.add, arg(0), 1, { as: wide });
  assert.equal(await types.askI64(narrow, -5, true), -4n);
  const shape = { parameters: ["pointer"], result: "pointer" } as const;
  using isNull = bind(types.bufferIsNull, arg(0), { as: shape });
  assert.equal(await types.askPointer(isNull, null, true), 1);
  assert.equal(await types.askPointer(isNull, 4096 as never, true), null);
});

test("B2: 0 to 20 bound arguments of every type", async () => {
  const all = [1, 2, -3, 4, -5, 6, -7, 8, 0.5, 0.25, -1, 2, 3, 4, 5, 6, 7n, 8n, 1.5, -2.5];
  const expected = await (types.weigh12 as (...args: unknown[]) => Promise<number>)(...all);
  const bindAny = bind as unknown as (...args: unknown[]) => Bound<number, readonly unknown[]>;
  for (let count = 0; count <= 20; count++) {
    using first = bindAny(types.weigh12, ...all.slice(0, count));
    assert.equal(await first.run(...all.slice(count)), expected, `${count} bound`);
    const mixed = all.map((value, index) => index % 2 === count % 2 ? arg(index) : value);
    using odd = bindAny(types.weigh12, ...mixed);
    const given = all.map((value, index) => index % 2 === count % 2 ? value : undefined);
    while (given.at(-1) === undefined) given.pop();
    assert.equal(await odd.run(...given), expected, `${count} mixed`);
  }
});

test("B2: texts, buffers, structs and cells beside what is open", async () => {
  assert.equal(await bind(library.echoText).run("given later"), "given later");
  assert.equal(await bind(library.textLength).run("lang ".repeat(10_000)), 50_000n);
  const bytes = new Uint8Array([1, 2, 3]);
  assert.equal(await bind(library.increment, arg(0), 3).run(bytes), 3n);
  assert.deepEqual([...bytes], [2, 3, 4]);
  const ends = { from: { x: 1, y: 2 }, to: { x: 3, y: 4 } };
  assert.deepEqual(await bind(types.lineTurn).run(ends), await types.lineTurn(ends));
  assert.deepEqual(await bind(types.outPair).run(7), await types.outPair(7));
  using cell = bind(types.inoutI32, 5, arg(0));
  const plain = await types.inoutI32(5, 9);
  assert.deepEqual([await cell.run(9), await cell.run(9)], [plain, plain]);
  assert.throws(() => bind(types.inoutI32, arg(0), 1), /is a cell, which cannot stay open/);
});

test("B2: runs with arguments on a context, with options", async () => {
  await using context = await Context.acquire();
  const { add, sleep } = context.use(library);
  using sum = bind(add, arg(1), arg(0));
  assert.equal(await sum.run(1, 2), 3);
  using sleeps = bind(sleep);
  const late = await rejection(sleeps.run(200, { timeout: 10 })) as { code?: string };
  assert.equal(late.code, "ERR_SIDING_TIMEOUT");
  const many = await Promise.all(Array.from({ length: 2000 }, (_, i) => sum.run(i, 1)));
  assert.deepEqual(many, Array.from({ length: 2000 }, (_, i) => i + 1));
  const any = sum.run.bind(sum) as (...args: unknown[]) => Promise<unknown>;
  assert.throws(() => any(1), { name: "TypeError", message: /2 arguments expected/ });
  assert.throws(() => any("1", 2), { name: "TypeError" });
  sum.close();
  const closed = await rejection(sum.run(1, 2)) as { code?: string };
  assert.equal(closed.code, "ERR_SIDING_CLOSED");
});

test("B3: as a start routine, a destructor, a retain", async () => {
  using memory = alloc(16);
  const start = { parameters: ["pointer"], result: "pointer" } as const;
  using routine = bind(library.addAt, arg(0), 7, { as: start });
  assert.equal(await runThread(routine, memory.pointer), 7);
  const destroyed = { parameters: ["pointer"], result: "void" } as const;
  using destructor = bind(library.addAt, arg(0), 35, { as: destroyed });
  {
    await using context = await Context.acquire({ thread: "fresh" });
    await callAtEnd(context, destructor, memory.pointer);
  }
  await until(() => read(memory, "i64") === 42n, "the thread's destructor has run");
  using retain = bind(library.addAt, memory.pointer, arg(0));
  let events = 0;
  using kept = callback.call(ask, (value) => {
    events++;
    return value;
  }, { fallback: 0, retain });
  const asker = library.askerStart.sync(kept, 8); // C goes on only when it has run
  await until(() => events === 1, "it comes");
  assert.equal(read(memory, "i64"), 50n);
  assert.equal(await library.askerJoin(asker), 8);
});

test("B4: strings and buffers live as long as the bound call, pointers beyond it", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const wide = { parameters: ["i64"], result: "i64" } as const;
  const sum = bind(library.sum, bytes, 3, { as: wide });
  const { pointer } = sum;
  bytes.fill(0);
  const asked = Array.from({ length: 100 }, () => types.askI64(sum, 0, true));
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([6n]));
  sum.close();
  sum.close();
  assert.equal(await types.askI64(pointer as never, 0, true), 0n, "nothing any more");
  sum.forget();
  assert.throws(() => sum.pointer, { code: "ERR_SIDING_CLOSED" });
});

test("C6: what does not fit is refused", async () => {
  await using context = await Context.acquire();
  using open = bind(library.add, 1);
  const message = /has arguments left open, and nobody to give them/;
  assert.throws(() => context.defer(open as never), { name: "TypeError", message });
  assert.throws(() => context.repeat(open as never), { name: "TypeError", message });
  assert.throws(() => context.interruptWith(open as never), { name: "TypeError", message });
  for (const wrong of [-1, 64, 0.5, NaN]) assert.throws(() => arg(wrong), { name: "RangeError" });
  using gap = bind(library.add, arg(1), 2);
  assert.throws(() => gap.pointer, { name: "TypeError", message: /argument 0 has no type/ });
  using short = bind(library.add, arg(3), 2, { as: ask });
  assert.throws(() => short.pointer, { name: "TypeError", message: /has 1 parameters/ });
  const float = { parameters: ["f64"], result: "i32" } as const;
  using mixed = bind(library.add, arg(0), 2, { as: float });
  assert.throws(() => mixed.pointer, { name: "SidingError" });
});
