import assert from "node:assert/strict";
import { fn, open } from "../mod.ts";
import type { FunctionDefinition, LibraryFunction, Pointer, ScalarName } from "../mod.ts";
import { test } from "./support/harness.ts";
import {
  line,
  longRange,
  mixed,
  openTestlib,
  point,
  testlibPath,
  ulongMax,
} from "./support/testlib.ts";

const library = openTestlib();

type AnyFunction = LibraryFunction<unknown[], unknown>;

/** One function of the test library, its types known at run time only. */
function single(definition: FunctionDefinition): AnyFunction {
  return open(testlibPath, { f: definition })["f"] as unknown as AnyFunction;
}

/** Calls it in every way there is; all of them must agree. */
async function everyWay(f: AnyFunction, ...args: unknown[]): Promise<unknown> {
  const result = await f(...args);
  assert.deepEqual(f.sync(...args), result, `sync of ${f.name}(${args.join(", ")})`);
  const promised = f.with({ timeout: 60_000 })(...args);
  assert.deepEqual(await promised, result, `with options: ${f.name}(${args.join(", ")})`);
  return result;
}

const two53 = 2 ** 53;
const safe = Number.MAX_SAFE_INTEGER;

const isLong = (value: number): boolean => value >= longRange[0] && value <= longRange[1];

const integerEdges: readonly (readonly [ScalarName, readonly (number | bigint)[]])[] = [
  ["i8", [-128, -1, -0, 0, 1, 127]],
  ["u8", [0, 1, 127, 128, 255]],
  ["i16", [-32768, -129, -1, 0, 1, 32767]],
  ["u16", [0, 255, 256, 32768, 65535]],
  ["i32", [-2147483648, -65537, -1, 0, 1, 2147483647]],
  ["u32", [0, 1, 2147483648, 4294967295]],
  ["i64", [-(2n ** 63n), -(2n ** 53n) - 1n, -(2n ** 32n), -1n, 0n, 1n, 2n ** 63n - 1n]],
  ["i64", [-safe, -4294967297, -4294967296, -1, -0, 0, 1, 4294967296, safe]],
  ["i64", [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n]],
  ["u64", [0n, 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]],
  ["u64", [0, 1, 4294967295, 4294967296, safe]],
  ["isize", [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n, -1, safe]],
  ["usize", [0n, 2n ** 63n, 2n ** 64n - 1n, 0, safe]],
  [
    "long",
    [longRange[0], -4294967296, -1, 0, 1, 2 ** 31 - 1, 2 ** 31, longRange[1]].filter(isLong),
  ],
  ["ulong", [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, ulongMax].filter((value) => value <= ulongMax)],
];

/** What the type gives back for a number that went in. */
function returned(type: ScalarName, value: number | bigint): number | bigint {
  const isBig = type === "i64" || type === "u64" || type === "isize" || type === "usize";
  return isBig ? BigInt(value) : Number(value) + 0;
}

test("C1: integers arrive in C and come back exact at the edges of every type", async () => {
  for (const [type, values] of integerEdges) {
    const echo = single({ name: `test_echo_${type}`, parameters: [type], result: type });
    const decimal = single({ name: `test_decimal_${type}`, parameters: [type], result: "cstring" });
    for (const value of values) {
      assert.equal(await everyWay(echo, value), returned(type, value), `${type} ${value}`);
      assert.equal(await everyWay(decimal, value), String(BigInt(value)), `${type} ${value}`);
    }
  }
});

