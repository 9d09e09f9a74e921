import assert from "node:assert/strict";
import { type FieldType, type FunctionDefinition, layout, open, read, write } from "../mod.ts";
import { alloc } from "../mod.ts";
import { libraryOfC, runC } from "./support/compiler.ts";
import { randomFrom, test } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { randomMixture, randomStruct, type Shape } from "./support/shapes.ts";

const headers = ["stdbool", "stddef", "stdint", "stdio", "string"]
  .map((name) => `#include <${name}.h>`).join("\n");

function seedOf(): number {
  const seed = Date.now() % 2 ** 31;
  console.log(`seed ${seed}`);
  return seed;
}

function many(count: number, make: (random: () => number) => Shape): Shape[] {
  const random = randomFrom(seedOf());
  return Array.from({ length: count }, () => make(random));
}

const large = (random: () => number): Shape => randomStruct(random, 4, 8);

function declarations(shapes: readonly Shape[]): string {
  return shapes.map((shape, index) => `typedef ${shape.declare(`s${index}`)};`).join("\n");
}

test("C16: layouts agree with the C compiler's for 200 generated structs", async () => {
  const shapes = many(200, large);
  const prints = shapes.map(({ paths }, index) => {
    const type = `s${index}`;
    const offsets = paths.map(([, c]) => `printf(" %zu", offsetof(${type}, ${c}));`).join("\n");
    return `printf("%zu %zu", sizeof(${type}), _Alignof(${type})); ${offsets} puts("");`;
  });
  const program = `${headers}\n${declarations(shapes)}
    int main(void) { ${prints.join("\n")} return 0; }`;
  const lines = (await runC(program)).trimEnd().split(/\r?\n/);
  assert.equal(lines.length, 200);
  shapes.forEach(({ type, paths }, index) => {
    const planned = layout(type);
    const offsets = paths.map(([path]) => planned.offset(path as never));
    const text = JSON.stringify(type);
    assert.equal([planned.size, planned.align, ...offsets].join(" "), lines[index], text);
  });
});

test("C16: 200 generated structs are written and read back at odd offsets", () => {
  for (const { type, value, matches } of many(200, large)) {
    const planned = layout(type);
    using memory = alloc(planned.size + 13);
    for (const offset of [0, 5, 13]) {
      const given = value();
      write(memory, planned, given as never, offset);
      assert.ok(matches(given, read(memory, planned, offset)), JSON.stringify(type));
      assert.ok(matches(given, read(memory.pointer, planned, offset)), JSON.stringify(type));
    }
  }
});

/* Each function gives its struct back, and adds up what surrounds it. */
function echoes(shapes: readonly Shape[]): string {
  const functions = shapes.map((_, index) =>
    `s${index} echo_${index}(int32_t a, s${index} value, double b, int64_t *sum) {
      *sum = a + (int64_t)b;
      return value;
    }`
  );
  return `${headers}\n${declarations(shapes)}\n${functions.join("\n")}`;
}

test("C16: 360 generated structs with unions and arrays pass by value as in C", async () => {
  const shapes = [...many(300, randomMixture), ...many(60, (r) => randomStruct(r, 3, 6))];
  const definitions: Record<string, FunctionDefinition> = {};
  shapes.forEach(({ type }, index) => {
    definitions[`echo_${index}`] = {
      parameters: ["i32", type, "f64", { out: "i64" }],
      result: type,
    } as FunctionDefinition;
  });
  const library = open(await libraryOfC(echoes(shapes)), definitions);
  type Echo = ((...args: unknown[]) => Promise<unknown>) & { sync(...args: unknown[]): unknown };
  for (const [index, { type, value, matches }] of shapes.entries()) {
    const echo = library[`echo_${index}`] as unknown as Echo;
    const given = value();
    for (const result of [await echo(7, given, 35), echo.sync(7, given, 35)]) {
      const { value: back, out } = result as { value: unknown; out: unknown[] };
      assert.deepEqual(out, [42n], JSON.stringify(type));
      assert.ok(matches(given, back), JSON.stringify(type));
    }
  }
});

