import assert from "node:assert/strict";
import { open } from "../mod.ts";
import type { FunctionDefinition, LibraryFunction, Pointer, ScalarName } from "../mod.ts";
import { test } from "./support/harness.ts";
import { line, longRange, point, testlibPath, ulongMax } from "./support/testlib.ts";

type AnyFunction = LibraryFunction<unknown[], unknown>;

const numbers = { array: "i32", length: 4 } as const;
const twenty = { array: "i32", length: 20 } as const;
const vector = { struct: { values: { array: "f32", length: 4 }, tag: "i16" } } as const;
const matrix = {
  struct: {
    kind: "i8",
    rows: { array: { array: "i32", length: 3 }, length: 2 },
    corners: { array: point, length: 2 },
  },
} as const;
const bytes8 = { array: "u8", length: 8 } as const;
const value = { union: { integer: "i64", number: "f64", bytes: bytes8 } } as const;
const variant = { struct: { kind: "i32", value } } as const;
const wide = { union: { point, numbers: { array: "i32", length: 6 } } } as const;

const library = open(testlibPath, {
  isNull: { name: "test_cell_is_null", parameters: [{ in: "i32" }], result: "bool" },
  product: { name: "test_point_product", parameters: [{ in: point }], result: "f64" },
  turn: { name: "test_point_turn", parameters: [{ inout: point }], result: "i32" },
  between: { name: "test_line_between", parameters: [point, point, { out: line }], result: "i32" },
  weigh: { name: "test_array_weigh", parameters: [{ in: numbers }], result: "i64" },
  reverse: { name: "test_array_reverse", parameters: [{ inout: numbers }], result: "void" },
  count: { name: "test_array_count", parameters: ["i32", { out: twenty }], result: "i32" },
  vectorTurn: { name: "test_vector_turn", parameters: [vector], result: vector },
  matrixTurn: { name: "test_matrix_turn", parameters: [{ inout: matrix }], result: "void" },
  negate: { name: "test_value_negate", parameters: ["i32", value], result: value },
  variantNext: { name: "test_variant_next", parameters: [variant], result: variant },
  switchTo: { name: "test_variant_switch", parameters: [{ inout: variant }], result: "void" },
  wideTurn: { name: "test_wide_turn", parameters: [wide], result: wide },
  boxCreate: {
    name: "test_box_create_out",
    parameters: ["i32", { out: { pointer: "box" } }],
    result: "i32",
  },
  boxValue: { name: "test_box_value", parameters: [{ pointer: "box" }], result: "i32" },
  boxDestroy: { name: "test_box_destroy", parameters: [{ pointer: "box" }], result: "void" },
});

const samples: Readonly<Partial<Record<ScalarName, readonly unknown[]>>> = {
  bool: [true, false],
  i8: [-128, 127, 0],
  u8: [0, 255],
  i16: [-32768, 32767],
  u16: [0, 65535],
  i32: [-2147483648, 2147483647],
  u32: [0, 4294967295],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  isize: [-(2n ** 63n), 2n ** 63n - 1n],
  usize: [0n, 2n ** 64n - 1n],
  long: longRange,
  ulong: [0, ulongMax],
  i53: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  u53: [0, Number.MAX_SAFE_INTEGER],
  f32: [-0, 1.5, Infinity, NaN],
  f64: [-0, Number.MIN_VALUE, -Infinity, NaN],
  pointer: [null, -1, 2 ** 47 - 1, -(2 ** 53) + 1],
};

const symbols: Readonly<Partial<Record<ScalarName, string>>> = { i53: "i64", u53: "u64" };

function single(definition: FunctionDefinition): AnyFunction {
  return open(testlibPath, { f: definition })["f"] as unknown as AnyFunction;
}

/* The result of the call, after it was found the same on this thread. */
async function both(f: AnyFunction, ...args: unknown[]): Promise<unknown> {
  const result = await f(...args);
  assert.deepEqual(f.sync(...args), result, `${f.name}.sync agrees`);
  return result;
}