test("C1: i53 and u53 carry every safe integer and refuse to return others", async () => {
  const i53 = single({ name: "test_echo_i64", parameters: ["i53"], result: "i53" });
  const u53 = single({ name: "test_echo_u64", parameters: ["u53"], result: "u53" });
  const decimal = single({ name: "test_decimal_i64", parameters: ["i53"], result: "cstring" });
  for (const value of [-safe, -4294967297, -4294967296, -1, 0, 1, 4294967295, safe]) {
    assert.equal(await everyWay(i53, value), value);
    assert.equal(await everyWay(decimal, value), String(value));
    if (value >= 0) assert.equal(await everyWay(u53, value), value);
  }
  const unsafe = single({ name: "test_echo_i64", parameters: ["i64"], result: "i53" });
  for (const value of [BigInt(two53), BigInt(two53) + 1n, -BigInt(two53), 2n ** 63n - 1n]) {
    const expected = { name: "RangeError", message: new RegExp(`Cannot return from f: ${value}n`) };
    await assert.rejects(unsafe(value), expected);
    assert.throws(() => unsafe.sync(value), expected);
  }
});

test("C1: both booleans", async () => {
  const echo = single({ name: "test_echo_bool", parameters: ["bool"], result: "bool" });
  const decimal = single({ name: "test_decimal_bool", parameters: ["bool"], result: "cstring" });
  for (const value of [true, false]) {
    assert.equal(await everyWay(echo, value), value);
    assert.equal(await everyWay(decimal, value), value ? "1" : "0");
  }
});

const doubles = [
  0,
  -0,
  1,
  -1,
  Math.PI,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2.2250738585072014e-308, // the smallest normal number
  2.225073858507201e-308, // the largest subnormal one
  two53 - 1,
  two53,
  two53 + 2,
  Infinity,
  -Infinity,
  NaN,
];

function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

test("C1: f64 keeps NaN, infinities, -0, subnormals and 2^53", async () => {
  const echo = single({ name: "test_echo_f64", parameters: ["f64"], result: "f64" });
  const bits = single({ name: "test_bits_f64", parameters: ["f64"], result: "u64" });
  for (const value of doubles) {
    assert.ok(Object.is(await everyWay(echo, value), value), String(value));
    const seen = await everyWay(bits, value) as bigint;
    if (Number.isNaN(value)) assert.equal(seen >> 51n & 0xfffn, 0xfffn);
    else assert.equal(seen, bitsOf(value), String(value));
  }
});

test("C1: f32 keeps NaN, infinities, -0 and subnormals, and rounds as C does", async () => {
  const echo = single({ name: "test_echo_f32", parameters: ["f32"], result: "f32" });
  const bits = single({ name: "test_bits_f32", parameters: ["f32"], result: "u32" });
  const least = 2 ** -149;
  const most = 3.4028234663852886e38;
  for (const value of [0, -0, 1, -1, 0.1, least, -least, most, 1e39, Infinity, -Infinity, NaN]) {
    const single_ = Math.fround(value);
    assert.ok(Object.is(await everyWay(echo, value), single_), String(value));
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    if (!Number.isNaN(value)) assert.equal(await everyWay(bits, value), view.getUint32(0));
  }
});

test("C1: pointers are signed addresses, NULL is null", async () => {
  const echo = single({ name: "test_echo_pointer", parameters: ["pointer"], result: "pointer" });
  const decimal = single({ name: "test_decimal_i64", parameters: ["pointer"], result: "cstring" });
  for (const address of [null, 1, -1, -4096, 0x7fff_ffff_f000, 2 ** 31, 2 ** 32, -safe, safe]) {
    assert.equal(await everyWay(echo, address), address);
    assert.equal(await everyWay(decimal, address), String(address ?? 0));
  }
});

const cellTypes: readonly (readonly [ScalarName, readonly unknown[]])[] = [
  ...integerEdges,
  ["bool", [true, false]],
  ["f32", [-0, 1.5, -Infinity, NaN, 2 ** -149]],
  ["f64", doubles],
  ["pointer", [null, -1, 4096]],
];

test("C1: out cells of every scalar are filled", async () => {
  for (const [type, values] of cellTypes) {
    const fill = single({
      name: `test_out_${type}`,
      parameters: [type, { out: type }],
      result: "i32",
    });
    for (const value of values) {
      const isInteger = typeof value === "bigint" || typeof value === "number";
      const isFloat = type === "f32" || type === "f64";
      const expected = isInteger && !isFloat ? returned(type, value) : value;
      assert.deepEqual(await everyWay(fill, value), { value: 7, out: [expected] });
    }
  }
});

