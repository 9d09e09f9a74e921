import assert from "node:assert/strict";
import { open, stats } from "../mod.ts";
import { expectExit, inParallel, runProgram } from "./support/child.ts";
import { rejection, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { makeGate, openTestlib, testlibPath } from "./support/testlib.ts";

const library = openTestlib();
const directed = open(testlibPath, {
  fillIn: {
    name: "test_buffer_fill",
    parameters: [{ in: "buffer" }, "usize", "u8"],
    result: "void",
  },
  sumOut: { name: "test_buffer_sum", parameters: [{ out: "buffer" }, "usize"], result: "u64" },
  fillOut: {
    name: "test_buffer_fill",
    parameters: [{ out: "buffer" }, "usize", "u8"],
    result: "void",
  },
  isNull: { name: "test_buffer_is_null", parameters: ["buffer"], result: "bool" },
});

const ones = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size).fill(1);

/** Asks for a collection of garbage as loudly as a program can. */
function collect(): void {
  const { gc } = globalThis as { gc?: () => void };
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  gc?.();
  Bun?.gc(true);
  for (let i = 0; i < 50; i++) new Uint8Array(1 << 20).fill(255);
}

test("C1: empty buffers and buffers of 1 MiB", async () => {
  for (const size of [0, 1, 7, 8, 9, 4095, 4096, 4097, 1 << 20]) {
    const bytes = ones(size);
    assert.equal(await library.sum(bytes, size), BigInt(size));
    assert.equal(library.sum.sync(bytes, size), BigInt(size));
    assert.equal(await library.increment(bytes, size), BigInt(size));
    assert.equal(library.increment.sync(bytes, size), BigInt(size));
    assert.ok(bytes.every((byte) => byte === 3));
  }
});

test("C1: null is the null pointer, an empty buffer is not", async () => {
  assert.equal(await directed.isNull(null), true);
  assert.equal(directed.isNull.sync(null), true);
  assert.equal(await directed.isNull(new Uint8Array(1)), false);
});

test("C7: a buffer is copied in and out by its direction", async () => {
  const bytes = ones(100);
  await directed.fillIn(bytes, 100, 9);
  assert.deepEqual(bytes, ones(100));
  assert.equal(await directed.sumOut(bytes, 100), 0n);
  assert.deepEqual(bytes, new Uint8Array(100));
  await directed.fillOut(bytes, 100, 5);
  assert.deepEqual(bytes, new Uint8Array(100).fill(5));
  await library.increment(bytes, 50);
  assert.deepEqual([bytes[49], bytes[50]], [6, 5]);
});

test("C7: every view of a buffer passes its own stretch", async () => {
  const whole = new Uint8Array(64);
  const views = [
    new Uint8Array(whole.buffer, 8, 8),
    new DataView(whole.buffer, 17, 8),
    new Float64Array(whole.buffer, 32, 1),
    new Uint16Array(whole.buffer, 42, 4),
  ];
  for (const view of views) await library.fill(view, 8, view.byteOffset);
  for (const view of views) library.increment.sync(view, 8);
  const expected = new Uint8Array(64);
  for (const { byteOffset } of views) expected.fill(byteOffset + 1, byteOffset, byteOffset + 8);
  assert.deepEqual(whole, expected);
  await library.fill(whole.buffer, 64, 7);
  assert.deepEqual(whole, new Uint8Array(64).fill(7));
});

test("C7: two arguments may be the same buffer, and a shared one works", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(16));
  await library.fill(shared, 16, 3);
  assert.equal(library.sum.sync(shared, 16), 48n);
});

test("C7: changing a buffer during the call does not reach C", async () => {
  const gate = makeGate(library);
  const bytes = ones(1000);
  const call = library.gateFill(gate.number, bytes, 1000, 8);
  await until(() => gate.arrived() === 1, "the call runs");
  bytes.fill(100);
  gate.open();
  assert.equal(await call, 1000n);
  assert.deepEqual(bytes, new Uint8Array(1000).fill(8));
});

