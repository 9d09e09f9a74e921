import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  alloc,
  allocString,
  Arena,
  arena,
  configure,
  copyBytes,
  type FieldType,
  layout,
  type Leak,
  type Memory,
  open,
  type Pointer,
  pointer,
  read,
  readString,
  stats,
  write,
} from "../mod.ts";
import { test, until } from "./support/harness.ts";
import { line, openTestlib, testlibPath } from "./support/testlib.ts";
import { reserveEdge } from "./support/unreadable.ts";

const safe = Number.MAX_SAFE_INTEGER;
const edges: readonly (readonly [FieldType, number, readonly unknown[]])[] = [
  ["bool", 1, [true, false]],
  ["i8", 1, [-128, 127, 0, -1]],
  ["u8", 1, [0, 255]],
  ["i16", 2, [-32768, 32767]],
  ["u16", 2, [0, 65535]],
  ["i32", 4, [-2147483648, 2147483647]],
  ["u32", 4, [0, 4294967295]],
  ["i53", 8, [-safe, safe, -1, 0]],
  ["u53", 8, [0, safe]],
  ["i64", 8, [-(2n ** 63n), 2n ** 63n - 1n, -1n]],
  ["u64", 8, [0n, 2n ** 64n - 1n]],
  ["isize", 8, [-(2n ** 63n)]],
  ["usize", 8, [2n ** 64n - 1n]],
  ["f32", 4, [-0, NaN, 2 ** -149, -Infinity]],
  ["f64", 8, [-0, NaN, 5e-324, 1.7976931348623157e308, Infinity]],
  ["pointer", 8, [-1, 4096, null, safe, -safe]],
  [{ pointer: "thing" }, 8, [-2, null]],
  [{ function: { parameters: [], result: "void" } }, 8, [4096, null]],
];

test("C16: every scalar is written and read at every offset of its memory", () => {
  using memory = alloc(24);
  const before = new Uint8Array(24);
  const after = new Uint8Array(24);
  for (const [type, size, values] of edges) {
    for (let offset = 0; offset + size <= memory.size; offset++) {
      for (const value of values) {
        copyBytes(memory, before);
        write(memory, type, value as never, offset);
        assert.ok(Object.is(read(memory, type, offset), value), `${String(type)} at ${offset}`);
        const raw = (memory.pointer + offset) as Pointer;
        assert.ok(Object.is(read(raw, type), value), `${String(type)} at ${raw}`);
        copyBytes(memory, after);
        const outside = (bytes: Uint8Array): string =>
          `${bytes.subarray(0, offset)}|${bytes.subarray(offset + size)}`;
        assert.equal(outside(after), outside(before), `around ${String(type)} at ${offset}`);
      }
    }
  }
});

test("C16: reading and writing out of bounds is a RangeError that names offset and size", () => {
  using memory = alloc(24);
  const part = memory.slice(8, 8);
  for (const [type, size] of edges) {
    for (const [where, length] of [[memory, 24], [part, 8]] as const) {
      for (const offset of [length - size + 1, length, -1, 2 ** 32, 2 ** 53, 0.5, NaN, Infinity]) {
        const message = new RegExp(
          `memory: offset ${String(offset).replace("+", ".")} and size ${size} are outside its ` +
            `${length} bytes`,
        );
        const expected = { name: "RangeError", message };
        assert.throws(() => read(where, type, offset), expected);
        assert.throws(() => write(where, type, 0 as never, offset), expected);
      }
    }
  }
  assert.throws(() => read(memory, "u8", "1" as never), { name: "TypeError" });
  for (const [offset, size] of [[0, 25], [20, 5], [-1, 1], [25, 0], [0, -1], [0.5, 1]] as const) {
    assert.throws(() => memory.slice(offset, size), {
      name: "RangeError",
      message: /slice memory/,
    });
  }
  assert.throws(() => copyBytes(memory, new Uint8Array(25)), { name: "RangeError" });
  assert.throws(() => copyBytes(new Uint8Array(9), memory, 16), { name: "RangeError" });
  assert.throws(() => copyBytes(memory, new Uint8Array(1), -1), { name: "RangeError" });
});

test("C16: a slice reads and writes the memory that it is part of", () => {
  using memory = alloc(16);
  const part = memory.slice(4, 8).slice(2);
  assert.equal(part.size, 6);
  assert.equal(part.pointer, memory.pointer + 6);
  write(part, "u16", 0xabcd, 4);
  assert.equal(read(memory, "u16", 10), 0xabcd);
  assert.equal(memory.slice(16).size, 0);
});

