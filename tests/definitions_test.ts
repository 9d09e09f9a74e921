import assert from "node:assert/strict";
import { fn, open } from "../mod.ts";
import type { FunctionDefinition } from "../mod.ts";
import { test } from "./support/harness.ts";
import { openTestlib, testlibPath } from "./support/testlib.ts";

function define(parameters: readonly unknown[], result: unknown = "void"): void {
  open(testlibPath, { target: { name: "test_nothing", parameters, result } as FunctionDefinition });
}

/* Every refusal names the library, the function, the place, the reason and what to do. */
function refuses(parameters: readonly unknown[], result: unknown, reason: RegExp): void {
  assert.throws(() => define(parameters, result), (error: unknown) => {
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /^Cannot define "target": (parameter \d|result)/);
    assert.ok(error.message.endsWith(`(library "${testlibPath}")`), error.message);
    assert.match(error.message, reason);
    return true;
  });
}

test("C6: a length that is not there or no integer is refused", () => {
  const size = { bytes: "size" };
  refuses(["u32"], { bytes: 1 }, /result has the length of parameter 1, but there are 1 param/);
  refuses([], { bytes: 0 }, /there are 0 parameters/);
  refuses(["f64"], { bytes: 0 }, /result has the length 0, which is no integer but f64: name/);
  refuses(["bool"], { bytes: 0 }, /no integer but bool/);
  refuses(["cstring"], { bytes: 0 }, /no integer but buffer/);
  refuses([{ in: { struct: { a: "u8" } } }], { bytes: 0 }, /no integer/);
  refuses([{ out: size }, "usize"], "void", /parameter 0 has the length "size"/);
  refuses([{ bytes: 1 }], "void", /parameter 0 has the length of parameter 1/);
  refuses([{ bytes: 1 }, "f32"], "void", /parameter 0 .*no integer but f32/);
  refuses([{ struct: { data: size, siz: "u8" } }], "void", /parameter 0\.data.*"size".*siz/);
  refuses([{ inout: { struct: { data: size, size: "f64" } } }], "void", /\.data.*no integer/);
  refuses([], { bytes: { constant: -1 } }, /result has the length \{"constant":-1\}/);
  refuses([], { bytes: [] }, /result has a length of 0 factors/);
  refuses(Array(5).fill("u8"), { bytes: [0, 1, 2, 3, 4] }, /a length of 5 factors/);
  refuses([{ out: { bytes: "result" } }], "f64", /parameter 0.*"result", which is no integer/);
});

test("C6: a length that is the thing itself is refused", () => {
  refuses([], { bytes: "result" }, /result has the length "result", which is no integer but/);
  refuses([{ out: { bytes: 0 } }], "void", /parameter 0 has the length 0, which is no integer/);
  refuses([], { copy: { struct: { data: { bytes: "data" } } } }, /\.data has .*"data"/);
});

test("C6: a free function that is missing or has nothing to free is refused", () => {
  const owned = { cstring: "owned", free: "test_nowhere" };
  refuses([], owned, /result is freed by "test_nowhere", which is missing: name a symbol/);
  refuses([{ out: owned }], "void", /parameter 0 is freed by "test_nowhere"/);
  refuses([], { cstring: "owned" }, /result is .*write \{ cstring: "owned", free/);
  refuses([], { copy: "i32", free: 5 }, /result has the free function 5, which is no name/);
  refuses([owned], "void", /parameter 0 is an argument, which "test_nowhere" must not free/);
  const inside = { struct: { data: { bytes: "size", free: "free" }, size: "u8" } };
  refuses([{ inout: inside }], "void", /parameter 0 is an argument, which "free" must not free/);
});

test("C6: a function of a pointer has no library that could free", () => {
  const { add } = openTestlib();
  assert.throws(
    () => fn(add.pointer, { parameters: [], result: { cstring: "owned", free: "free" } }),
    { name: "TypeError", message: /result is freed by "free" of its library, but .* open the lib/ },
  );
});

test("C6: what cannot be an argument, a cell or a result says what to use instead", () => {
  refuses([{ array: "i32", length: 2 }], "void", /parameter 0 is an array.*use \{ in \}/);
  refuses([], { array: "i32", length: 2 }, /result is an array.*\{ copy \}/);
  refuses([{ copy: "i32" }], "void", /parameter 0 is \{ copy \} as an argument: use \{ in/);
  refuses([{ out: "void" }], "void", /parameter 0 has the unknown type "void"/);
  refuses([{ out: { out: "i32" } }], "void", /parameter 0 has the unknown type/);
  refuses([{ in: "I32" }], "void", /parameter 0 has the unknown type "I32"/);
  refuses([{ list: "i32" }], "void", /parameter 0 is a list of "i32": only "cstring"/);
  refuses([], { list: "pointer" }, /result is a list of pointers.*declare "pointer"/);
  refuses([{ out: { array: "u8", length: 20_000 } }], "void", /parameter 0 .*alloc/);
  const texts = { union: { text: "cstring", number: "i64" } };
  refuses([], { copy: { struct: { value: texts } } }, /result\.value .*union.*declare a pointer/);
  const many = { array: { struct: { text: "cstring" } }, length: 65 };
  refuses([], { copy: many }, /copies more than 64 targets/);
});

test("C6: the same definitions, put right, are taken", () => {
  define(["u32"], { bytes: 0 });
  define([{ out: { bytes: ["result", 1] } }, { inout: "u8" }], "i64");
  define([], { cstring: "owned", free: "test_owned_free" });
  define([{ in: { struct: { data: { bytes: "size" }, size: "u8" } } }]);
  define([{ out: { array: "u8", length: 16_000 } }]);
  define([], { copy: { array: { struct: { text: "cstring" } }, length: 63 } });
});

test("C6: a lazy library is loaded when a symbol is first used, and fails only then", async () => {
  const answer = { parameters: [], result: "i32" } as const;
  const missing = open("libnowhere.so.9", { test_answer: answer }, { lazy: true });
  assert.deepEqual(Object.keys(missing), ["test_answer"]);
  assert.throws(() => missing.test_answer, { code: "ERR_SIDING_LIBRARY_NOT_FOUND" });
  const definitions = { test_answer: answer, test_nowhere: answer };
  const library = open(["libnowhere.so.9", testlibPath], definitions, { lazy: true });
  assert.equal(await library.test_answer(), 42);
  assert.throws(() => library.test_nowhere, { code: "ERR_SIDING_SYMBOL_NOT_FOUND" });
});

test("C6: a lazy library refuses a wrong definition at once", () => {
  const wrong = { test_answer: { parameters: ["int"], result: "i32" } } as never;
  assert.throws(() => open("libnowhere.so.9", wrong, { lazy: true }), {
    name: "TypeError",
    message: /Cannot define "test_answer": parameter 0 .*\(library "libnowhere\.so\.9"\)/,
  });
});
