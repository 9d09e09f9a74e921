import assert from "node:assert/strict";
import { alloc, callback, SidingError } from "../mod.ts";
import { ask, openCallbackLib, sized, write } from "./support/callbacks.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { test, until } from "./support/harness.ts";
import { reserveUnreadable } from "./support/unreadable.ts";

const library = openCallbackLib();

/* What C got, then what was reported, each with its cause. */
const GOT = [
  "throws -1",
  "rejects -1",
  "bare -1",
  "text -1",
  "fraction -1",
  "tooLarge -1",
  "laterText -1",
  "nothing -1",
  "fine 7",
  "slow -2",
  "closed -3 ERR_SIDING_CLOSED",
  "slow, passed on -2",
  "closed, passed on -3",
  "afterwards -3",
];
const range = "outside i32 (-2147483648 to 2147483647)";
const REPORTED = [
  ["throws", "one", "Error"],
  ["rejects", "two 7", "Error"],
  ["bare", "an error without a message", "object"],
  ["text", 'Cannot answer text: result is "x", not a number', "TypeError"],
  ["fraction", "Cannot answer fraction: result is 0.5, not an integer", "RangeError"],
  ["tooLarge", `Cannot answer tooLarge: result is 2147483648, ${range}`, "RangeError"],
  ["laterText", 'Cannot answer laterText: result is "x", not a number', "TypeError"],
  ["nothing", "Cannot answer nothing: result is undefined, not a number", "TypeError"],
  ["posts", "three", "Error"],
].map(([name, message, cause]) => {
  const stack = cause === "object" ? "" : ", stack: true";
  return `ERR_SIDING_CALLBACK: Cannot run the handler of ${name}: ${message} <- ${cause}${stack}`;
});

test("E2: throw, timeout and close give C their values, each error is reported once", async () => {
  const outcome = await runProgram("callback_errors");
  expectExit(outcome, 0);
  assert.deepEqual(outcome.stdout.trimEnd().split("\n"), [...GOT, ...REPORTED]);
});

test("E2: what nobody catches ends the process, and says which handler and why", async () => {
  const { code, stderr } = await runProgram("callback_uncaught");
  assert.equal(code, 1, stderr);
  assert.match(stderr, /Cannot run the handler of callback: what the handler says/);
  assert.match(stderr, /callback_uncaught\.ts/);
});

test("a wrong pointer is copied as null, a wrong length is refused and counted", async () => {
  const seen: unknown[] = [];
  using given = callback.post(sized, (bytes, size) => void seen.push(bytes, size), { limit: 64 });
  using memory = alloc(128);
  await library.sized(given, 0, 5);
  await library.sized(given, 16, 5);
  await library.sized(given, memory.pointer, -1);
  await library.sized(given, memory.pointer, 65);
  await library.sized(given, memory.pointer, 3);
  await until(() => seen.length === 6, "three calls come");
  assert.deepEqual(seen, [null, 5, null, 5, new Uint8Array(3), 3]);
  const { events, refused } = given.stats;
  assert.deepEqual({ events, refused }, { events: 3, refused: 3 }, "the bad pointer counts too");
});

test("a pointer to memory that is not there is copied as null, on any thread", async () => {
  const unreadable = reserveUnreadable();
  const page = unreadable.pointer;
  const seen: unknown[] = [];
  using given = callback.post(sized, (bytes, size) => void seen.push(bytes, size));
  await library.sized(given, page, 5);
  await library.sized(given, page, 3000);
  library.sized.sync(given, page, 7); // on this thread
  await until(() => seen.length === 6, "all calls come");
  assert.deepEqual(seen, [null, 5, null, 3000, null, 7]);
  assert.equal(given.stats.refused, 3);
  unreadable.free();
});

test("C6: wrong definitions and options are refused", () => {
  const post = callback.post as (...args: unknown[]) => unknown;
  const call = callback.call as (...args: unknown[]) => unknown;
  const type = { name: "TypeError" };
  const nothing = (): void => {};
  const plain = { parameters: [], result: "void" };
  for (
    const [definition, message] of [
      [{ parameters: [], result: "cstring" }, /nothing would own/],
      [{ parameters: [], result: { bytes: { constant: 3 } } }, /nothing would own/],
      [{ parameters: [], result: { struct: { a: "cstring" } } }, /nothing would own/],
      [{ parameters: ["buffer"], result: "void" }, /parameter 0 has the unknown type "buffer"/],
      [{ parameters: [{ out: "i32" }], result: "void" }, /unknown type/],
      [{ parameters: [{ bytes: 1 }], result: "void" }, /there are 1 parameter|there is/],
      [{ parameters: [{ bytes: "result" }], result: "i32" }, /no integer/],
      [{ parameters: [{ bytes: 1, free: "free" }, "i32"], result: "void" }, /is freed by/],
      [{ parameters: [{ array: "i32", length: 3 }], result: "void" }, /is an array/],
      [{ parameters: [] }, /has no result/],
      [null, /no list of parameters/],
    ] as const
  ) {
    assert.throws(() => post(definition, nothing, { returns: 0 }), { ...type, message });
  }
  assert.throws(() => post(plain, 5), { ...type, message: /its handler is no function/ });
  assert.throws(() => post(plain, nothing, { overflow: "x" }), { ...type, message: /overflow/ });
  assert.throws(() => post(plain, nothing, { capacity: 1 }), { name: "RangeError" });
  assert.throws(() => post(plain, nothing, { timeout: 0 }), { name: "RangeError" });
  assert.throws(() => post(plain, nothing, { limit: -1 }), { name: "RangeError" });
  assert.throws(() => post(plain, nothing, { name: 5 }), type);
  assert.throws(() => post(plain, nothing, { retain: {} }), { ...type, message: /retain/ });
  assert.throws(() => post(ask, nothing), { ...type, message: /"returns"/ });
  assert.throws(() => post(ask, nothing, { returns: "x" }), { ...type, message: /result is "x"/ });
  assert.throws(() => post(write, nothing, { returns: { parameter: 4 } }), type);
  assert.throws(() => call(ask, nothing), { ...type, message: /"fallback"/ });
  assert.throws(() => call(ask, nothing, { fallback: 2 ** 31 }), { name: "RangeError" });
});

test("C6: what is no callback is no argument", async () => {
  const askI32 = library.askI32 as (...args: unknown[]) => Promise<unknown>;
  for (const wrong of [() => 1, {}, "x", library, library.add]) {
    assert.throws(() => askI32(wrong, 1, false), { name: "TypeError", message: /a pointer or/ });
  }
  const gone = callback.call(ask, (value) => value, { fallback: 0 });
  const { pointer } = gone;
  gone.close();
  assert.equal(gone.pointer, pointer);
  assert.equal(await library.askI32(gone, 1, false), 0);
  gone.forget();
  assert.throws(() => gone.pointer, { code: "ERR_SIDING_CLOSED" });
  assert.throws(() => library.askI32(gone, 1, false), SidingError);
});