test("C16: memory is zeroed, counted, aligned, and freed once", () => {
  const before = stats().memory;
  for (const size of [1, 7, 8, 100, 4096, 1 << 20]) {
    const memory = alloc(size);
    assert.equal(memory.size, size);
    assert.equal(memory.pointer % 8, 0);
    assert.equal(stats().memory, before + size);
    const bytes = new Uint8Array(size).fill(1);
    copyBytes(memory, bytes);
    assert.ok(bytes.every((byte) => byte === 0));
    memory[Symbol.dispose]();
    memory[Symbol.dispose]();
    assert.equal(stats().memory, before);
  }
});

test("C6: memory of no size, of a size that is none, or beyond all memory is refused", () => {
  for (const size of [0, -1, 1.5, NaN, 2 ** 53]) {
    assert.throws(() => alloc(size), { name: "RangeError", message: /Cannot allocate .* bytes/ });
  }
  for (const size of ["8", null, undefined, {}, 8n]) {
    assert.throws(() => alloc(size as never), { name: "TypeError", message: /Cannot allocate/ });
  }
  assert.throws(() => alloc(2 ** 52), { name: "SidingError", code: "ERR_SIDING_MEMORY" });
});

test("C16: use after free fails with ERR_SIDING_CLOSED, through slices too", () => {
  const memory = alloc(16);
  const part = memory.slice(8);
  memory[Symbol.dispose]();
  for (const one of [memory, part]) {
    const closed = { name: "SidingError", code: "ERR_SIDING_CLOSED", message: /it is freed/ };
    assert.throws(() => one.pointer, closed);
    assert.throws(() => read(one, "u8"), closed);
    assert.throws(() => write(one, "u8", 1), closed);
    assert.throws(() => copyBytes(one, new Uint8Array(1)), closed);
    assert.throws(() => copyBytes(new Uint8Array(1), one), closed);
    assert.throws(() => one.slice(0), closed);
    assert.throws(() => readString(one), closed);
  }
});

test("C16: a value whose getter frees the memory it is written to is not written", () => {
  const memory = alloc(16);
  const value = {
    get a(): number {
      memory[Symbol.dispose]();
      return 1;
    },
    b: 2,
  };
  const type = { struct: { a: "i32", b: "i32" } } as const;
  assert.throws(() => write(memory, type, value), { code: "ERR_SIDING_CLOSED" });
});

const whole = layout({
  struct: {
    tag: "u8",
    choice: { union: { number: "i32", real: "f64", pair: { struct: { a: "i8", b: "i16" } } } },
    rows: { array: { struct: { id: "u16", name: "cstring" } }, length: 10 },
    data: { bytes: ["rowSize", "rowCount"] },
    rowSize: "u32",
    rowCount: "u8",
    fixed: { bytes: { constant: 2 } },
    nameless: { struct: ["i32", "f64"] },
    grid: { array: { array: "u8", length: 2 }, length: 3 },
    wide: "cstring16",
  },
});

const rows = Array.from({ length: 10 }, (_, id) => ({ id, name: id === 3 ? null : `row ${id}` }));
const value = {
  tag: 1,
  choice: { pair: { a: -1, b: -2 } },
  rows,
  data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  rowSize: 3,
  rowCount: 2,
  fixed: Uint8Array.of(8, 9),
  nameless: new Uint8Array(16).fill(7),
  grid: [[1, 2], [3, 4], [5, 6]],
  wide: "Grüße 🚂",
};

test("C16: unions, arrays, texts, bytes and nameless structs are written and read", () => {
  const before = stats().memory;
  {
    using memory = alloc(whole);
    write(memory, whole, value);
    for (const back of [read(memory, whole), read(memory.pointer, whole)]) {
      assert.deepEqual({ ...back, choice: 0 }, { ...value, choice: 0 });
      assert.deepEqual(back.choice.pair, { a: -1, b: -2 });
      assert.equal(back.choice.number & 0xff, 0xff);
    }
    assert.ok(stats().memory > before + whole.size, "what it points to is counted");
    write(memory, whole, { ...value, wide: null, data: null, fixed: null, rowSize: 9 });
    const { wide, data, fixed } = read(memory, whole);
    assert.deepEqual([wide, data, fixed], [null, null, null]);
  }
  assert.equal(stats().memory, before);
});

