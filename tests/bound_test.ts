import assert from "node:assert/strict";
import { alloc, bind, chain, Context, fn, read, type SidingError, stats } from "../mod.ts";
import { makeCounter, makeGate, openContextLib } from "./support/contexts.ts";
import { rejection, test, until } from "./support/harness.ts";
import { definitions, line, point, testlibPath } from "./support/testlib.ts";
import { open } from "../mod.ts";

const library = openContextLib();
const types = open(testlibPath, {
  pointAdd: { name: "test_point_add", parameters: [point, point], result: point },
  lineTurn: { name: "test_line_turn", parameters: [line], result: line },
  outPair: {
    name: "test_out_pair",
    parameters: ["i32", { out: "i32" }, { out: "f64" }],
    result: "i32",
  },
  inoutI32: { name: "test_inout_i32", parameters: [{ inout: "i32" }, "i32"], result: "i32" },
  echoI64: { name: "test_echo_i64", parameters: ["i64"], result: "i64" },
  echoF32: { name: "test_echo_f32", parameters: ["f32"], result: "f32" },
});

test("B1: a bound call gives what its function gives, again and again", async () => {
  using sum = bind(library.add, 20, 22);
  assert.equal(sum.name, "add");
  const results = await Promise.all(Array.from({ length: 100 }, () => sum.run()));
  assert.deepEqual(results, Array(100).fill(42));
  using fails = bind(library.errnoFail, 11);
  assert.deepEqual(await fails.run(), await library.errnoFail(11));
  using throws = bind(library.countFail, 0, -1, 5);
  assert.equal((await rejection(throws.run()) as SidingError).errno, 5);
});

/** Leaves nothing to the collector, which would come when others count. */
async function ranOnce<R>(bound: { run(): Promise<R>; close(): void }): Promise<R> {
  try {
    return await bound.run();
  } finally {
    bound.close();
  }
}

test("B2: every kind of argument and result", async () => {
  const a = { x: 1, y: 2 };
  const b = { x: 3, y: 4 };
  assert.deepEqual(await ranOnce(bind(types.pointAdd, a, b)), await types.pointAdd(a, b));
  const both = { from: a, to: b };
  assert.deepEqual(await ranOnce(bind(types.lineTurn, both)), await types.lineTurn(both));
  assert.deepEqual(await ranOnce(bind(types.outPair, 7)), await types.outPair(7));
  using cell = bind(types.inoutI32, 5, 9); // each run starts with the value that was bound
  const expected = await types.inoutI32(5, 9);
  assert.deepEqual([await cell.run(), await cell.run()], [expected, expected]);
  assert.equal(await ranOnce(bind(types.echoI64, -(2n ** 63n))), -(2n ** 63n));
  assert.equal(await ranOnce(bind(types.echoF32, 0.5)), 0.5);
  assert.equal(await ranOnce(bind(library.echoText, null)), null);
  const answer = fn(library.answer.pointer, definitions.answer);
  assert.equal(await ranOnce(bind(answer)), 42);
});

test("B4: strings and buffers live as long as the bound call", async () => {
  const { memory } = stats();
  {
    const bytes = new Uint8Array([1, 2, 3]);
    using short = bind(library.echoText, "kurz");
    using long = bind(library.textLength, "lang ".repeat(10_000));
    using sum = bind(library.sum, bytes, 3);
    bytes.fill(0);
    for (let i = 0; i < 50; i++) {
      assert.equal(await short.run(), "kurz");
      assert.equal(await long.run(), 50_000n);
      assert.equal(await sum.run(), 6n);
    }
    const sums = bind(library.increment, new Uint8Array(4), 4);
    assert.equal(await sums.run(), 4n);
    sums.close();
  }
  await until(() => stats().memory <= memory + 65_536, "their memory is free");
});

test("B3: a bound call runs where its function does", async () => {
  await using context = await Context.acquire();
  const used = context.use(library);
  using bound = bind(used.threadId);
  assert.equal(await bound.run(), await used.threadId());
  await context.release();
  const late = await rejection(bound.run()) as SidingError;
  assert.equal(late.code, "ERR_SIDING_CONTEXT_RECYCLING");
});

test("B3: a chain is bound to a number of rounds", async () => {
  const counter = makeCounter();
  const counts = chain(library, (s) => {
    const count = s.run.countAdd(counter);
    s.until(count, 6);
    return [count];
  });
  using four = bind(counts, 4);
  const first = await four.run();
  assert.deepEqual([...first], [[1], [2], [3], [4]]);
  assert.equal(first.end, null);
  const rest = await four.run();
  assert.deepEqual([...rest], [[5]]);
  assert.equal(rest.end?.value, 6);
  assert.throws(() => bind(counts, 0), { name: "RangeError" });
});

test("C8: runs of a bound call can be given up", async () => {
  const gate = makeGate(library);
  using bound = bind(library.gateWait, gate.number);
  const controller = new AbortController();
  const running = rejection(bound.run({ signal: controller.signal }));
  await until(() => gate.arrived() === 1, "C runs");
  controller.abort("why");
  assert.equal(await running, "why");
  const late = await rejection(bound.run({ timeout: 20 })) as SidingError;
  assert.equal(late.code, "ERR_SIDING_TIMEOUT");
  gate.open();
  await until(() => stats().abandoned === 0, "C has returned");
});

test("closing gives the bound call up, and the runs that were asked for still happen", async () => {
  const counter = makeCounter();
  const { boundCalls } = stats();
  const bound = bind(library.countAdd, counter);
  assert.equal(stats().boundCalls, boundCalls + 1);
  const runs = Array.from({ length: 10 }, () => bound.run());
  bound.close();
  bound[Symbol.dispose]();
  await Promise.all(runs);
  assert.equal(library.countGet.sync(counter), 10);
  assert.equal(stats().boundCalls, boundCalls);
  assert.equal((await rejection(bound.run()) as SidingError).code, "ERR_SIDING_CLOSED");
});

test("memory of the caller's own is what C writes into", async () => {
  using flag = alloc(4);
  using set = bind(library.flagSet, flag.pointer, 77);
  await set.run();
  assert.equal(read(flag, "u32"), 77);
});

test("C6: wrong arguments are refused when a call is bound", () => {
  const any = bind as (...args: unknown[]) => unknown;
  for (const wrong of [null, {}, () => 1, "add", library]) {
    assert.throws(() => any(wrong), { name: "TypeError", message: /Cannot bind this/ });
  }
  assert.throws(() => any(library.add, 1, 2, 3), {
    name: "TypeError",
    message: /2 arguments expected/,
  });
  assert.throws(() => any(library.add, 1, "2"), { name: "TypeError", message: /argument 1/ });
  assert.throws(() => any(library.add, 1, 2 ** 31), { name: "RangeError" });
  const { boundCalls } = stats();
  assert.throws(() => any(library.echoText, "a\0b"), { name: "RangeError" });
  assert.equal(stats().boundCalls, boundCalls);
});
