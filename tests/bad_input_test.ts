import assert from "node:assert/strict";
import { configure, Context, type FunctionDefinition, open, type Pointer } from "../mod.ts";
import { fn, stats } from "../mod.ts";
import { test } from "./support/harness.ts";
import { line, openTestlib, point, testlibPath } from "./support/testlib.ts";

const library = openTestlib();
/* Slot 60 of the counters: whatever reaches C counts there. */
const COUNTER = 60;

type AnyFunction = ((...args: unknown[]) => Promise<unknown>) & {
  sync(...args: unknown[]): unknown;
  send(...args: unknown[]): void;
  with(options: { timeout: number }): (...args: unknown[]) => Promise<unknown>;
};

type ErrorName = "TypeError" | "RangeError" | "SidingError";

function single(parameters: readonly unknown[]): AnyFunction {
  const definition = { name: "test_count_add", parameters, result: "void" };
  const opened = open(testlibPath, { target: definition as FunctionDefinition });
  return opened["target"] as unknown as AnyFunction;
}

/** Every way to call refuses the arguments, and nothing native runs. */
function refuses(f: AnyFunction, args: unknown[], name: ErrorName, message: RegExp): void {
  const before = library.countGet.sync(COUNTER);
  const inFlight = stats().inFlight;
  const expected = { name, message };
  assert.throws(() => f(...args), expected);
  assert.throws(() => f.sync(...args), expected);
  assert.throws(() => f.send(...args), expected);
  assert.throws(() => f.with({ timeout: 1000 })(...args), expected);
  assert.equal(library.countGet.sync(COUNTER), before);
  assert.equal(stats().inFlight, inFlight);
}

test("C6: a wrong number of arguments names the function and both numbers", () => {
  const none = single([]);
  const two = single(["u32", "i32"]);
  refuses(none, [1], "TypeError", /Cannot call target: 0 arguments expected, 1 given/);
  refuses(two, [], "TypeError", /Cannot call target: 2 arguments expected, 0 given/);
  refuses(two, [COUNTER], "TypeError", /Cannot call target: 2 arguments expected, 1 given/);
  refuses(two, [COUNTER, 1, 2], "TypeError", /Cannot call target: 2 arguments expected, 3 given/);
  const cell = single(["u32", { out: "i32" }]);
  refuses(cell, [COUNTER, 0], "TypeError", /Cannot call target: 1 argument expected, 2 given/);
});

const numbers = [
  "i8",
  "u8",
  "i16",
  "u16",
  "i32",
  "u32",
  "i53",
  "u53",
  "long",
  "ulong",
  "f32",
  "f64",
];
const big = ["i64", "u64", "isize", "usize"];

test("C6: an argument of a wrong type names the function, the parameter and the reason", () => {
  const wrong = ["5", true, undefined, null, {}, [], Symbol("s"), () => 1];
  for (const type of numbers) {
    const f = single(["u32", type]);
    for (const value of [...wrong, 5n]) {
      refuses(
        f,
        [COUNTER, value],
        "TypeError",
        /Cannot call target: argument 1 is .*, not a number/,
      );
    }
  }
  for (const type of big) {
    const f = single(["u32", type]);
    for (const value of wrong) {
      refuses(f, [COUNTER, value], "TypeError", /target: argument 1 is .*, not a number or bigint/);
    }
  }
});

test("C6: booleans, pointers, texts and buffers take nothing else", () => {
  const cases = [
    ["bool", [0, 1, "true", null, undefined], /target: argument 1 is .*, not a boolean/],
    ["pointer", ["1", 5n, undefined, {}, true], /target: argument 1 is .*, not a pointer or null/],
    ["function", ["1", () => 1], /target: argument 1 is .*, not a pointer or null/],
    [{ pointer: "box" }, [{}], /target: argument 1 is .*, not a pointer or null/],
    ["cstring", [1, undefined, {}, new Uint8Array(2)], /argument 1 is .*, not a string or null/],
    ["buffer", [1, "text", undefined, {}, [1]], /target: argument 1 is .*, not a buffer or null/],
    [{ in: "buffer" }, [1], /target: argument 1 is .*, not a buffer or null/],
    [{ out: "buffer" }, ["x"], /target: argument 1 is .*, not a buffer or null/],
  ] as const;
  for (const [type, values, message] of cases) {
    const f = single(["u32", type]);
    for (const value of values) refuses(f, [COUNTER, value], "TypeError", message);
  }
});