test("C16: a union is read from a copy, and what an alternative does not cover is zero", () => {
  const type = { union: { small: "u8", large: "u64" } } as const;
  using memory = alloc(8);
  write(memory, type, { large: 2n ** 64n - 1n });
  const seen = read(memory, type);
  write(memory, type, { small: 5 });
  assert.equal(seen.large, 2n ** 64n - 1n);
  assert.equal(read(memory, type).large, 5n);
  assert.deepEqual(Object.keys(seen), ["small", "large"]);
});

type Wrong = readonly [change: object, name: "TypeError" | "RangeError", message: RegExp];
const wrong: readonly Wrong[] = [
  [{ tag: 256 }, "RangeError", /value\.tag is 256, outside u8/],
  [
    { choice: {} },
    "TypeError",
    /value\.choice has no field, not exactly one of number, real, pair/,
  ],
  [{ choice: { number: 1, real: 2 } }, "TypeError", /choice has number, real, not exactly one/],
  [{ choice: { other: 1 } }, "TypeError", /choice has other, not exactly one/],
  [{ choice: null }, "TypeError", /choice is null, not an object/],
  [{ choice: { pair: { a: 1, b: "2" } } }, "TypeError", /choice\.pair\.b is "2", not a number/],
  [{ rows: rows.slice(1) }, "RangeError", /value\.rows has 9 elements, not 10/],
  [{ rows: "0123456789" }, "TypeError", /value\.rows is "0123456789", not an array of 10 elements/],
  [{ rows: rows.with(7, { id: -1, name: "" }) }, "RangeError", /value\.rows\[7\]\.id is -1/],
  [{ rows: rows.with(7, { id: 1, name: "a\0" }) }, "RangeError", /rows\[7\]\.name contains a NUL/],
  [{ grid: [[1, 2], [3, 4], [5, 600]] }, "RangeError", /value\.grid\[2\]\[1\] is 600/],
  [{ grid: [[1, 2], [3], [5, 6]] }, "RangeError", /value\.grid\[1\] has 1 elements, not 2/],
  [{ nameless: new Uint8Array(15) }, "RangeError", /value\.nameless has 15 bytes, not 16/],
  [{ nameless: null }, "TypeError", /value\.nameless is null, not a buffer/],
  [{ data: new Uint8Array(5) }, "RangeError", /data has 5 bytes, fewer than the 6 that its length/],
  [{ fixed: new Uint8Array(1) }, "RangeError", /fixed has 1 bytes, fewer than the 2/],
  [{ data: "text" }, "TypeError", /value\.data is "text", not a buffer/],
  [{ wide: 5 }, "TypeError", /value\.wide is 5, not a string/],
];

test("C6: a wrong part of a value is named by its path and nothing is written", () => {
  using memory = alloc(whole);
  const bytes = new Uint8Array(whole.size);
  for (const [change, name, message] of wrong) {
    assert.throws(() => write(memory, whole, { ...value, ...change } as never), { name, message });
    copyBytes(memory, bytes);
    assert.ok(bytes.every((byte) => byte === 0), String(message));
  }
});

test("C16: texts in both encodings, of every length around a page, also unaligned", () => {
  for (const encoding of ["utf8", "utf16"] as const) {
    for (const length of [0, 1, 31, 32, 33, 4094, 4095, 4096, 4097, 10_000]) {
      const text = length % 2 === 0 ? "ß".repeat(length) : "x".repeat(length);
      using memory = allocString(text, encoding);
      assert.equal(readString(memory, encoding), text);
      assert.equal(readString(memory.pointer, encoding), text);
      using moved = alloc(memory.size + 1);
      const bytes = new Uint8Array(memory.size);
      copyBytes(memory, bytes);
      copyBytes(bytes, moved, 1);
      assert.equal(readString(moved, encoding, 1), text);
      assert.equal(readString(moved.pointer, encoding, 1), text);
    }
  }
  using units = allocString("a🚂", "utf16");
  assert.deepEqual(read(units, { array: "u16", length: 4 }), [97, 0xd83d, 0xde82, 0]);
  using bom = allocString("\ufeffx");
  assert.equal(readString(bom), "\ufeffx");
});

