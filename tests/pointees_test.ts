import assert from "node:assert/strict";
import { Context, fn, open, stats } from "../mod.ts";
import type { LibraryFunction, Pointer } from "../mod.ts";
import { openTestlib, testlibPath } from "./support/testlib.ts";
import { test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

const FREE = "test_owned_free";
const addition = { parameters: ["i32", "i32"], result: "i32" } as const;
const stream = { struct: { bytes: { bytes: "size" }, size: "usize", position: "usize" } } as const;
const slice = { struct: { bytes: { bytes: "size" }, size: "u53" } } as const;
const last = { struct: { bytes: { bytes: "size" }, seed: "u32", size: "u32" } } as const;
const entry = { struct: { key: "cstring", value: "i53" } } as const;
const person = {
  struct: {
    name: "cstring",
    age: "i32",
    size: "u32",
    data: { bytes: "size" },
    title: "cstring16",
    entries: { array: entry, length: 2 },
  },
} as const;
const table = {
  struct: { add: { function: addition }, subtract: { function: addition } },
} as const;

const library = open(testlibPath, {
  length16: { name: "test_text16_length", parameters: ["cstring16"], result: "u64" },
  sum16: { name: "test_text16_sum", parameters: ["cstring16"], result: "u53" },
  echo16: { name: "test_text16_echo", parameters: ["cstring16"], result: "cstring16" },
  repeat16: { name: "test_text16_repeat", parameters: ["u32", "u32"], result: "cstring16" },

  listCount: { name: "test_list_count", parameters: [{ list: "cstring" }], result: "i53" },
  listJoin: { name: "test_list_join", parameters: [{ list: "cstring" }], result: "cstring" },
  listCopy: {
    name: "test_list_copy",
    parameters: [{ list: "cstring" }],
    result: { list: "cstring" },
  },
  listNumber: { name: "test_list_number", parameters: ["i32"], result: { list: "cstring" } },
  listOut: {
    name: "test_list_out",
    parameters: ["i32", { out: { list: "cstring" } }],
    result: "void",
  },
  textTwo: { name: "test_text_two", parameters: ["u32", { out: "cstring" }], result: "cstring" },
  textFailed: {
    name: "test_text_two",
    parameters: ["u32", { out: "cstring" }],
    result: "cstring",
    errno: "throw",
  },
  listSum: { name: "test_list_sum", parameters: [{ list: "pointer" }], result: "i53" },

  bytesSum: { name: "test_buffer_sum", parameters: [{ bytes: 1 }, "usize"], result: "u64" },
  pattern: { name: "test_bytes_pattern", parameters: ["u32", "u8"], result: { bytes: 0 } },
  three: {
    name: "test_bytes_pattern",
    parameters: ["u32", "u8"],
    result: { bytes: { constant: 3 } },
  },
  area: { name: "test_bytes_area", parameters: ["u16", "i8", "u8"], result: { bytes: [0, 1] } },
  slow: { name: "test_bytes_slow", parameters: ["u32", "u32"], result: { bytes: 0 } },
  outSize: {
    name: "test_bytes_out_size",
    parameters: ["u8", { out: "u64" }],
    result: { bytes: 1 },
  },
  bytesOut: {
    name: "test_bytes_out",
    parameters: ["u32", { out: { bytes: ["result", { constant: 2 }] } }],
    result: "i32",
  },
  bytesOwned: {
    name: "test_bytes_owned",
    parameters: ["u32", { out: { bytes: 2, free: FREE } }, { out: "usize" }],
    result: "i32",
  },
  streamWrite: {
    name: "test_stream_write",
    parameters: [{ inout: stream }, "usize"],
    result: "usize",
  },
  sliceSum: { name: "test_slice_sum", parameters: [slice], result: "i53" },
  tailNext: { name: "test_tail_next", parameters: [], result: last },
  tailOut: { name: "test_tail_out", parameters: [{ out: last }], result: "void" },
  slicePattern: { name: "test_slice_pattern", parameters: ["u32", "u8"], result: slice },

  ownedText: {
    name: "test_owned_text",
    parameters: ["i32"],
    result: { cstring: "owned", free: FREE },
  },
  ownedTextOut: {
    name: "test_owned_text_out",
    parameters: ["i32", { out: { cstring: "owned", free: FREE } }],
    result: "i32",
  },
  ownedMade: { name: "test_owned_made", parameters: [], result: "i53" },
  ownedFreed: { name: "test_owned_freed", parameters: [], result: "i53" },
  ownedWrong: { name: "test_owned_wrong", parameters: [], result: "i53" },

  personGet: { name: "test_person_get", parameters: ["i32"], result: { copy: person } },
  personMake: {
    name: "test_person_make",
    parameters: ["i32"],
    result: { copy: person, free: FREE },
  },
  personOut: {
    name: "test_person_out",
    parameters: ["i32", { out: { copy: person } }],
    result: "i32",
  },
  personValue: { name: "test_person_value", parameters: ["i32"], result: person },
  personText: { name: "test_person_text", parameters: [{ in: person }], result: "cstring" },
  personValueText: { name: "test_person_value_text", parameters: [person], result: "cstring" },
  birthday: { name: "test_person_birthday", parameters: [{ inout: person }], result: "void" },

  apply: {
    name: "test_apply",
    parameters: [{ function: addition }, "i32", "i32"],
    result: "i32",
  },
  applyAny: { name: "test_apply", parameters: ["function", "i32", "i32"], result: "i32" },
  table: { name: "test_table_get", parameters: [], result: { copy: table } },
});

test("C16: what the pointers in an argument point to is aligned for every type", async () => {
  const { swap } = open(testlibPath, {
    swap: {
      name: "test_pair_swap",
      parameters: [{ struct: { a: "cstring", b: "cstring16" } }],
      result: { struct: { a: "i64", b: "u64" } },
    },
  });
  for (const text of ["", "one", "7 chars", "15 chars it has", "16 chars it has."]) {
    const addresses = await swap({ a: text, b: text });
    assert.deepEqual([addresses.a % 16n, addresses.b % 16n], [0n, 0n], text);
  }
});

type AnyFunction = LibraryFunction<unknown[], unknown>;

/* The result of the call, after it was found the same on this thread and with options. */
async function each<R>(f: unknown, ...args: unknown[]): Promise<R> {
  const function_ = f as AnyFunction;
  const result = await function_(...args);
  assert.deepEqual(function_.sync(...args), result, `${function_.name}.sync agrees`);
  assert.deepEqual(await function_.with({ timeout: 60_000 })(...args), result);
  return result as R;
}

function patternOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => seed + i);
}

