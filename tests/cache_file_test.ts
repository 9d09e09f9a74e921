import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { cacheFile } from "../src/cache_file.ts";
import { runtime } from "../src/runtime/current.ts";
import { CACHED_FILES, cachedBytes } from "./support/cached.ts";
import { expectExit, inParallel, runProgram } from "./support/child.ts";
import { test } from "./support/harness.ts";

const root = mkdtempSync(join(tmpdir(), "siding-cache-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true }));

const bytes = cachedBytes;

test("a library comes into the cache whole, for this user alone", () => {
  const folder = join(root, "below", "fresh");
  const path = cacheFile(folder, "library-1.so", bytes);
  assert.equal(path, `${folder}/library-1.so`);
  assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ["library-1.so"], "nothing is left aside");
});

test("a file of the cache stays where it is right, and is replaced where it is not", () => {
  const folder = join(root, "again");
  const path = cacheFile(folder, "library.so", bytes);
  const { ino } = statSync(path);
  assert.equal(statSync(cacheFile(folder, "library.so", bytes)).ino, ino);
  for (const wrong of [bytes.subarray(1), bytes.map((byte) => byte ^ 1), new Uint8Array()]) {
    writeFileSync(path, wrong);
    assert.equal(cacheFile(folder, "library.so", bytes), path);
    assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
  }
});

/* As Windows does where another process has put its own there meanwhile, and loaded it. */
function refusingToRename(refuse: (from: string, to: string) => void, task: () => void): void {
  const { files } = runtime;
  const changeable = runtime as { files: typeof files };
  changeable.files = () => ({ ...files(), rename: refuse });
  try {
    task();
  } finally {
    changeable.files = files;
  }
}

test("a file that another process has put there is taken, where ours cannot replace it", () => {
  const folder = join(root, "race");
  const inUse = new Error("it is in use");
  refusingToRename(() => {
    throw inUse;
  }, () => assert.throws(() => cacheFile(folder, "library.so", bytes), inUse));
  refusingToRename((_, to) => {
    writeFileSync(to, bytes);
    throw inUse;
  }, () => assert.equal(cacheFile(folder, "library.so", bytes), `${folder}/library.so`));
  assert.deepEqual(readdirSync(folder), ["library.so"], "nothing is left aside");
});

test("a cache that others could write into is refused", () => {
  const folder = join(root, "open");
  mkdirSync(folder);
  for (const mode of [0o770, 0o702, 0o777]) {
    chmodSync(folder, mode);
    assert.throws(() => cacheFile(folder, "library.so", bytes), /others may write into ".*open"/);
  }
  assert.deepEqual(readdirSync(folder), []);
  const own = join(root, "own");
  mkdirSync(own, { mode: 0o700 });
  const link = join(root, "link");
  symlinkSync(own, link);
  assert.throws(() => cacheFile(link, "library.so", bytes), /others may write into/);
});

test("a file in the place of the cache is an error, not a crash", () => {
  const path = join(root, "file");
  writeFileSync(path, "");
  assert.throws(() => cacheFile(path, "library.so", bytes), /EEXIST|ENOTDIR|exists/i);
});

test("processes that fill a cache at the same time leave nothing but whole files", async () => {
  const folder = join(root, "many");
  const outcomes = await inParallel(6, 6, () => runProgram("caches", [folder]));
  for (const outcome of outcomes) expectExit(outcome, 0);
  const names = readdirSync(folder);
  assert.equal(names.length, CACHED_FILES, names.join());
  for (const name of names) {
    assert.deepEqual(new Uint8Array(readFileSync(join(folder, name))), cachedBytes);
  }
});
