import assert from "node:assert/strict";
import { expectExit, runProgram } from "./support/child.ts";
import { test } from "./support/harness.ts";

const MILLION_MS_MAX = 60_000;

test("C11: 1,000,000 submissions in one turn: each completes once, memory bounded", async () => {
  const outcome = await runProgram("flood", [], { timeoutMs: MILLION_MS_MAX });
  expectExit(outcome, 0);
  const { completed, repeated, wrong, memoryMax } = JSON.parse(outcome.stdout);
  assert.deepEqual({ completed, repeated, wrong }, { completed: 1_000_000, repeated: 0, wrong: 0 });
  assert.ok(memoryMax < 8 << 20, `${memoryMax} bytes of native memory`);
});

test("C11: the excess waits in order, and keeps what its arguments were", async () => {
  const outcome = await runProgram("limit", ["order"]);
  expectExit(outcome, 0);
  assert.equal(outcome.stdout.trim(), "in order, kept");
});

test("C11: the excess fails with ERR_SIDING_BUSY when asked", async () => {
  const outcome = await runProgram("limit", ["busy"]);
  expectExit(outcome, 0);
  assert.equal(outcome.stdout.trim(), "10 waited, 10 ERR_SIDING_BUSY, then 42");
});

test("C11: a high limit is used up before a call has to wait", async () => {
  const outcome = await runProgram("limit", ["busy", "3000"]);
  expectExit(outcome, 0);
  assert.equal(outcome.stdout.trim(), "3000 waited, 3000 ERR_SIDING_BUSY, then 42");
});

test("C11: a call that waits for admission can be aborted and times out", async () => {
  const outcome = await runProgram("limit", ["cancel"]);
  expectExit(outcome, 0);
  assert.equal(outcome.stdout.trim(), "AbortError, ERR_SIDING_TIMEOUT, 0 ran");
});
