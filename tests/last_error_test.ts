import assert from "node:assert/strict";
import process from "node:process";
import { Context, open, type SidingError } from "../mod.ts";
import { rejection, test } from "./support/harness.ts";

const isWindows = process.platform === "win32";
const NOT_FOUND = 2;
const nowhere = "Z:\\nowhere\\at_all";

/* Its text is of UTF-16 units. */
const parameters = ["cstring16"] as const;

if (isWindows) {
  const kernel32 = open("kernel32.dll", {
    attributes: { name: "GetFileAttributesW", parameters, result: "u32", lastError: true },
    deleteFile: { name: "DeleteFileW", parameters, result: "i32", lastError: true },
    mustDelete: { name: "SetLastError", parameters: ["u32"], result: "void", lastError: "throw" },
    process: { name: "GetCurrentProcessId", parameters: [], result: "u32", lastError: true },
  });

  test("C5: lastError is what GetLastError gives after the call, in every way", async () => {
    const failed = { value: 0xffffffff, lastError: 3 };
    assert.deepEqual(await kernel32.attributes(nowhere), failed);
    assert.deepEqual(kernel32.attributes.sync(nowhere), failed);
    assert.equal((await kernel32.deleteFile("nothing_of_this_name")).lastError, NOT_FOUND);
    assert.equal((await kernel32.process()).lastError, 0);
  });

  test("C5: each of 8 contexts that fail at once has its own lastError", async () => {
    const contexts = await Promise.all(Array.from({ length: 8 }, () => Context.acquire()));
    const calls = contexts.flatMap((context, index) => {
      const { deleteFile, attributes } = context.use(kernel32);
      const call = index % 2 === 0 ? deleteFile : attributes;
      const path = index % 2 === 0 ? "nothing_of_this_name" : nowhere;
      return Array.from({ length: 50 }, () => call(path));
    });
    const errors = (await Promise.all(calls)).map(({ lastError }) => lastError);
    assert.deepEqual(errors, errors.map((_, at) => Math.floor(at / 50) % 2 === 0 ? NOT_FOUND : 3));
    await Promise.all(contexts.map((context) => context.release()));
  });

  test('C5: with lastError: "throw" it is an error', async () => {
    await kernel32.mustDelete(0);
    const error = await rejection(kernel32.mustDelete(5)) as SidingError;
    assert.deepEqual([error.code, error.lastError], ["ERR_SIDING_SYSTEM", 5]);
    assert.throws(() => kernel32.mustDelete.sync(6), { code: "ERR_SIDING_SYSTEM", lastError: 6 });
  });
}

test("C6: lastError is refused beside errno, and where there is none", () => {
  const wrong = (definition: object): void => {
    open(isWindows ? "ucrtbase.dll" : null, { abs: definition } as never);
  };
  const abs = { parameters: ["i32"], result: "i32" };
  assert.throws(() => wrong({ ...abs, errno: true, lastError: true }), { name: "TypeError" });
  assert.throws(() => wrong({ ...abs, lastError: 1 }), { name: "TypeError" });
  if (!isWindows) {
    assert.throws(() => wrong({ ...abs, lastError: true }), {
      name: "TypeError",
      message: /lastError is of Windows only/,
    });
  }
});
