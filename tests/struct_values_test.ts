import assert from "node:assert/strict";
import process from "node:process";
import { open } from "../mod.ts";
import type { FunctionDefinition, LibraryFunction } from "../mod.ts";
import { libraryOfC } from "./support/compiler.ts";
import { randomFrom, test } from "./support/harness.ts";
import { randomStruct, type RandomType, sourceOf } from "./support/random_structs.ts";

const SHAPES = Number(process.env["SIDING_SHAPES"] ?? 10_000);
const SHAPES_AT_ONCE = 500;
const ROUNDS = 2;
const HEADERS = ["stdbool", "stddef", "stdint", "stdlib"].map((name) => `#include <${name}.h>\n`);

const seed = Number(process.env["SIDING_SEED"] ?? Date.now() % 2 ** 31);
const random = randomFrom(seed);

type AnyFunction = LibraryFunction<unknown[], unknown>;
type AnyLibrary = Readonly<Record<string, AnyFunction>>;

function definitionsOf({ type }: RandomType, index: number): Record<string, FunctionDefinition> {
  return {
    [`change_${index}`]: { parameters: ["i32", type, "f64", type], result: type },
    [`second_${index}`]: { parameters: [type, "f32", type], result: type },
    [`touch_${index}`]: { parameters: [{ inout: type }], result: "u32" },
  };
}

async function libraryOf(shapes: readonly RandomType[]): Promise<AnyLibrary> {
  const library = await libraryOfC([...HEADERS, ...shapes.map(sourceOf)].join(""));
  const definitions = Object.assign({}, ...shapes.map(definitionsOf)) as never;
  return open(library, definitions, { lazy: true }) as unknown as AnyLibrary;
}

async function checkShape(library: AnyLibrary, shape: RandomType, index: number): Promise<void> {
  const [change, second, touch] = ["change", "second", "touch"]
    .map((name) => library[`${name}_${index}`]!) as [AnyFunction, AnyFunction, AnyFunction];
  const message = `seed ${seed}, ${JSON.stringify(shape.type)}`;
  for (let round = 0; round < ROUNDS; round++) {
    const [value, other] = [shape.value(), shape.value()];
    const expected = shape.changed(value);
    const results = [
      await change(7, value, 0.5, other),
      change.sync(7, value, 0.5, other),
      await second(other, 1.5, value),
      second.sync(other, 1.5, value),
    ];
    for (const result of results) {
      assert.deepEqual(shape.comparable(result), expected, message);
    }
    for (const touched of [await touch(value), touch.sync(value)]) {
      const { out: [after] } = touched as { out: [unknown] };
      assert.deepEqual(shape.comparable(after), expected, message);
    }
  }
}

async function checkShapes(count: number): Promise<void> {
  const shapes = Array.from({ length: count }, () => randomStruct(random));
  const library = await libraryOf(shapes);
  for (const [index, shape] of shapes.entries()) await checkShape(library, shape, index);
}

test("C16: structs of random shape go by value and by address as in C", async () => {
  console.log(`seed ${seed}, ${SHAPES} shapes`);
  for (let left = SHAPES; left > 0; left -= SHAPES_AT_ONCE) {
    await checkShapes(Math.min(left, SHAPES_AT_ONCE));
  }
});