function weigh16(text: string): number {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i) * (i + 1))
    .reduce((sum, one) => sum + one, 0);
}

test("C16: UTF-16 strings of every length go in and come back", async () => {
  for (const length of [0, 1, 3, 4, 5, 1023, 1024, 1025, 5000, 100_000]) {
    for (const unit of ["x", "é", "✓", "\ud800"]) {
      const text = unit.repeat(length);
      assert.equal(await each(library.echo16, text), text, `${length} × ${unit}`);
      assert.equal(await each(library.length16, text), BigInt(length));
      assert.equal(await each(library.sum16, text), weigh16(text));
    }
  }
  assert.equal(await each(library.echo16, "grün 😀 \ufeff"), "grün 😀 \ufeff");
  assert.equal(await each(library.echo16, null), null);
  assert.equal(await each(library.length16, null), 2n ** 64n - 1n);
  assert.equal(await each(library.repeat16, 0x2713, 1 << 20), "✓".repeat(1 << 20));
});

test("C16: lists of strings go in", async () => {
  assert.equal(await each(library.listCount, []), 0);
  assert.equal(await each(library.listCount, null), -1);
  assert.equal(await each(library.listCount, ["a", null, "b"]), 1); // NULL, as it stands there
  assert.equal(await each(library.listJoin, ["a", "", "grün ✓", "😀"]), "a||grün ✓|😀|");
  const many = Array.from({ length: 10_000 }, (_, i) => `argument ${i}`);
  assert.equal(await each(library.listCount, many), 10_000);
  const long = ["x".repeat(5000), "y".repeat(20_000)];
  assert.equal(await each(library.listJoin, long), `${long.join("|")}|`);
});

