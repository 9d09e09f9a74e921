/**
 * Chains: the same results as calls made one by one, in one trip.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, Context, open, type Pointer } from "../mod.ts";
import { rejection, test } from "./support/harness.ts";
import { testlibPath } from "./support/testlib.ts";

const cursorType = { pointer: "cursor" } as const;
const pointType = { struct: { x: "f64", y: "i32" } } as const;
const definitions = {
  open: { name: "test_cursor_open", parameters: ["u32"], result: cursorType },
  step: { name: "test_cursor_step", parameters: [cursorType], result: "i32", errno: true },
  stepOrThrow: {
    name: "test_cursor_step",
    parameters: [cursorType],
    result: "void",
    errno: "throw",
  },
  number: { name: "test_cursor_number", parameters: [cursorType, "i32"], result: "i64" },
  text: { name: "test_cursor_text", parameters: [cursorType, "i32"], result: "cstring" },
  point: { name: "test_cursor_point", parameters: [cursorType, { out: pointType }], result: "i32" },
  shift: {
    name: "test_cursor_shift",
    parameters: [cursorType, { in: pointType }, { inout: pointType }],
    result: "i32",
  },
  find: { name: "test_cursor_find", parameters: [cursorType, "cstring"], result: "bool" },
  twice: { name: "test_cursor_twice", parameters: ["i64"], result: "i64" },
  half: { name: "test_cursor_half", parameters: ["f64"], result: "f64" },
  fail: { name: "test_errno_fail", parameters: ["i32"], result: "i32", errno: "throw" },
  succeed: {
    name: "test_errno_succeed",
    parameters: ["i32", "i32"],
    result: "i32",
    errno: "throw",
  },
  succeedPlainly: {
    name: "test_errno_succeed",
    parameters: ["i32", "i32"],
    result: "i32",
    errno: true,
  },
  swap: {
    name: "test_pair_swap",
    parameters: [{ struct: { a: "i64", b: "u64" } }],
    result: { struct: { a: "i64", b: "u64" } },
  },
  fill: {
    name: "test_buffer_fill",
    parameters: [{ out: "buffer" }, "usize", "u8"],
    result: "void",
  },
  close: { name: "test_cursor_close", parameters: [cursorType], result: "void" },
} as const;

const lib = open(testlibPath, definitions);
const ROW = 100;
const DONE = 101;

type Cursor = Pointer<"cursor"> | null;

function rowChain(library: Parameters<typeof chain>[0] & typeof lib, cursor: Cursor) {
  return chain(library, (s) => {
    s.unless(s.run.step(cursor), ROW);
    const number = s.run.number(cursor, 4);
    return {
      number,
      doubled: s.run.twice(number),
      text: s.run.text(cursor, 5),
      other: s.run.text(cursor, 6),
    };
  });
}

function expectedRow(at: number): unknown {
  const text = (column: number): string | null => at % 5 === 0 ? null : `row ${at} ä ${column}`;
  const number = BigInt(at * 1000 + 4);
  return { number, doubled: number * 2n, text: text(5), other: text(6) };
}

test("C17: a chain gives what the same calls give one by one", async () => {
  const [one, other] = [await lib.open(12), await lib.open(12)];
  const rows = rowChain(lib, one);
  for (let at = 1; at <= 12; at++) {
    const row = await rows.run();
    assert.deepEqual((await lib.step(other)).value, ROW);
    const number = await lib.number(other, 4);
    assert.deepEqual(row, {
      number,
      doubled: await lib.twice(number),
      text: await lib.text(other, 5),
      other: await lib.text(other, 6),
    });
    assert.deepEqual(row, expectedRow(at));
  }
  assert.deepEqual(await rows.run(), null);
  await Promise.all([lib.close(one), lib.close(other)]);
});

test("C17: 300,000 rows of four columns arrive complete and in order", async () => {
  await using context = await Context.acquire({ name: "rows" });
  const here = context.use(lib);
  const cursor = await here.open(300_000);
  const rows = chain(here, (s) => {
    s.unless(s.run.step(cursor), ROW);
    return [
      s.run.number(cursor, 0),
      s.run.text(cursor, 1),
      s.run.text(cursor, 2),
      s.run.number(cursor, 3),
    ];
  });
  let at = 0;
  for await (const page of rows.pages({ max: 5000 })) {
    for (const [first, second, third, fourth] of page) {
      at++;
      const text = (column: number): string | null => at % 5 === 0 ? null : `row ${at} ä ${column}`;
      const isRight = first === BigInt(at * 1000) && second === text(1) && third === text(2) &&
        fourth === BigInt(at * 1000 + 3);
      if (!isRight) throw new Error(`row ${at} is ${[first, second, third, fourth]}`);
    }
  }
  assert.deepEqual(at, 300_000);
  await here.close(cursor);
});

test("C17: a chain says which step ended it, with what result and errno", async () => {
  const cursor = await lib.open(3);
  const page = await rowChain(lib, cursor).collect({ max: 10 });
  assert.deepEqual(page.length, 3);
  assert.deepEqual(page.end, { step: "step", value: DONE, errno: 2 });
  await lib.close(cursor);
});

test("C17: a chain stops after the rounds it was allowed and goes on where it was", async () => {
  const cursor = await lib.open(5);
  const rows = rowChain(lib, cursor);
  const first = await rows.collect({ max: 2 });
  assert.deepEqual([...first], [1, 2].map(expectedRow));
  assert.deepEqual(first.end, null);
  const second = await rows.collect({ max: 3 });
  assert.deepEqual([...second], [3, 4, 5].map(expectedRow));
  assert.deepEqual((await rows.collect({ max: 3 })).end?.value, DONE);
  await lib.close(cursor);
});

test("trips of one chain give little, much and little again", async () => {
  const cursor = await lib.open(2000);
  const rows = rowChain(lib, cursor);
  let at = 0;
  for (const max of [1, 40, 1, 1000, 3, 900]) {
    const page = await rows.collect({ max });
    assert.deepEqual([...page], Array.from({ length: max }, () => expectedRow(++at)));
  }
  await lib.close(cursor);
});

test("a chain carries cells in, out and both ways, with NULL in place of one", async () => {
  const cursor = await lib.open(3);
  const by = { x: 0.25, y: 0 };
  const build = chain(lib, (s) => {
    s.unless(s.run.step(cursor), ROW);
    return [
      s.run.point(cursor),
      s.run.shift(cursor, by, { x: 1, y: 10 }),
      s.run.shift(cursor, null, { x: 1, y: 20 }),
    ];
  });
  const rounds = await build.collect({ max: 10 });
  assert.deepEqual(rounds.length, 3);
  rounds.forEach(([point, shifted, without], index) => {
    const at = index + 1;
    assert.deepEqual(point, { value: 0, out: [{ x: at / 2, y: at }] });
    assert.deepEqual(shifted, { value: 0, out: [{ x: 1.25, y: 10 + at }] });
    assert.deepEqual(without, { value: 1, out: [{ x: 1001, y: 20 + at }] });
  });
  await lib.close(cursor);
});

test("a chain takes strings and pointers, and constants in what it gives", async () => {
  const rows = chain(lib, (s) => {
    const cursor = s.run.open(1);
    const step = s.run.step(cursor);
    const found = s.run.find(cursor, "row");
    s.until(found, false);
    s.run.close(cursor);
    return { step, found, kind: "one" };
  });
  const round = await rows.run();
  assert.deepEqual(round, { step: { value: ROW, errno: 0 }, found: true, kind: "one" });
});

test("a step that fails with an error of its own rejects the chain", async () => {
  const cursor = await lib.open(0);
  const failing = chain(lib, (s) => {
    s.run.stepOrThrow(cursor);
    return [s.run.number(cursor, 0)];
  });
  const error = await rejection(failing.run()) as Error & { errno: number };
  assert.deepEqual(error.errno, 2);
  await lib.close(cursor);
});

test("errno rejects a chain only where the result says that the call failed", async () => {
  const good = chain(lib, (s) => [s.run.succeed(5, 7), s.run.succeedPlainly(6, 8)]);
  assert.deepEqual(await good.run(), [7, { value: 8, errno: 6 }]);
  const bad = chain(lib, (s) => [s.run.succeed(5, 7), s.run.fail(9)]);
  const error = await rejection(bad.run()) as Error & { errno: number };
  assert.deepEqual(error.errno, 9);
  assert.match(error.message, /^Cannot call fail: /);
});

test("after a step that fails with an error of its own no other runs", async () => {
  const [empty, full] = [await lib.open(0), await lib.open(1)];
  const failing = chain(lib, (s) => {
    s.run.stepOrThrow(empty);
    s.run.step(full);
    return [];
  });
  assert.equal((await rejection(failing.run()) as { errno: number }).errno, 2);
  assert.equal((await lib.step(full)).value, ROW);
  await Promise.all([lib.close(empty), lib.close(full)]);
});

test("a buffer that a step fills comes back", async () => {
  const bytes = new Uint8Array(5000);
  const filling = chain(lib, (s) => {
    s.run.fill(bytes, 4000, 7);
    return [];
  });
  assert.deepEqual(await filling.run(), []);
  assert.deepEqual([bytes[0], bytes[3999], bytes[4000]], [7, 7, 0]);
});

test("a chain obeys signals and refuses wrong numbers of rounds", async () => {
  const cursor = await lib.open(1);
  const rows = rowChain(lib, cursor);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  assert.deepEqual(await rejection(rows.collect({ max: 1, signal })), reason);
  for (const max of [0, -1, 1.5, 2 ** 32, NaN]) {
    assert.throws(() => void rows.collect({ max }), { name: "RangeError", message: /rounds/ });
    assert.throws(() => void rows.pages({ max }), { name: "RangeError", message: /rounds/ });
  }
  await lib.close(cursor);
});

test("C6: a chain that cannot work is refused before anything runs, with the reason", async () => {
  const cursor = await lib.open(1);
  const any = (s: unknown): Steps["run"] => (s as Steps).run;
  const refused = (build: (s: never) => unknown[], message: RegExp): void =>
    assert.throws(() => void chain(lib, build as never), { name: "TypeError", message });
  refused((s) => [any(s)["number"]!(cursor)], /2 arguments expected, 1 given/);
  refused((s) => [any(s)["number"]!(cursor, any(s)["twice"]!(1))], /is i64 from a step, not i32/);
  refused((s) => [any(s)["half"]!(any(s)["twice"]!(1))], /is i64 from a step, not f64/);
  refused((s) => [any(s)["twice"]!(any(s)["text"]!(cursor, 1))], /cannot come from a step/);
  assert.throws(() => void chain(lib, () => []), { name: "RangeError", message: /0 calls/ });
  const wrong = chain(lib, (s) => [s.run.number(cursor, "x" as never)]);
  const error = await rejection((async () => await wrong.run())());
  assert.deepEqual(error instanceof TypeError, true);
  await lib.close(cursor);
});

/* What a builder sees that does not know the library. */
interface Steps {
  run: Record<string, (...args: unknown[]) => unknown>;
  unless(step: unknown, value: unknown): void;
}