test("C16: a struct without names has the layout of one with names", () => {
  const list = layout({ struct: ["u8", "f64", { array: "u16", length: 3 }] });
  const named = layout({ struct: { a: "u8", b: "f64", c: { array: "u16", length: 3 } } });
  assert.equal(list.size, named.size);
  assert.equal(list.align, named.align);
  assert.equal(list.offset("[1]"), named.offset("b"));
  assert.equal(list.offset("[2][2]"), named.offset("c[2]"));
});

test("C16: a path that leads nowhere is refused", () => {
  const planned = layout({ struct: { a: { array: "u8", length: 2 }, b: "i32" } });
  for (const path of ["c", "a.b", "a[2]", "a[-1]", "b[0]", "", "a[0", "__proto__", "a..b"]) {
    const message = /Cannot find ".*": /;
    assert.throws(() => planned.offset(path as never), { name: "TypeError", message }, path);
  }
});

const itself: Record<string, unknown> = { struct: {} };
(itself["struct"] as Record<string, unknown>)["next"] = { array: itself, length: 2 };

function deep(levels: number): unknown {
  return levels === 0 ? "u8" : { struct: { inner: deep(levels - 1) } };
}

const refused: readonly (readonly [unknown, RegExp])[] = [
  [{ union: {} }, /type is a union without one to 255 named fields/],
  [{ union: ["i32"] }, /type is a union without/],
  [{ struct: {} }, /type is a struct without one to 255 fields/],
  [{ struct: [] }, /type is a struct without/],
  [{ struct: { a: { array: "i32", length: 0 } } }, /type\.a is an array of the length 0/],
  [{ array: "i32", length: -1 }, /is an array of the length -1, not an integer from 1 up/],
  [{ array: "i32", length: 1.5 }, /is an array of the length 1\.5/],
  [{ array: "i32", length: "3" }, /is an array of the length "3"/],
  [{ array: "i32" }, /is an array of the length undefined/],
  [{ array: "u8", length: 2 ** 24 + 1 }, /is an array of 16777217 elements, more than 16777216/],
  [{ array: { array: "u8", length: 2 ** 20 }, length: 2 ** 11 }, /is larger than 1 GiB/],
  [{ array: "nope", length: 2 }, /type\[\] has the unknown type "nope"/],
  [itself, /type\.next\[\] contains itself: use a pointer instead/],
  [deep(17), /nests deeper than 16/],
  ["void", /type has the unknown type "void"/],
  ["buffer", /type has the unknown type "buffer"/],
  [{ struct: { a: "i32" }, union: { a: "i32" } }, /has the unknown type/],
  [{ struct: { a: { bytes: "size" }, b: "u8" } }, /type\.a has the length "size": give .*\(a, b\)/],
  [{ struct: { a: { bytes: "b" }, b: "f64" } }, /length in the field "b", which is no integer/],
  [{ struct: { a: { bytes: "a" } } }, /length in the field "a", which is no integer/],
  [{ struct: { a: { bytes: [] } } }, /a length of 0 factors/],
  [{ struct: { a: { bytes: -1 } } }, /has the length -1/],
  [{ struct: { a: { bytes: 0 } } }, /has a length that only a call knows/],
  [{ struct: { a: { bytes: "result" } } }, /has a length that only a call knows/],
  [{ struct: { a: { bytes: { constant: 4 }, free: "free" } } }, /has a free function/],
  [{ struct: { a: { bytes: { constant: 4 }, free: 5 } } }, /is freed by 5/],
];

test("C6: a type that contradicts itself is refused with its place and the remedy", () => {
  for (const [type, message] of refused) {
    assert.throws(() => layout(type as FieldType), { name: "TypeError", message });
  }
  assert.equal(layout(deep(16) as FieldType).size, 1);
});

test("C16: the largest array is planned at once", () => {
  const start = performance.now();
  const planned = layout({ array: { struct: { a: "i64", b: "f64" } }, length: 2 ** 24 });
  assert.equal(planned.size, 2 ** 28);
  assert.ok(performance.now() - start < limitMs(1000));
});