test("C7: detaching a buffer during the call does no harm, and its copy is freed", async () => {
  const gate = makeGate(library);
  const { memory } = stats();
  const bytes = ones(100_000);
  const call = library.gateFill(gate.number, bytes, 100_000, 8);
  await until(() => gate.arrived() === 1, "the call runs");
  const moved = structuredClone(bytes, { transfer: [bytes.buffer] });
  gate.open();
  assert.equal(await call, 100_000n);
  assert.equal(bytes.length, 0);
  assert.deepEqual(moved, ones(100_000));
  assert.ok(stats().memory < memory + 100_000);
});

test("C7: dropping and collecting a buffer during the call does no harm", async () => {
  const gate = makeGate(library);
  const calls = Array.from(
    { length: 8 },
    () => library.gateFill(gate.number, ones(300_000), 300_000, 8),
  );
  await until(() => gate.arrived() === 8, "the calls run");
  collect();
  gate.open();
  assert.deepEqual(await Promise.all(calls), Array(8).fill(300_000n));
});

test("C7: after a timeout or an abort nothing is copied back, and memory goes back", async () => {
  const gate = makeGate(library);
  const memory = stats().memory;
  const controller = new AbortController();
  const [one, two] = [ones(1 << 20), ones(1 << 20)];
  const aborted = library.gateFill.with({ signal: controller.signal })(
    gate.number,
    one,
    1 << 20,
    8,
  );
  const late = library.gateFill.with({ timeout: 5 })(gate.number, two, 1 << 20, 8);
  const lateError = rejection(late);
  await until(() => gate.arrived() === 2, "the calls run");
  controller.abort();
  await rejection(aborted);
  await lateError;
  assert.ok(stats().memory >= memory + (2 << 20));
  gate.open();
  await until(() => stats().abandoned === 0, "C returned");
  assert.deepEqual(one, ones(1 << 20));
  assert.deepEqual(two, ones(1 << 20));
  assert.ok(stats().memory < memory + (1 << 20), `${memory} became ${stats().memory}`);
});

test("C7: sync lends the memory itself, for 1 to 1,000 bytes", () => {
  for (let size = 1; size <= 1000; size++) {
    const bytes = new Uint8Array(size);
    library.fill.sync(bytes, size, 200);
    assert.ok(bytes.every((byte) => byte === 200), `${size} bytes`);
    assert.equal(library.sum.sync(bytes, size), BigInt(size * 200));
    const part = new Uint8Array(size + 3).subarray(2, size + 2);
    library.increment.sync(part, size);
    assert.ok(part.every((byte) => byte === 1), `part of ${size} bytes`);
  }
});

test("C7: sync lends the memory itself when the buffer was never looked at", () => {
  for (let size = 1; size <= 1000; size++) {
    const bytes = Uint8Array.from({ length: size }, () => 1);
    assert.equal(library.increment.sync(bytes, size), BigInt(size));
    assert.equal(bytes[size - 1], 2, `${size} bytes`);
    assert.equal(new Uint8Array(bytes.buffer)[0], 2, `${size} bytes`);
  }
});

/* C writes for 3 s in each run; the runs overlap, so that all take a fraction of 50 times that. */
const RUNS = 50;

test("C14: a Worker is terminated while C writes into its argument, 50 of 50 clean", async () => {
  const workers = 5;
  const outcomes = await inParallel(
    RUNS / workers,
    5,
    () => runProgram("storm", ["workers", String(workers)]),
  );
  for (const outcome of outcomes) {
    expectExit(outcome, 0);
    assert.match(outcome.stdout, new RegExp(`${workers} terminated, arrays intact`));
  }
  console.log(`${RUNS} Workers terminated in ${outcomes.length} processes`);
});

test("C14: the process exits while C writes into its argument, 50 of 50 clean", async () => {
  const outcomes = await inParallel(RUNS, 4, () => runProgram("storm", ["exit"]));
  for (const outcome of outcomes) {
    expectExit(outcome, 7);
    assert.ok(outcome.ms < limitMs(3000), "it did not wait for C");
  }
  console.log(`${RUNS} processes exited`);
});