test("C6: a condition that no result can meet is refused with the reason", () => {
  const lib = open(testlibPath, {
    text: { name: "test_cursor_text", parameters: [cursorType, "i32"], result: "cstring" },
    text16: { name: "test_cursor_text", parameters: [cursorType, "i32"], result: "cstring16" },
    bytes: { name: "test_cursor_text", parameters: [cursorType, "i32"], result: { bytes: 1 } },
    union: { name: "test_cursor_open", parameters: ["u32"], result: { union: { a: "i32" } } },
    tuple: { name: "test_cursor_open", parameters: ["u32"], result: { struct: ["i32"] } },
    half: { name: "test_cursor_half", parameters: ["f64"], result: "f64" },
    close: { name: "test_cursor_close", parameters: [cursorType], result: "void" },
    small: { name: "test_cursor_open", parameters: ["u32"], result: "i8" },
    wide: { name: "test_cursor_open", parameters: ["u32"], result: "u64" },
    truth: { name: "test_cursor_open", parameters: ["u32"], result: "bool" },
    pointer: { name: "test_cursor_open", parameters: ["u32"], result: "pointer" },
  });
  const refused = (key: string, value: unknown, name: string, message: RegExp): void => {
    const build = (s: Steps): unknown[] => {
      const args = ["text", "text16", "bytes"].includes(key) ? [null, 0] : [0];
      s.unless(s.run[key]!(...args), value);
      return [];
    };
    assert.throws(() => void chain(lib, build as never), { name, message });
  };
  for (const key of ["text", "text16", "bytes", "union", "tuple", "half", "close"] as const) {
    refused(key, 0, "TypeError", /its result is no integer/);
  }
  refused("small", "4", "TypeError", /"4", not a number/);
  refused("small", 1.5, "RangeError", /1.5, not an integer/);
  refused("small", 300, "RangeError", /300, outside i8/);
  refused("wide", -1n, "RangeError", /-1n, outside u64/);
  refused("truth", 1, "TypeError", /1, not a boolean/);
  refused("pointer", "0", "TypeError", /"0", not a pointer or null/);
  const foreign = (s: Steps): void => s.unless({}, 1) as void;
  assert.throws(() => void chain(lib, foreign as never), /none of its steps/);
});

test("a released context refuses its chains", async () => {
  const context = await Context.acquire();
  const here = context.use(lib);
  const cursor = await here.open(1);
  const rows = chain(here, (s) => [s.run.number(cursor, 0)]);
  assert.deepEqual(await rows.run(), [0n]);
  await here.close(cursor);
  await context.release();
  const error = await rejection(rows.run()) as { code: string };
  assert.deepEqual(error.code, "ERR_SIDING_CONTEXT_RECYCLING");
});
