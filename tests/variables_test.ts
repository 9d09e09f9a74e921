import assert from "node:assert/strict";
import { open, type ScalarName, type VariableDefinition } from "../mod.ts";
import { test } from "./support/harness.ts";
import { line, longRange, openTestlib, testlibPath, ulongMax } from "./support/testlib.ts";

interface AnyVariable {
  readonly pointer: number;
  get(): unknown;
  set(value: unknown): void;
}

function variable(definition: VariableDefinition): AnyVariable {
  return open(testlibPath, { v: definition })["v"] as unknown as AnyVariable;
}

const edges: readonly (readonly [ScalarName, readonly unknown[]])[] = [
  ["bool", [true, false]],
  ["i8", [-128, 127]],
  ["u8", [0, 255]],
  ["i16", [-32768, 32767]],
  ["u16", [0, 65535]],
  ["i32", [-2147483648, 2147483647]],
  ["u32", [0, 4294967295]],
  ["i64", [-(2n ** 63n), 2n ** 63n - 1n]],
  ["u64", [0n, 2n ** 64n - 1n]],
  ["isize", [-(2n ** 63n), 0n]],
  ["usize", [2n ** 64n - 1n, 0n]],
  ["long", longRange],
  ["ulong", [0, ulongMax]],
  ["f32", [-0, NaN, 2 ** -149, -Infinity]],
  ["f64", [-0, NaN, 5e-324, 1.7976931348623157e308]],
  ["pointer", [-1, 4096, null]],
];

test("C1: a variable of every scalar type is written and read, and C shares it", () => {
  for (const [type, values] of edges) {
    const one = variable({ name: `test_variable_${type}`, type });
    const other = variable({ name: `test_variable_${type}`, type });
    for (const value of values) {
      one.set(value);
      assert.ok(Object.is(other.get(), value), `${type}: ${String(value)}`);
    }
    assert.equal(one.pointer, other.pointer);
  }
});

test("C1: a 64-bit variable takes numbers too", () => {
  const { v } = open(testlibPath, { v: { name: "test_variable_i64", type: "i64" } });
  v.set(-5);
  assert.equal(v.get(), -5n);
});

test("C1: a variable that is a struct", () => {
  const { v } = open(testlibPath, { v: { name: "test_variable_line", type: line } });
  assert.deepEqual(v.get(), { from: { x: 1, y: 2 }, to: { x: 3, y: 4 } });
  v.set({ from: { x: -1, y: -2 }, to: { x: -3, y: -4 } });
  assert.deepEqual(v.get(), { from: { x: -1, y: -2 }, to: { x: -3, y: -4 } });
  v.set({ from: { x: 1, y: 2 }, to: { x: 3, y: 4 } });
});

test("C6: a wrong value for a variable is refused and nothing is written", () => {
  const { small, whole } = open(testlibPath, {
    small: { name: "test_variable_i8", type: "i8" },
    whole: { name: "test_variable_line", type: line },
  });
  small.set(7);
  assert.throws(() => small.set(128), {
    name: "RangeError",
    message: /small: argument value is 128/,
  });
  assert.throws(() => small.set("1" as never), {
    name: "TypeError",
    message: /small: argument value/,
  });
  assert.throws(() => small.set(1n as never), { name: "TypeError" });
  assert.throws(() => whole.set({ from: { x: 9, y: 9 } } as never), { name: "TypeError" });
  assert.equal(small.get(), 7);
  assert.equal(whole.get().from.x, 1);
});

test("C6: an unknown type of a variable is named", () => {
  for (const type of ["void", "buffer", "nope"]) {
    assert.throws(() => variable({ name: "test_variable_i8", type: type as never }).get(), {
      name: "TypeError",
      message: new RegExp(`Cannot define "v": type has the unknown type "${type}"`),
    });
  }
});

test("C1: variables and functions of one library stand side by side", async () => {
  const library = open(testlibPath, {
    test_variable_i32: { type: "i32" },
    test_out_i32: { parameters: ["i32", "pointer"], result: "i32" },
  });
  await library.test_out_i32(1234, library.test_variable_i32.pointer);
  assert.equal(library.test_variable_i32.get(), 1234);
  assert.equal(await openTestlib().answer(), 42);
});
