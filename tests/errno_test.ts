import assert from "node:assert/strict";
import { Context, open, SidingError } from "../mod.ts";
import { rejection, test } from "./support/harness.ts";
import { openTestlib, testlibPath } from "./support/testlib.ts";

const library = openTestlib();
const CONTEXTS = 8;
const CALLS = 2000;

const throwing = open(testlibPath, {
  fail: { name: "test_errno_fail", parameters: ["i32"], result: "i32", errno: "throw" },
  failPointer: {
    name: "test_errno_fail_pointer",
    parameters: ["i32"],
    result: "pointer",
    errno: "throw",
  },
  succeed: {
    name: "test_errno_succeed",
    parameters: ["i32", "i32"],
    result: "i32",
    errno: "throw",
  },
});

test("C5: errno is that of the call itself, under 8 contexts failing at once", async () => {
  const contexts = await Promise.all(Array.from({ length: CONTEXTS }, () => Context.acquire()));
  const each = contexts.map(async (context, index) => {
    const { errnoFailLate } = context.use(library);
    const calls = Array.from(
      { length: CALLS },
      (_, i) => errnoFailLate(1 + index * CALLS + i, i % 4),
    );
    const results = await Promise.all(calls);
    const wrong = results.findIndex(({ errno }, i) => errno !== 1 + index * CALLS + i);
    assert.equal(wrong, -1, `context ${index}, call ${wrong}: ${results[wrong]?.errno}`);
  });
  await Promise.all(each);
  await Promise.all(contexts.map((context) => context.release()));
});

test("C5: errno is that of the call itself on pool threads", async () => {
  const calls = Array.from({ length: CALLS }, (_, i) => library.errnoFailLate(i + 1, i % 3));
  (await Promise.all(calls)).forEach((result, i) => {
    assert.deepEqual(result, { value: -1, errno: i + 1 });
  });
});

test("C5: errno is zero where C did not set it", async () => {
  await library.errnoFail(5);
  const { add } = open(testlibPath, {
    add: { name: "test_add", parameters: ["i32", "i32"], result: "i32", errno: true },
  });
  library.errnoFail.sync(9);
  assert.deepEqual(add.sync(1, 2), { value: 3, errno: 0 });
  for (let i = 0; i < 100; i++) {
    library.errnoFail.send(7);
    assert.deepEqual(await add(i, 2), { value: i + 2, errno: 0 });
  }
});

test("C5: errno of a sync call", () => {
  for (let i = 1; i < 100; i++) {
    assert.deepEqual(library.errnoFail.sync(i), { value: -1, errno: i });
  }
});

test('C5: errno: "throw" rejects with the number and the function', async () => {
  const expected = {
    name: "SidingError",
    code: "ERR_SIDING_SYSTEM",
    errno: 2,
    syscall: "fail",
    message: "Cannot call fail: ENOENT",
  };
  const error = await rejection(throwing.fail(2));
  assert.ok(error instanceof SidingError);
  for (const [key, value] of Object.entries(expected)) {
    assert.equal(error[key as keyof SidingError], value);
  }
  assert.throws(() => throwing.fail.sync(2), expected);
  assert.equal((await rejection(throwing.failPointer(13)) as SidingError).errno, 13);
});

test('C5: errno: "throw" lets a success pass, whatever errno is', async () => {
  assert.equal(await throwing.succeed(2, 5), 5);
  assert.equal(throwing.succeed.sync(2, 0), 0);
  assert.equal(await throwing.succeed(0, -1), -1);
});

test("C5: errno comes with out cells", async () => {
  const { failing } = open(testlibPath, {
    failing: {
      name: "test_out_i32",
      parameters: ["i32", { out: "i32" }],
      result: "i32",
      errno: true,
    },
  });
  assert.deepEqual(await failing(3), { value: 7, errno: 0, out: [3] });
});