const ranges: readonly (readonly [string, readonly unknown[]])[] = [
  ["i8", [-129, 128, 256, 1.5, NaN, Infinity, -Infinity, 2 ** 32]],
  ["u8", [-1, 256, 0.5, NaN, 2 ** 32]],
  ["i16", [-32769, 32768, 0.1, NaN]],
  ["u16", [-1, 65536, NaN]],
  ["i32", [-2147483649, 2147483648, 4294967296, 2 ** 53, 1.1, NaN, Infinity]],
  ["u32", [-1, 4294967296, -4294967296, 0.1, NaN]],
  ["i53", [2 ** 53, -(2 ** 53), 0.5, NaN, Infinity]],
  ["u53", [-1, 2 ** 53, 0.5, NaN]],
  ["i64", [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 53, 0.5, NaN]],
  ["u64", [2n ** 64n, -1n, -1, 2 ** 53, 0.5, NaN, Infinity]],
  ["isize", [2n ** 63n, 2 ** 53]],
  ["usize", [2n ** 64n, -1n, -1]],
  ["pointer", [0.5, NaN, Infinity, 2 ** 53]],
];

test("C6: a number out of range names the function, the parameter and the value", () => {
  for (const [type, values] of ranges) {
    const f = single(["u32", type]);
    for (const value of values) {
      const shown = typeof value === "bigint" ? `${value}n` : String(value);
      const message = new RegExp(`Cannot call target: argument 1 is ${shown.replace("+", ".")}, `);
      refuses(f, [COUNTER, value], "RangeError", message);
    }
  }
});

test("C6: a wrong field of a struct is named by its path", () => {
  const f = single(["u32", line]);
  const from = { x: 1, y: 2 };
  refuses(f, [COUNTER, null], "TypeError", /target: argument 1 is null, not an object/);
  refuses(f, [COUNTER, 5], "TypeError", /target: argument 1 is 5, not an object/);
  refuses(f, [COUNTER, { from }], "TypeError", /target: argument 1\.to is undefined/);
  refuses(
    f,
    [COUNTER, { from, to: { x: 1, y: "2" } }],
    "TypeError",
    /target: argument 1\.to\.y is "2", not a number/,
  );
});

test("C6: fields of a struct are read once, whatever their getters do", async () => {
  const { add } = open(testlibPath, {
    add: { name: "test_point_add", parameters: [point, point], result: point },
  });
  const calls: Promise<number>[] = [];
  let reads = 0;
  const tricky = {
    get x() {
      calls.push(library.add(reads++, 100));
      return reads === 1 ? 1 : "no number" as unknown as number;
    },
    get y() {
      return 2;
    },
  };
  assert.deepEqual(await add(tricky, { x: 10, y: 20 }), { x: 11, y: 22 });
  assert.equal(reads, 1);
  reads = 0;
  assert.deepEqual(add.sync(tricky, { x: 10, y: 20 }), { x: 11, y: 22 });
  assert.deepEqual(await Promise.all(calls), [100, 100]);
});

test("C6: a text with a NUL character is refused", () => {
  const f = single(["u32", "cstring"]);
  refuses(f, [COUNTER, "a\0b"], "RangeError", /target: argument 1 contains a NUL/);
});

test("C6: detached and resizable buffers are refused", () => {
  const f = single(["u32", "buffer"]);
  const detached = new Uint8Array(8);
  structuredClone(detached, { transfer: [detached.buffer] });
  const resizable = new ArrayBuffer(8, { maxByteLength: 16 });
  const growable = new SharedArrayBuffer(8, { maxByteLength: 16 });
  for (const value of [detached, detached.buffer]) {
    refuses(f, [COUNTER, value], "TypeError", /target: argument 1 is detached/);
  }
  for (const value of [resizable, new Uint8Array(resizable), new DataView(resizable), growable]) {
    refuses(f, [COUNTER, value], "TypeError", /target: argument 1 is resizable/);
  }
});

test("C6: an unknown type name says where it stands", () => {
  const wrong = [
    "int",
    "void",
    "",
    "I32",
    "cstring32",
    "constructor",
    "__proto__",
    5,
    null,
    {},
    [],
  ];
  for (const type of wrong) {
    assert.throws(() => single(["u32", type]), {
      name: "TypeError",
      message: /Cannot define "target": parameter 1 has the unknown type/,
    });
  }
  for (const result of ["buffer", "int", { out: "i32" }, "cstring64"]) {
    const definition = { name: "test_answer", parameters: [], result } as never;
    assert.throws(() => open(testlibPath, { target: definition }), {
      name: "TypeError",
      message: /Cannot define "target": result has the unknown type/,
    });
  }
  assert.throws(() => single([{ struct: { a: "i32", b: { struct: { c: "nope" } } } }]), {
    name: "TypeError",
    message: /Cannot define "target": parameter 0\.b\.c has the unknown type "nope"/,
  });
  assert.throws(() => single([{ struct: {} }]), { name: "TypeError", message: /parameter 0 is/ });
});