const asAny = (f: unknown): AnyFunction => f as AnyFunction;

test("C16: in cells of every scalar, at the edges of the type", async () => {
  for (const [type, values] of Object.entries(samples)) {
    const name = `test_in_${symbols[type as ScalarName] ?? type}`;
    const f = single({
      name,
      parameters: [{ in: type as ScalarName }],
      result: type as ScalarName,
    });
    for (const sample of values.filter((one) => one !== null)) {
      assert.deepEqual(await both(f, sample), sample, `${type} ${String(sample)}`);
    }
  }
});

test("C16: inout cells of every scalar are read and come back changed", async () => {
  for (const [type, values] of Object.entries(samples)) {
    const name = `test_inout_${symbols[type as ScalarName] ?? type}`;
    const f = single({
      name,
      parameters: [{ inout: type as ScalarName }, type as ScalarName],
      result: type as ScalarName,
    });
    for (const before of values) {
      for (const after of values) {
        assert.deepEqual(await both(f, before, after), { value: before, out: [after] }, type);
      }
    }
  }
});

test("C16: null in place of an in cell is NULL, for scalars and structs", async () => {
  assert.equal(await both(asAny(library.isNull), null), true);
  assert.equal(await both(asAny(library.isNull), 0), false);
  assert.equal(await both(asAny(library.product), null), -1);
  assert.equal(await both(asAny(library.product), { x: 3, y: 4 }), 12);
});

test("C16: struct cells in, out and inout", async () => {
  const turned = await both(asAny(library.turn), { x: 1.5, y: -2 });
  assert.deepEqual(turned, { value: 5, out: [{ x: -2, y: 1.5 }] });
  const [from, to] = [{ x: 1, y: 2 }, { x: 3, y: 4 }];
  assert.deepEqual(await both(asAny(library.between), from, to), { value: 6, out: [{ from, to }] });
});

test("C16: arrays in cells, in structs and nested, in and out", async () => {
  assert.equal(await both(asAny(library.weigh), [1, 2, 3, 4]), 4321n);
  const reversed = await both(asAny(library.reverse), [1, 2, 3, -4]);
  assert.deepEqual(reversed, { value: undefined, out: [[-4, 3, 2, 1]] });
  const counted = { value: 20, out: [Array.from({ length: 20 }, (_, i) => i - 7)] };
  assert.deepEqual(await both(asAny(library.count), -7), counted);
  const before = { values: [1, 2, 3, 4], tag: 9 };
  assert.deepEqual(await both(asAny(library.vectorTurn), before), {
    values: [4, 3, 2, 1],
    tag: -9,
  });
  const [a, b] = [{ x: 1, y: 2 }, { x: 3, y: 4 }];
  const args = { kind: 1, rows: [[1, 2, 3], [4, 5, 6]], corners: [a, b] };
  assert.deepEqual(await both(asAny(library.matrixTurn), args), {
    value: undefined,
    out: [{ kind: 2, rows: [[4, 5, 6], [1, 2, 3]], corners: [b, a] }],
  });
});

test("C16: unions by value, in structs and in cells keep the alternative in use", async () => {
  for (const way of [library.negate, library.negate.sync]) {
    assert.equal((await way(0, { integer: 5n })).integer, -5n);
    assert.equal((await way(1, { number: 2.5 })).number, -2.5);
    assert.deepEqual((await way(2, { bytes: [1, 2, 3, 4, 5, 6, 7, 255] })).bytes, [
      ...[255, 254, 253, 252, 251, 250, 249, 1],
    ]);
  }
  for (const way of [library.variantNext, library.variantNext.sync]) {
    const { kind, value } = await way({ kind: 1, value: { number: 8.25 } });
    assert.deepEqual([kind, value.number], [2, -8.25]);
  }
  for (const way of [library.switchTo, library.switchTo.sync]) {
    const { out: [{ kind, value }] } = await way({ kind: 0, value: { integer: 77n } });
    assert.deepEqual([kind, value.number], [1, 77]);
  }
  for (const way of [library.wideTurn, library.wideTurn.sync]) {
    const turned = await way({ point: { x: 1, y: 2 } });
    assert.deepEqual(turned.point, { x: 2, y: 1 });
    assert.deepEqual((await way({ numbers: [1, 2, 3, 4, 5, 6] })).numbers, [3, 4, 1, 2, 5, 6]);
  }
});