test("C16: lists of strings come back, as results and in cells", async () => {
  for (const count of [0, 1, 2, 500]) {
    const expected = Array.from({ length: count }, (_, i) => `text ${i} of ${count}`);
    assert.deepEqual(await each(library.listNumber, count), expected);
    assert.deepEqual(await each(library.listOut, count), { value: undefined, out: [expected] });
    assert.deepEqual(await each(library.listCopy, expected), expected);
  }
  assert.equal(await each(library.listNumber, -1), null);
  assert.deepEqual(await each(library.listOut, -1), { value: undefined, out: [null] });
});

test("C16: strings come back as result and in a cell of one call", async () => {
  for (const length of [0, 1, 7, 8, 100, 5000, 40_000]) {
    const expected = { value: "a".repeat(length), out: ["b".repeat(length)] };
    assert.deepEqual(await each(library.textTwo, length), expected);
    assert.deepEqual(await each(library.textFailed, length), expected);
  }
  assert.deepEqual(await each(library.textTwo, 3), { value: "aaa", out: [null] });
  assert.deepEqual(await each(library.textTwo, 4), { value: null, out: ["bbbb"] });
});

test("C16: lists of pointers go in", async () => {
  assert.equal(await each(library.listSum, [1, 2, -10, 2 ** 40]), 2 ** 40 - 7);
  assert.equal(await each(library.listSum, []), 0);
});

test("C16: sized bytes go in", async () => {
  assert.equal(await each(library.bytesSum, Uint8Array.of(1, 2, 250), 3), 253n);
  assert.equal(await each(library.bytesSum, null, 0), 0n);
  const big = new Uint8Array(1 << 20).fill(3);
  assert.equal(await each(library.bytesSum, big, big.length), 3n * BigInt(1 << 20));
});

test("C16: bytes come back by parameter, constant, product, result and out cell", async () => {
  for (const length of [0, 1, 7, 8, 9, 300, 40_000, 1 << 20]) {
    assert.deepEqual(await each(library.pattern, length, 5), patternOf(length, 5));
  }
  assert.deepEqual(await each(library.three, 10, 1), patternOf(3, 1));
  assert.deepEqual(await each(library.area, 30, 20, 9), patternOf(600, 9));
  assert.equal(await each(library.area, 30, -1, 9), null, "a negative length");
  const { value, out: [size] } = await each<{ value: Uint8Array; out: [bigint] }>(
    library.outSize,
    100,
  );
  assert.deepEqual([value, size], [patternOf(300, 100), 300n]);
  assert.deepEqual(await each(library.bytesOut, 11), { value: 5, out: [patternOf(10, 7)] });
});

test("C16: pipelined calls that share one static buffer keep their own bytes", async () => {
  await using context = await Context.acquire();
  const { pattern } = context.use(library);
  const results = await Promise.all(
    Array.from({ length: 5000 }, (_, i) => pattern(i % 200, i % 256)),
  );
  results.forEach((bytes, i) => assert.deepEqual(bytes, patternOf(i % 200, i % 256)));
});

test("C16: a stream struct whose bytes C fills brings them back", async () => {
  const way = { bytes: new Uint8Array(10).fill(99), size: 10, position: 4 };
  const expected = Uint8Array.of(99, 99, 99, 99, 4, 5, 6, 99, 99, 99);
  const { value, out: [after] } = await each<ReturnType<typeof library.streamWrite.sync>>(
    library.streamWrite,
    way,
    3,
  );
  assert.equal(value, 0n);
  assert.deepEqual(after, { bytes: expected, size: 10n, position: 7n });
  assert.deepEqual(way.bytes, new Uint8Array(10).fill(99), "the argument is only read");
  const long = { bytes: new Uint8Array(200_000), size: 200_000, position: 0 };
  const filled = await library.streamWrite(long, 150_000);
  assert.deepEqual(filled.out[0].bytes?.subarray(0, 150_000), patternOf(150_000, 0));
});