test("C1: several out cells start as zero and come back in order", async () => {
  const { pair } = open(testlibPath, {
    pair: {
      name: "test_out_pair",
      parameters: ["i32", { out: "i32" }, { out: "f64" }],
      result: "i32",
    },
  });
  const expected = { value: 5, out: [6, 5.5] };
  for (let i = 0; i < 3; i++) assert.deepEqual(await pair(5), expected);
  assert.deepEqual(pair.sync(5), expected);
});

test("C1: a function of no parameters, one without result, one of 20 parameters", async () => {
  const answer = library.answer as unknown as AnyFunction;
  assert.equal(await everyWay(answer), 42);
  assert.equal(await everyWay(library.nothing as unknown as AnyFunction), undefined);
  const half = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"] as const;
  const weigh = single({ name: "test_weigh20", parameters: [...half, ...half], result: "f64" });
  const first = [
    -128,
    255,
    -32768,
    65535,
    -2147483648,
    4294967295,
    -(2n ** 40n),
    2n ** 41n,
    0.5,
    -2.25,
  ];
  const second = [127, 1, 32767, 2, 2147483647, 3, 123456789, 987654321, -1.5, 1e9];
  const args = [...first, ...second];
  const expected = args.reduce<number>((sum, value, i) => sum + (i + 1) * Number(value), 0);
  assert.equal(await everyWay(weigh, ...args), expected);
});

test("C1: structs by value go in and come out, nested ones too", async () => {
  const structs = open(testlibPath, {
    add: { name: "test_point_add", parameters: [point, point], result: point },
    turn: { name: "test_line_turn", parameters: [line], result: line },
    next: { name: "test_mixed_next", parameters: ["i32", mixed, "f64"], result: mixed },
  });
  const a = { x: -0.5, y: 2 ** 60 };
  const b = { x: 1.25, y: -1 };
  const add = structs.add as unknown as AnyFunction;
  assert.deepEqual(await everyWay(add, a, b), { x: 0.75, y: 2 ** 60 - 1 });
  const turn = structs.turn as unknown as AnyFunction;
  assert.deepEqual(await everyWay(turn, { from: a, to: b }), { from: b, to: a });
  const start = { a: -7, inner: { b: 0.5, c: -(2n ** 62n) }, d: 65530, e: false, f: -16 };
  const expected = { a: -2, inner: { b: 1, c: -(2n ** 62n) - 5n }, d: 65535, e: true, f: -11 };
  const next = structs.next as unknown as AnyFunction;
  assert.deepEqual(await everyWay(next, 5, start, 2), expected);
});

test("C1: small structs that travel in registers", async () => {
  const bytes2 = { struct: { a: "i8", b: "u8" } } as const;
  const floats3 = { struct: { a: "f32", b: "f32", c: "f32" } } as const;
  const pair = { struct: { a: "i64", b: "u64" } } as const;
  const swap = single({ name: "test_bytes2_swap", parameters: [bytes2], result: bytes2 });
  assert.deepEqual(await everyWay(swap, { a: -1, b: 128 }), { a: -128, b: 255 });
  const turn = single({ name: "test_floats3_turn", parameters: [floats3], result: floats3 });
  assert.deepEqual(await everyWay(turn, { a: 1, b: -0, c: Infinity }), {
    a: -0,
    b: Infinity,
    c: 1,
  });
  const exchange = single({ name: "test_pair_swap", parameters: [pair], result: pair });
  const most = 2n ** 64n - 1n;
  assert.deepEqual(await everyWay(exchange, { a: -2n, b: most }), { a: -1n, b: most - 1n });
});

