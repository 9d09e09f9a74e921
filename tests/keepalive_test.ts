import assert from "node:assert/strict";
import { expectExit, runProgram } from "./support/child.ts";
import { test } from "./support/harness.ts";

/* What the program waits for takes 300 ms; a runtime starts in a fraction of that. */
const HELD_MS = 300;
const LONG_MS = 20_000;

async function ends(mode: string): Promise<{ ms: number; said: string }> {
  const { stdout, ...outcome } = await runProgram("keepalive", [mode], { timeoutMs: LONG_MS / 2 });
  expectExit({ stdout, ...outcome }, 0);
  return { ms: outcome.ms, said: stdout.trim() };
}

for (const mode of ["call", "context", "with", "send", "sleeping", "release", "queued"]) {
  test(`E10: a pending call holds the process (${mode})`, async () => {
    const { ms, said } = await ends(mode);
    assert.equal(said, "finished");
    assert.ok(ms >= HELD_MS, `${ms} ms`);
  });
}

for (
  const mode of ["referenced callback", "referenced callback that is closed", "awaited stream"]
) {
  test(`E10: what is awaited or referenced holds the process (${mode})`, async () => {
    const { ms, said } = await ends(mode);
    assert.equal(said, "finished");
    assert.ok(ms >= HELD_MS, `${ms} ms`);
  });
}

for (
  const mode of [
    ...["sleep", "awaited port", "awaited station", "awaited event", "referenced port"],
    "referenced station",
    "awaited port that waits for a thread",
  ]
) {
  test(`E10: what a station is waited for holds the process (${mode})`, async () => {
    const { ms, said } = await ends(mode);
    assert.equal(said, "finished");
    assert.ok(ms >= HELD_MS, `${ms} ms`);
  });
}

for (const mode of ["idle station", "station that was used", "station that waits for a thread"]) {
  test(`E10: an idle station does not hold the process (${mode})`, async () => {
    const { said } = await ends(mode);
    assert.equal(said, "");
  });
}

for (const mode of ["idle callback", "unreferenced callback", "stream that nobody reads"]) {
  test(`E10: an idle callback does not hold the process (${mode})`, async () => {
    const { said } = await ends(mode);
    assert.equal(said, "");
  });
}

for (
  const mode of ["library", "idle context", "idle after calls", "released", "callback channel"]
) {
  test(`E10: what is idle does not hold the process (${mode})`, async () => {
    const { said } = await ends(mode);
    assert.equal(said, "");
  });
}

for (const mode of ["aborted", "timed out", "aborted in a context", "shut down"]) {
  test(`E10: an abandoned call does not hold the process (${mode})`, async () => {
    const { said } = await ends(mode);
    assert.equal(said, "abandoned");
  });
}

test("E10: a Worker with an idle context ends by itself", async () => {
  const { said } = await ends("worker");
  assert.equal(said, "the Worker finished");
});