test("C6: a malformed definition says what is wrong with it", () => {
  const malformed = [
    [{ result: "i32" }, /has no list of parameters/],
    [{ parameters: "i32", result: "i32" }, /has no list of parameters/],
    [{ parameters: [] }, /has no result/],
    [{ parameters: Array(65).fill("i32"), result: "i32" }, /has more than 64 parameters/],
    [{ parameters: ["i32"], result: "i32", variadic: 2 }, /variadic is 2/],
    [{ parameters: ["i32"], result: "i32", variadic: 0 }, /variadic is 0/],
    [{ parameters: [], result: "i32", errno: "maybe" }, /errno is "maybe"/],
  ] as const;
  for (const [definition, message] of malformed) {
    const target = { name: "test_answer", ...definition } as never;
    assert.throws(() => open(testlibPath, { target }), { name: "TypeError", message });
  }
  for (const definitions of [null, undefined, 5]) {
    assert.throws(() => open(testlibPath, definitions as never), { name: "TypeError" });
  }
});

test("C6: a missing symbol is named with its library, an optional one is null", () => {
  const missing = { name: "test_missing", parameters: [], result: "i32" } as const;
  assert.throws(() => open(testlibPath, { missing }), {
    name: "SidingError",
    code: "ERR_SIDING_SYMBOL_NOT_FOUND",
    message: `Cannot open "${testlibPath}": it has no symbol "test_missing"`,
  });
  assert.throws(() => open(testlibPath, { gone: { type: "i32" } }), {
    code: "ERR_SIDING_SYMBOL_NOT_FOUND",
    message: /it has no symbol "gone"/,
  });
  const optional = open(testlibPath, {
    missing: { ...missing, optional: true },
    gone: { type: "i32", optional: true },
    there: { name: "test_answer", parameters: [], result: "i32", optional: true },
  });
  assert.equal(optional.missing, null);
  assert.equal(optional.gone, null);
  assert.equal(optional.there?.sync(), 42);
});

test("C6: a missing library is named with the loader's reason", () => {
  const names = ["libnowhere.so.1", "/nowhere/libelse.so"];
  assert.throws(() => open(names[0]!, {}), {
    name: "SidingError",
    code: "ERR_SIDING_LIBRARY_NOT_FOUND",
    message: /Cannot open "libnowhere.so.1": .+/,
  });
  assert.throws(() => open(names, {}), {
    code: "ERR_SIDING_LIBRARY_NOT_FOUND",
    message: /Cannot open "libnowhere.so.1", "\/nowhere\/libelse.so": .+; .+/,
  });
  assert.throws(() => open({}, {}), { code: "ERR_SIDING_LIBRARY_NOT_FOUND" });
});

test("C6: what is no path is refused", () => {
  for (const path of [5, undefined, [], [5], () => 1, new URL("https://x.test/lib.so"), "a\0b"]) {
    assert.throws(() => open(path as never, {}), { name: "TypeError", message: /Cannot open/ });
  }
});

test("C6: options of a wrong type or range are refused", () => {
  const { answer } = library;
  const options: readonly (readonly [unknown, ErrorName])[] = [
    [{ timeout: "1" }, "TypeError"],
    [{ timeout: -1 }, "RangeError"],
    [{ timeout: NaN }, "RangeError"],
    [{ runTimeout: null }, "TypeError"],
    [{ runTimeout: -0.5 }, "RangeError"],
    [{ signal: {} }, "TypeError"],
  ];
  for (const [wrong, name] of options) {
    assert.throws(() => answer.with(wrong as never), { name, message: /Cannot call with/ });
  }
});

test("C6: addresses, contexts, libraries and settings of a wrong type are refused", () => {
  const definition = { parameters: [], result: "i32" } as const;
  for (const pointer of [null, 0, 0.5, "1", 5n, NaN]) {
    assert.throws(() => fn(pointer as unknown as Pointer, definition), { name: "TypeError" });
  }
  assert.throws(() => Context.acquire({ name: "a\0b" }), { name: "TypeError" });
  assert.throws(() => Context.acquire({ name: 5 as never }), { name: "TypeError" });
  assert.throws(() => configure({ threads: "2" as never }), { name: "TypeError" });
  assert.throws(() => configure({ thread: 2 } as never), { name: "TypeError" });
  assert.throws(() => configure({ library: "" }), { name: "TypeError" });
  assert.throws(() => configure({ library: 2 as never }), { name: "TypeError" });
  for (const wrong of [{ threads: 0 }, { threads: 4097 }, { spin: -1 }, { calls: 1.5 }]) {
    assert.throws(() => configure(wrong), { name: "RangeError", message: /Cannot configure/ });
  }
});

test("C6: a context refuses what is no library", async () => {
  await using context = await Context.acquire();
  for (const wrong of [{}, [], () => 1]) {
    assert.throws(() => context.use(wrong), { name: "TypeError", message: /no opened library/ });
  }
  const counted = open(testlibPath, {
    f: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
  });
  const used = context.use(counted);
  assert.throws(() => used.f(1, "2" as never), {
    name: "TypeError",
    message: /Cannot call f: argument 1 is "2"/,
  });
  assert.equal("sync" in used.f, false);
});
