import assert from "node:assert/strict";
import { expectExit, inParallel, runProgram } from "./support/child.ts";
import { measured, median, runtimeName, test } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { sidingPath, testlibPath } from "./support/testlib.ts";

const RUNS = 50;
const ENDS_PER_PROCESS = 5;
const WIDTH = 4;
/* What Bun says under wine, whatever it runs. */
const NOISE = /^Internal error: directory mismatch for directory .*\n/gm;
/* Half a second after its start Deno opens a pair of its own. 8 Workers would leave 8 or more. */
const DENO_SOCKETS = runtimeName === "deno" ? 2 : 0;

const exits: readonly (readonly [mode: string, code: number])[] = [
  ["natural", 0],
  ["process.exit", 7],
  ["runtime.exit", 8],
  ["throw", 1],
  ["rejection", 1],
];

for (const [mode, code] of exits) {
  test(`X1: ${mode} with contexts in C, callbacks stormed, stations busy: 50 of 50`, async () => {
    const outcomes = await inParallel(RUNS, WIDTH, () => runProgram("exit", [mode]));
    for (const outcome of outcomes) {
      expectExit(outcome, code);
      assert.match(outcome.stdout, /in C, stormed by 2/);
      assert.ok(outcome.ms < limitMs(10_000), "it did not wait for C");
    }
  });
}

const ends = ["natural", "terminate", "close", "throw", "exit"];

for (const end of ends) {
  test(`X1: Worker's end by ${end} with contexts in C, all stormed: 50 of 50`, async () => {
    const outcomes = await inParallel(
      RUNS / ENDS_PER_PROCESS,
      2,
      () => runProgram("worker_ends", [end, String(ENDS_PER_PROCESS)]),
    );
    for (const outcome of outcomes) {
      expectExit(outcome, 0);
      assert.equal(JSON.parse(outcome.stdout).ends, ENDS_PER_PROCESS);
    }
  });
}

for (const end of ends) {
  test(`X6: ended by ${end}, a Worker's bridge is gone and C let go within 50 ms`, () =>
    measured(async () => {
      const outcome = await runProgram("worker_ends", [end, "10", "idle"]);
      expectExit(outcome, 0);
      const { goneMs, activeLeft, bridgesLeft, socketsLeft } = JSON.parse(outcome.stdout);
      console.log(`gone after ${goneMs.map((ms: number) => ms.toFixed(1)).join(", ")} ms`);
      assert.deepEqual({ activeLeft, bridgesLeft }, { activeLeft: 0, bridgesLeft: 0 });
      assert.ok(socketsLeft <= DENO_SOCKETS, `${socketsLeft} sockets left`);
      assert.ok(median(goneMs) <= limitMs(50), `gone after ${goneMs.join(", ")} ms`);
    }));
}

test("X2: of 8 stormed Workers one is terminated: the others go on, its slots return", async () => {
  const outcome = await runProgram("siblings");
  expectExit(outcome, 0);
});

/* On Deno the flags are scoped to two paths; Bun has no permissions, so everything must work. */
const scoped = [`--allow-ffi=${sidingPath},${testlibPath}`];

test("X5: with path-scoped FFI permission everything works", async () => {
  const outcome = await runProgram("scoped", [], { denoFlags: scoped });
  expectExit(outcome, 0);
  assert.equal(outcome.stderr.replaceAll(NOISE, ""), "");
  assert.equal(outcome.stdout.trim(), "all works");
});

if (runtimeName === "deno") {
  test("X5: an unlisted library fails with the flag to add", async () => {
    const outcome = await runProgram("scoped", ["/opt/libother.so"], { denoFlags: scoped });
    expectExit(outcome, 0);
    const line = 'ERR_SIDING_PERMISSION Cannot open "/opt/libother.so": add ' +
      "--allow-ffi=/opt/libother.so";
    assert.equal(outcome.stdout.trim(), line);
  });

  test("X5: a bare name and the program itself need the whole flag, and say so", async () => {
    for (const [name, what] of [["libc.so.6", '"libc.so.6"'], ["", "the program itself"]]) {
      const outcome = await runProgram("scoped", [name!], { denoFlags: scoped });
      expectExit(outcome, 0);
      const line = `ERR_SIDING_PERMISSION Cannot open ${what}: add --allow-ffi`;
      assert.equal(outcome.stdout.trim(), line);
    }
  });

  test("X5: without permission for libsiding the error names the flag", async () => {
    const outcome = await runProgram("scoped", [], { denoFlags: ["--allow-env"] });
    expectExit(outcome, 0);
    const line = `ERR_SIDING_PERMISSION Cannot load libsiding from "${sidingPath}": add ` +
      `--allow-ffi=${sidingPath}`;
    assert.equal(outcome.stdout.trim(), line);
  });
}
