import assert from "node:assert/strict";
import { open } from "../mod.ts";
import type { FunctionDefinition, LibraryFunction, ScalarName } from "../mod.ts";
import { randomFrom, test } from "./support/harness.ts";
import { line, longBits, mixed, openTestlib, testlibPath } from "./support/testlib.ts";

const ROUNDS = 200;
const library = openTestlib();

type AnyFunction = LibraryFunction<unknown[], unknown>;

function single(definition: FunctionDefinition): AnyFunction {
  return open(testlibPath, { f: definition })["f"] as unknown as AnyFunction;
}

const seed = Date.now() >>> 0;
const random = randomFrom(seed);

function randomBits(count: number): bigint {
  let bits = 0n;
  for (let i = 0; i < count; i += 16) bits = bits << 16n | BigInt(Math.floor(random() * 65536));
  return BigInt.asUintN(count, bits);
}

function randomDouble(): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, randomBits(64));
  return view.getFloat64(0);
}

const signed = (bits: number) => (): number => Number(BigInt.asIntN(bits, randomBits(bits)));
const unsigned = (bits: number) => (): number => Number(randomBits(bits));

const generators: Readonly<Record<ScalarName, () => unknown>> = {
  bool: () => random() < 0.5,
  i8: signed(8),
  u8: unsigned(8),
  i16: signed(16),
  u16: unsigned(16),
  i32: signed(32),
  u32: unsigned(32),
  i53: signed(53),
  u53: unsigned(53),
  long: signed(longBits),
  ulong: unsigned(longBits),
  i64: () => BigInt.asIntN(64, randomBits(64)),
  u64: () => randomBits(64),
  isize: () => BigInt.asIntN(64, randomBits(64)),
  usize: () => randomBits(64),
  f32: () => Math.fround(randomDouble()),
  f64: randomDouble,
  pointer: () => signed(48)() || null,
  function: () => signed(48)() || null,
};

const symbols: Readonly<Partial<Record<ScalarName, string>>> = {
  i53: "i64",
  u53: "u64",
  function: "pointer",
};

async function agree(f: AnyFunction, args: () => unknown[]): Promise<void> {
  const rounds = Array.from({ length: ROUNDS }, args);
  const results = await Promise.all(rounds.map((values) => f(...values)));
  rounds.forEach((values, i) => {
    assert.deepEqual(f.sync(...values), results[i], `seed ${seed}, arguments ${values.join(", ")}`);
  });
}

test("C13: sync agrees with asynchronous calls for random values of every type", async () => {
  console.log(`seed ${seed}`);
  for (const [type, generate] of Object.entries(generators) as [ScalarName, () => unknown][]) {
    const suffix = symbols[type] ?? type;
    const f = single({ name: `test_echo_${suffix}`, parameters: [type], result: type });
    await agree(f, () => [generate()]);
    const parameters = [type, { out: type }];
    await agree(single({ name: `test_out_${suffix}`, parameters, result: "i32" }), () => [
      generate(),
    ]);
  }
});

test("C13: sync agrees with asynchronous calls for structs by value", async () => {
  const end = (): unknown => ({ x: randomDouble(), y: randomDouble() });
  const turn = single({ name: "test_line_turn", parameters: [line], result: line });
  await agree(turn, () => [{ from: end(), to: end() }]);
  const next = single({
    name: "test_mixed_next",
    parameters: ["i32", mixed, "f64"],
    result: mixed,
  });
  await agree(next, () => {
    const { i8, f32, i64, u16, bool, pointer, i32, f64 } = generators;
    const value = { a: i8(), inner: { b: f32(), c: i64() }, d: u16(), e: bool(), f: pointer() };
    return [i32(), value, f64()];
  });
});

const letters: Readonly<Partial<Record<ScalarName, string>>> = {
  bool: "i",
  i8: "i",
  u8: "i",
  i16: "i",
  u16: "i",
  i32: "i",
  u32: "u",
  i64: "l",
  u64: "L",
  f32: "d",
  f64: "d",
};

test("C13: sync agrees with asynchronous calls for variadics", async () => {
  const types = Object.keys(letters) as ScalarName[];
  for (let round = 0; round < 5; round++) {
    const rest = Array.from({ length: 12 }, () => types[Math.floor(random() * types.length)]!);
    const print = single({
      name: "test_variadic_text",
      parameters: ["cstring", ...rest],
      variadic: 1,
      result: "cstring",
    });
    const kinds = rest.map((type) => letters[type]).join("");
    await agree(print, () => [kinds, ...rest.map((type) => generators[type]())]);
  }
});

test("C13: sync agrees with asynchronous calls for texts, buffers and errno", async () => {
  for (const text of ["", "plain", "ünï ✓ 😀", "x".repeat(5000), null]) {
    assert.equal(library.echoText.sync(text), await library.echoText(text));
    assert.equal(library.textLength.sync(text), await library.textLength(text));
  }
  assert.deepEqual(library.errnoFail.sync(33), await library.errnoFail(33));
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
  assert.equal(library.sum.sync(bytes, 300), await library.sum(bytes, 300));
});

test("C13: sync calls and asynchronous ones mix in one turn", async () => {
  const pending: Promise<number>[] = [];
  for (let i = 0; i < 1000; i++) {
    pending.push(library.add(i, 1));
    assert.equal(library.add.sync(i, 2), i + 2);
    assert.equal(library.echoText.sync(`text ${i}`), `text ${i}`);
  }
  assert.deepEqual(await Promise.all(pending), Array.from(pending, (_, i) => i + 1));
});