test("C1: a result of a struct is a new object each time", async () => {
  const add = single({ name: "test_point_add", parameters: [point, point], result: point });
  const origin = { x: 0, y: 0 };
  const [one, two] = await Promise.all([add({ x: 1, y: 1 }, origin), add({ x: 2, y: 2 }, origin)]);
  assert.deepEqual([one, two], [{ x: 1, y: 1 }, { x: 2, y: 2 }]);
});

const promoted: readonly (readonly [ScalarName | "cstring", string, readonly unknown[]])[] = [
  ["bool", "i", [true, false]],
  ["i8", "i", [-128, 127]],
  ["u8", "i", [0, 255]],
  ["i16", "i", [-32768, 32767]],
  ["u16", "i", [0, 65535]],
  ["i32", "i", [-2147483648, 2147483647]],
  ["u32", "u", [0, 4294967295]],
  ["i64", "l", [-(2n ** 63n), 2n ** 63n - 1n, -1]],
  ["u64", "L", [0n, 2n ** 64n - 1n, safe]],
  ["isize", "l", [-(2n ** 63n), -1]],
  ["usize", "L", [2n ** 64n - 1n]],
  ["i53", "l", [-safe, safe]],
  ["u53", "L", [0, safe]],
  ["f32", "d", [0.5, -2]],
  ["f64", "d", [0.5, -1e300]],
  ["pointer", "p", [-1, 4096]],
  ["cstring", "s", ["text", "ünï"]],
];

function printed(kind: string, value: unknown): string {
  if (kind === "d") return (value as number) === -1e300 ? "-1.0000000000000001e+300" : `${value}`;
  return String(typeof value === "boolean" ? Number(value) : value);
}

test("C1: variadic arguments of every promoted type", async () => {
  const name = "test_variadic_text";
  for (const [type, kind, values] of promoted) {
    const print = single({ name, parameters: ["cstring", type], variadic: 1, result: "cstring" });
    for (const value of values) {
      assert.equal(await everyWay(print, kind, value), `${printed(kind, value)} `, type);
    }
  }
});

test("C1: a variadic call of all types at once, beyond the registers", async () => {
  const types = promoted.map(([type]) => type);
  const kinds = promoted.map(([, kind]) => kind).join("");
  const values = promoted.map(([, , [first]]) => first);
  const print = single({
    name: "test_variadic_text",
    parameters: ["cstring", ...types],
    variadic: 1,
    result: "cstring",
  });
  const expected = promoted.map(([, kind, [first]]) => `${printed(kind, first)} `).join("");
  assert.equal(await everyWay(print, kinds, ...values), expected);
});

test("C1: fn makes a function of an address", async () => {
  const { address } = open(testlibPath, {
    address: { name: "test_address_of_add", parameters: [], result: "function" },
  });
  const pointer = address.sync() as Pointer;
  const add = fn(pointer, { parameters: ["i32", "i32"], result: "i32" });
  assert.equal(add.pointer, pointer);
  assert.equal(library.add.pointer, pointer);
  assert.equal(await add(40, 2), 42);
  assert.equal(add.sync(-40, -2), -42);
  assert.equal(await add.with({ timeout: 1000 })(2147483647, 1), -2147483648);
});

test("C1: tagged pointers go through results, cells and arguments", async () => {
  const boxes = open(testlibPath, {
    create: { name: "test_box_create", parameters: ["i32"], result: { pointer: "box" } },
    createOut: {
      name: "test_box_create_out",
      parameters: ["i32", { out: { pointer: "box" } }],
      result: "i32",
    },
    value: { name: "test_box_value", parameters: [{ pointer: "box" }], result: "i32" },
    destroy: { name: "test_box_destroy", parameters: [{ pointer: "box" }], result: "void" },
  });
  const box = await boxes.create(-5);
  const { value, out: [other] } = await boxes.createOut(6);
  assert.equal(value, 0);
  assert.equal(await boxes.value(box), -5);
  assert.equal(boxes.value.sync(other), 6);
  assert.equal(await boxes.value(null), -1);
  await Promise.all([boxes.destroy(box), boxes.destroy(other)]);
});