test("C16: bytes in structs by value, in and out", async () => {
  assert.equal(await each(library.sliceSum, { bytes: Uint8Array.of(1, 2, 3), size: 3 }), 6);
  assert.equal(await each(library.sliceSum, { bytes: null, size: 3 }), -1);
  const expected = { bytes: patternOf(77, 3), size: 77 };
  assert.deepEqual(await each(library.slicePattern, 77, 3), expected);
  const next = { bytes: patternOf(9, 4), seed: 4, size: 9 };
  assert.deepEqual(await each(library.tailNext), next, "a length in the last half word");
  assert.deepEqual(await each(library.tailOut), { value: undefined, out: [next] });
});

function personOf(number: number): unknown {
  return {
    name: `person ${number}`,
    age: number,
    size: number % 256,
    data: number % 7 === 0 ? null : patternOf(number % 256, number),
    title: number % 2 === 0 ? null : "Dr✓",
    entries: [0, 1].map((i) => ({ key: `key ${i} of ${number}`, value: number * 10 + i })),
  };
}

test("C16: a copied struct comes with all that it points to", async () => {
  for (const number of [0, 1, 2, 7, 200, 255, 1001]) {
    assert.deepEqual(await each(library.personGet, number), personOf(number));
    assert.deepEqual(await each(library.personMake, number), personOf(number));
    assert.deepEqual(await each(library.personValue, number), personOf(number));
    assert.deepEqual(await each(library.personOut, number), { value: 0, out: [personOf(number)] });
  }
  assert.equal(await each(library.personGet, -1), null);
  assert.deepEqual(await each(library.personOut, -1), { value: -1, out: [null] });
});

const anna = {
  name: "Anna",
  age: 30,
  size: 4,
  data: Uint8Array.of(1, 2, 3, 4),
  title: "AB",
  entries: [{ key: "one", value: 1 }, { key: null, value: -2 }],
} as const;
const annaText = "Anna, 30, 4 bytes: 10, title 197, one=1, (null)=-2";

test("C16: a struct goes in with all that it points to, by value and by address", async () => {
  assert.equal(await each(library.personText, anna), annaText);
  assert.equal(await each(library.personValueText, anna), annaText);
  assert.equal(await each(library.personText, null), "nobody");
  const bare = { ...anna, name: null, data: null, title: null };
  const text = "(null), 30, 4 bytes: 0, title 0, one=1, (null)=-2";
  assert.equal(await each(library.personText, bare), text);
  const calls = Array.from({ length: 2000 }, (_, age) => library.personText({ ...anna, age }));
  (await Promise.all(calls)).forEach((text, age) => {
    assert.equal(text, annaText.replace("30", String(age)));
  });
});

test("C16: an inout struct brings back what it points to then", async () => {
  const { out } = await each<{ out: unknown[] }>(library.birthday, anna);
  assert.deepEqual(out, [{
    ...anna,
    name: "older",
    age: 31,
    size: 2,
    data: Uint8Array.of(1, 2),
    title: null,
    entries: [{ key: "one", value: 2 }, { key: null, value: -2 }],
  }]);
});

test("C16: functions go in by address and come out of a table", async () => {
  const { add } = openTestlib();
  assert.equal(await each(library.apply, add.pointer, 40, 2), 42);
  assert.equal(await each(library.applyAny, add.pointer, 40, 2), 42);
  assert.equal(await each(library.apply, null, 40, 2), -1);
  const functions = await library.table();
  const subtract = fn(functions!.subtract as Pointer, addition);
  assert.equal(await subtract(40, 2), 38);
  assert.equal(fn(functions!.add as Pointer, addition).sync(40, 2), 42);
});

