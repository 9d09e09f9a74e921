import assert from "node:assert/strict";
import { expectExit, runProgram } from "./support/child.ts";
import { test } from "./support/harness.ts";

const ENDS_MS_MAX = 10_000;

/** What the program said until it ended: "finished" only where it was held as long as it should. */
async function saidBy(mode: string): Promise<string> {
  const outcome = await runProgram("keepalive", [mode], { timeoutMs: ENDS_MS_MAX });
  expectExit(outcome, 0);
  return outcome.stdout.trim();
}

for (const mode of ["call", "context", "with", "send", "sleeping", "release", "queued"]) {
  test(`E10: a pending call holds the process (${mode})`, async () => {
    assert.equal(await saidBy(mode), "finished");
  });
}

for (
  const mode of ["referenced callback", "referenced callback that is closed", "awaited stream"]
) {
  test(`E10: what is awaited or referenced holds the process (${mode})`, async () => {
    assert.equal(await saidBy(mode), "finished");
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
    assert.equal(await saidBy(mode), "finished");
  });
}

for (const mode of ["idle station", "station that was used", "station that waits for a thread"]) {
  test(`E10: an idle station does not hold the process (${mode})`, async () => {
    assert.equal(await saidBy(mode), "");
  });
}

for (const mode of ["idle callback", "unreferenced callback", "stream that nobody reads"]) {
  test(`E10: an idle callback does not hold the process (${mode})`, async () => {
    assert.equal(await saidBy(mode), "");
  });
}

for (
  const mode of ["library", "idle context", "idle after calls", "released", "callback channel"]
) {
  test(`E10: what is idle does not hold the process (${mode})`, async () => {
    assert.equal(await saidBy(mode), "");
  });
}

for (const mode of ["aborted", "timed out", "aborted in a context", "shut down"]) {
  test(`E10: an abandoned call does not hold the process (${mode})`, async () => {
    assert.equal(await saidBy(mode), "abandoned");
  });
}

test("E10: a Worker with an idle context ends by itself", async () => {
  assert.equal(await saidBy("worker"), "the Worker finished");
});