test("C6: texts that cannot be are refused", () => {
  assert.throws(() => allocString("a\0b"), { name: "RangeError", message: /contains a NUL/ });
  assert.throws(() => allocString(5 as never), { name: "TypeError", message: /text is 5/ });
  assert.throws(() => allocString("a", "latin1" as never), { name: "TypeError" });
  using full = alloc(4);
  copyBytes(Uint8Array.of(1, 1, 1, 1), full);
  assert.throws(() => readString(full), { name: "RangeError", message: /no zero .* 4 bytes/ });
  assert.throws(() => readString(full, "utf16"), { name: "RangeError" });
  assert.throws(() => readString(full, "ascii" as never), { name: "TypeError" });
});

test("C16: a text that ends at the end of a page is read without a look at the next", () => {
  const edge = reserveEdge();
  for (const [encoding, length] of [["utf8", 10], ["utf8", 5000], ["utf16", 4001]] as const) {
    using text = allocString("y".repeat(length), encoding);
    const bytes = new Uint8Array(text.size);
    copyBytes(text, bytes);
    const start = (edge.pointer - bytes.length) as Pointer;
    copyBytes(bytes, start);
    assert.equal(readString(start, encoding), "y".repeat(length));
  }
  edge.free();
});

test("C16: an arena frees all its pieces together", () => {
  const before = stats().memory;
  const pieces = arena();
  assert.ok(pieces instanceof Arena);
  const list: Memory[] = [];
  for (let i = 0; i < 5000; i++) {
    const piece = pieces.alloc(1 + i % 100);
    assert.equal(piece.pointer % 16, 0);
    assert.equal(read(piece, "u8", piece.size - 1), 0);
    write(piece, "u8", i & 255, piece.size - 1);
    list.push(piece);
  }
  list.forEach((piece, i) => assert.equal(read(piece, "u8", piece.size - 1), i & 255));
  const large = pieces.alloc(1 << 20);
  const text = pieces.allocString("in the arena", "utf16");
  assert.equal(readString(text, "utf16"), "in the arena");
  list[0]![Symbol.dispose]();
  assert.throws(() => read(list[0]!, "u8"), { code: "ERR_SIDING_CLOSED" });
  assert.equal(read(list[1]!, "u8", 1), 1);
  assert.throws(() => read(list[1]!, "u8", list[1]!.size), { name: "RangeError" });
  assert.ok(stats().memory > before + (1 << 20));
  pieces[Symbol.dispose]();
  pieces[Symbol.dispose]();
  assert.equal(stats().memory, before);
  for (const one of [large, text, list[1]!]) {
    assert.throws(() => one.pointer, { code: "ERR_SIDING_CLOSED" });
  }
  assert.throws(() => pieces.alloc(1), { code: "ERR_SIDING_CLOSED", message: /arena is freed/ });
});

test("C16: C reads what was written, and its own memory is read", async () => {
  const library = openTestlib();
  using bytes = alloc(1000);
  copyBytes(new Uint8Array(1000).fill(3), bytes);
  const { sum, turned } = open(testlibPath, {
    sum: { name: "test_buffer_sum", parameters: ["pointer", "usize"], result: "u64" },
    turned: { name: "test_variable_line", type: line },
  });
  assert.equal(await sum(bytes.pointer, 1000), 3000n);
  assert.equal(read(turned.pointer, "f64", layout(line).offset("to.y")), turned.get().to.y);
  write(turned.pointer, "f64", 44, 24);
  assert.equal(turned.get().to.y, 44);
  write(turned.pointer, "f64", 4, 24);
  assert.equal(await library.answer(), 42);
});

test("C16: copyBytes copies both ways, for memory and for pointers", () => {
  using memory = alloc(10);
  copyBytes(Uint8Array.of(1, 2, 3), memory, 7);
  copyBytes(Uint16Array.of(0x0504), (memory.pointer + 2) as Pointer);
  copyBytes(new Uint8Array(0), memory, 10);
  const all = new ArrayBuffer(10);
  copyBytes(memory, all);
  assert.equal(new Uint8Array(all).join(), "0,0,4,5,0,0,0,1,2,3");
  const some = new Uint8Array(20).subarray(5, 8);
  copyBytes(memory.pointer, some, 7);
  assert.equal(some.join(), "1,2,3");
  const none = new Uint8Array(4) as never;
  assert.throws(() => copyBytes(none, none), { name: "TypeError", message: /native memory/ });
  assert.throws(() => copyBytes(memory, "x" as never), { name: "TypeError", message: /copyBytes/ });
  const gone = new Uint8Array(4);
  structuredClone(gone, { transfer: [gone.buffer] });
  assert.throws(() => copyBytes(memory, gone), { name: "TypeError", message: /detached/ });
});

