import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as ours from "../mod.ts";
import { rejection, test } from "./support/harness.ts";
import { testlibPath } from "./support/testlib.ts";

type Copy = typeof ours;

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "siding-copy-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const definitions = {
  answer: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
} as const;

/** Loads a second copy of the package, with a libsiding of its own. */
async function otherCopy(): Promise<Copy> {
  for (const part of ["mod.ts", "src", join("zig-out", "lib", "libsiding.so")]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  return await import(pathToFileURL(join(folder, "mod.ts")).href) as Copy;
}

test("X3: two copies in one process lease, call and end without one another", async () => {
  const other = await otherCopy();
  assert.notEqual(other.Context, ours.Context);
  const [first, second] = [ours, other].map((copy) => copy.open(testlibPath, definitions));
  const before = ours.stats().slots.active;
  const contexts = await Promise.all(
    Array.from({ length: 8 }, () => other.Context.acquire({ name: "other" })),
  );
  assert.ok(ours.stats().slots.active <= before, "they are not ours");
  assert.equal(other.stats().slots.active, 8);
  await using context = await ours.Context.acquire({ name: "ours" });
  const sums = await Promise.all([
    ...contexts.map((one, index) => one.use(second!).answer(index, 1)),
    ...contexts.map((_, index) => context.use(first!).answer(index, 1)),
  ]);
  assert.deepEqual(sums, [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.throws(() => context.use(second!), TypeError);
  other.shutdown();
  const error = await rejection((async () => await second!.answer(1, 2))()) as { code: string };
  assert.equal(error.code, "ERR_SIDING_CLOSED");
  assert.equal(await context.use(first!).answer(20, 22), 42);
  assert.equal(await first!.answer(20, 22), 42);
});