interface Owned {
  made: number;
  freed: number;
  wrong: number;
}

function owned(): Owned {
  return {
    made: library.ownedMade.sync(),
    freed: library.ownedFreed.sync(),
    wrong: library.ownedWrong.sync(),
  };
}

test("C15: 100,000 owned strings are each freed once, on the thread that made them", async () => {
  const before = owned();
  await using context = await Context.acquire();
  const { ownedText } = context.use(library);
  const calls = Array.from({ length: 100_000 }, (_, i) => ownedText(i));
  const texts = await Promise.all(calls);
  const wrong = texts.findIndex((text, i) => text !== `owned text ${i}`);
  assert.equal(wrong, -1, `call ${wrong} gave ${texts[wrong]}`);
  assert.deepEqual(owned(), { ...before, made: before.made + 1e5, freed: before.freed + 1e5 });
});

test("C15: owned memory is freed on the pool, here, in cells and after send", async () => {
  const before = owned();
  const texts = await Promise.all(Array.from({ length: 1000 }, (_, i) => library.ownedText(i)));
  texts.forEach((text, i) => assert.equal(text, `owned text ${i}`));
  assert.equal(library.ownedText.sync(5), "owned text 5");
  assert.equal(library.ownedText.sync(-1), null);
  assert.deepEqual(await library.ownedTextOut(6), { value: 0, out: ["owned text 6"] });
  assert.deepEqual(await library.bytesOwned(300), { value: 0, out: [patternOf(300, 1), 300n] });
  const large = await library.bytesOwned(300_000);
  assert.deepEqual(large.out, [patternOf(300_000, 1), 300_000n]);
  await using context = await Context.acquire();
  const { ownedText } = context.use(library);
  for (let i = 0; i < 10; i++) ownedText.send(i);
  assert.equal(await ownedText(11), "owned text 11");
  const count = 1000 + 1 + 1 + 2 + 11;
  assert.deepEqual(owned(), { ...before, made: before.made + count, freed: before.freed + count });
});

test("C15: what a call copied is let go where its promise was given up", async () => {
  const size = 2 << 20;
  const inC = limitMs(40);
  const round = async (): Promise<void> => {
    const calls = Array.from({ length: 60 }, () => library.slow.with({ timeout: 10 })(size, inC));
    const ends = await Promise.allSettled(calls);
    assert.ok(ends.every(({ status }) => status === "rejected"));
    await until(() => stats().inFlight === 0, "every call has ended");
  };
  await round();
  const before = stats().memory;
  await round();
  assert.ok(stats().memory <= before, `${stats().memory - before} bytes more are held`);
});

test("C6: wrong strings, lists and bytes in arguments are refused with their place", () => {
  const refusals: [() => unknown, RegExp][] = [
    [() => library.length16(5 as never), /argument 0 is 5, not a string or null/],
    [() => library.length16("a\0b"), /argument 0 contains a NUL/],
    [() => library.listCount("a" as never), /argument 0 is "a", not an array or null/],
    [() => library.listCount(["a", 5 as never]), /argument 0\[1\] is 5, not a string/],
    [() => library.listSum([1.5 as Pointer]), /argument 0\[0\] is 1\.5/],
    [() => library.bytesSum("x" as never, 1), /argument 0 is "x", not a buffer or null/],
    [() => library.sliceSum({ bytes: 3 as never, size: 1 }), /argument 0\.bytes is 3/],
    [() => library.sliceSum({ bytes: null, size: -1 }), /argument 0\.size is -1/],
    [() => library.personText({ ...anna, age: "1" as never }), /argument 0\.age is "1"/],
    [
      () => library.personText({ ...anna, entries: [{ key: "a", value: 1 }] }),
      /argument 0\.entries/,
    ],
    [
      () =>
        library.personText({
          ...anna,
          entries: [anna.entries[0], { key: 7 as never, value: 1 }],
        }),
      /argument 0\.entries\[1\]\.key is 7/,
    ],
  ];
  for (const [call, message] of refusals) assert.throws(call, { message });
});