test("C16: a union from C stays as it was while later calls come and go", async () => {
  const calls = Array.from({ length: 500 }, (_, i) => library.negate(1, { number: i }));
  const results = await Promise.all(calls);
  assert.deepEqual(results.map(({ number }) => number), results.map((_, i) => -i));
});

test("C16: tagged pointers come out of cells and go back in", async () => {
  const { value: status, out: [box] } = await library.boxCreate(31);
  assert.equal(status, 0);
  assert.equal(await library.boxValue(box), 31);
  assert.equal(library.boxValue.sync(box), 31);
  await library.boxDestroy(box);
});

test("C18: signed pointers round-trip in arguments, results and cells", async () => {
  const echo = single({ name: "test_echo_pointer", parameters: ["pointer"], result: "pointer" });
  const swap = single({
    name: "test_inout_pointer",
    parameters: [{ inout: "pointer" }, "pointer"],
    result: "pointer",
  });
  const high = -(2 ** 40) as Pointer;
  for (const address of [-1, null, high, 2 ** 47 - 1, 1, Number.MIN_SAFE_INTEGER]) {
    assert.equal(await both(echo, address), address);
    assert.deepEqual(await both(swap, address, -1), { value: address, out: [-1] });
    assert.deepEqual(await both(swap, -1, address), { value: -1, out: [address] });
  }
});

test("C6: parts of cells are read once, before the record is written", async () => {
  let reads = 0;
  const nasty = {
    get x(): number {
      reads++;
      void library.weigh([9, 9, 9, 9]); // stages a record of its own
      return 2;
    },
    y: 5,
  };
  assert.equal(await library.product(nasty), 10);
  assert.equal(library.product.sync(nasty), 10);
  assert.deepEqual(await library.turn(nasty), { value: 5, out: [{ x: 5, y: 2 }] });
  assert.equal(reads, 3);
});

test("C6: wrong values for cells are refused with their place", () => {
  const refusals: [() => unknown, RegExp][] = [
    [() => library.isNull("1" as never), /argument 0 is "1", not a number/],
    [() => library.product({ x: 1 } as never), /argument 0\.y is undefined, not a number/],
    [() => library.turn(null as never), /argument 0 is null/],
    [() => library.weigh([1, 2, 3] as never), /argument 0/],
    [() => library.weigh([1, 2, 3, 2 ** 31]), /argument 0\[3\] is 2147483648, outside i32/],
    [() => library.negate(0, {} as never), /argument 1/],
    [() => library.negate(0, { integer: 1n, number: 2 } as never), /argument 1/],
    [() => library.switchTo({ kind: 0, value: { nope: 1 } } as never), /argument 0\.value/],
  ];
  for (const [call, message] of refusals) assert.throws(call, { message });
});

test("C16: cells of waiting calls keep the values of their time", async () => {
  const numbers = [1, 2, 3, 4];
  const calls: Promise<bigint>[] = [];
  for (let i = 0; i < 70_000; i++) {
    numbers[0] = i;
    calls.push(library.weigh(numbers as never));
  }
  const results = await Promise.all(calls);
  const wrong = results.findIndex((sum, i) => sum !== 4320n + BigInt(i));
  assert.equal(wrong, -1, `call ${wrong} gave ${results[wrong]}`);
});