test("C18: a pointer is made of every address, signed", () => {
  assert.equal(pointer(-1), -1);
  assert.equal(pointer(2n ** 64n - 1n), -1);
  assert.equal(pointer(-1n), -1);
  assert.equal(pointer(0x7fff_ffff_f000), 0x7fff_ffff_f000);
  assert.equal(pointer(0x7fff_ffff_f000n), 0x7fff_ffff_f000);
  for (const address of [0, -0, 0n, 0.5, NaN, Infinity, 2 ** 53, 2n ** 64n, -(2n ** 63n) - 1n]) {
    const message = /Cannot make a pointer of/;
    assert.throws(() => pointer(address), { name: "RangeError", message }, String(address));
  }
  for (const address of ["1", null, undefined, {}]) {
    assert.throws(() => pointer(address as never), { name: "TypeError" });
  }
});

test("C6: what is neither memory nor a pointer is refused", () => {
  for (const source of [null, undefined, "1", {}, 1n, new Uint8Array(8)]) {
    assert.throws(() => read(source as never, "u8"), { name: "TypeError", message: /Cannot read/ });
    assert.throws(() => write(source as never, "u8", 1), { name: "TypeError" });
  }
  for (const source of [0, 0.5, NaN, 2 ** 53]) {
    assert.throws(() => read(source as Pointer, "u8"), { name: "RangeError" });
  }
});

test("C6: a pointer cannot own what a value points to, so only null is written there", () => {
  using memory = alloc(8);
  const message = /Cannot write to a pointer: nothing would own .* allocString/;
  for (const type of ["cstring", "cstring16"] as const) {
    assert.throws(() => write(memory.pointer, type, "text"), { name: "TypeError", message });
    write(memory.pointer, type, null);
  }
  const bytes = { bytes: { constant: 1 } } as const;
  assert.throws(() => write(memory.pointer, bytes, new Uint8Array(1)), { message });
  const variable = open(testlibPath, { v: { name: "test_variable_pointer", type: "cstring" } }).v;
  assert.throws(() => variable.set("text"), { name: "TypeError", message: /Cannot write v: / });
  using text = allocString("a variable");
  write(variable.pointer, "pointer", text.pointer);
  assert.equal(variable.get(), "a variable");
  variable.set(null);
  assert.equal(variable.get(), null);
});

function collect(): void {
  const globals = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
  if (globals.Bun !== undefined) globals.Bun.gc(true);
  else globals.gc?.();
  for (let i = 0; i < 100; i++) new Array(20_000).fill(i); // without --expose-gc
}

const FORGOTTEN = 40;

function forget(): void {
  for (let i = 0; i < FORGOTTEN; i++) {
    write(alloc(12_345), "cstring", "what it points to");
    arena().alloc(10);
  }
}

/* A collector that looks at the stack may take a number there for one of them: most will do. */
test("C16: forgotten memory is freed and reported with the place where it was made", async () => {
  const leaks: Leak[] = [];
  const listen = (message: unknown): number => leaks.push(message as Leak);
  const before = stats().memory;
  subscribe("siding:leak", listen);
  configure({ stacks: true });
  forget();
  await until(() => {
    collect();
    return leaks.length >= FORGOTTEN;
  }, "reports of most leaks");
  configure({ stacks: false });
  unsubscribe("siding:leak", listen);
  const freed = leaks.reduce((sum, { size }) => sum + size, 0);
  assert.equal(stats().memory, before + FORGOTTEN * (65_536 + 12_345 + 18) - freed);
  for (const { kind, size, stack, address } of leaks) {
    assert.equal(size, kind === "arena" ? 65_536 : 12_345 + 18);
    assert.match(stack ?? "", /memory_test/);
    assert.ok(address > 0);
  }
  assert.deepEqual([...new Set(leaks.map(({ kind }) => kind))].sort(), ["arena", "memory"]);
});

test("C16: memory that is in use through a slice is not collected", async () => {
  const part = ((): Memory => alloc(100).slice(90))();
  write(part, "u8", 77, 9);
  for (let i = 0; i < 20; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.equal(read(part, "u8", 9), 77);
  assert.equal(part.size, 10);
});
