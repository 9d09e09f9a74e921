import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alloc, callback, Context, copyBytes, open, read } from "../mod.ts";
import { test } from "./support/harness.ts";

const compare = { parameters: [{ copy: "f64" }, { copy: "f64" }], result: "i32" } as const;
const start = { parameters: ["pointer"], result: "pointer" } as const;
const visit = { parameters: ["cstring", "pointer", "i32", "pointer"], result: "i32" } as const;
const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib", windows: "ucrtbase.dll" }, {
  qsort: {
    parameters: ["buffer", "usize", "usize", { function: compare }],
    result: "void",
  },
  bsearch: {
    parameters: [{ in: "f64" }, "pointer", "usize", "usize", { function: compare }],
    result: "pointer",
  },
  nftw: { parameters: ["cstring", { function: visit }, "i32", "i32"], result: "i32" },
  pthread_create: {
    parameters: ["pointer", "pointer", { function: start }, "pointer"],
    result: "i32",
  },
  pthread_join: { parameters: ["u64", { out: "pointer" }], result: "i32" },
});
const NUMBERS = 2000;
const ENTRIES = 50_000;
const FOLDERS = 50;
/* in memory where the system has such a folder: making the files is not what is tried here */
const fast = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

function shuffled(): Float64Array {
  return Float64Array.from({ length: NUMBERS }, (_, index) => (index * 7919) % NUMBERS);
}

const sorted = Float64Array.from({ length: NUMBERS }, (_, index) => index);

test("E12: qsort on any thread, on a context and on this thread", async () => {
  using ascending = callback.call(compare, (a, b) => Math.sign(a! - b!), { fallback: 0 });
  const here = shuffled();
  libc.qsort.sync(here, NUMBERS, 8, ascending);
  assert.deepEqual(here, sorted);
  const there = shuffled();
  await libc.qsort(there, NUMBERS, 8, ascending);
  assert.deepEqual(there, sorted);
  await using context = await Context.acquire();
  const own = shuffled();
  await context.use(libc).qsort(own, NUMBERS, 8, ascending);
  assert.deepEqual(own, sorted);
});

test("E12: bsearch", async () => {
  using memory = alloc(NUMBERS * 8);
  copyBytes(sorted, memory);
  using order = callback.call(compare, (a, b) => Math.sign(a! - b!), { fallback: 0 });
  const { bsearch } = libc;
  assert.equal(await bsearch(1234, memory.pointer, NUMBERS, 8, order), memory.pointer + 1234 * 8);
  assert.equal(bsearch.sync(0.5, memory.pointer, NUMBERS, 8, order), null);
});

test("E12: pthread_create runs a JavaScript function", async () => {
  using thread = alloc(8);
  using routine = callback.call(start, async (given) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return (given! + 1) as never;
  }, { fallback: null });
  assert.equal(await libc.pthread_create(thread.pointer, null, routine, 41 as never), 0);
  const { out: [given] } = await libc.pthread_join(read(thread, "u64"));
  assert.equal(given, 42);
});

test("E12: nftw walks 50,000 entries as a stream, and the event loop stays free", async () => {
  const root = mkdtempSync(join(fast, "siding-walk-"));
  try {
    for (let folder = 0; folder < FOLDERS; folder++) {
      const path = join(root, String(folder));
      mkdirSync(path);
      for (let file = 0; file < ENTRIES / FOLDERS; file++) {
        writeFileSync(join(path, String(file)), "");
      }
    }
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const entries = callback.stream(visit, { returns: 0 });
    const walk = libc.nftw(root, entries, 16, 0).then((result) => {
      entries.end();
      return result;
    });
    const paths = new Set<string>();
    for await (const [path] of entries) paths.add(path!);
    clearInterval(timer);
    assert.equal(await walk, 0);
    assert.equal(paths.size, ENTRIES + FOLDERS + 1);
    assert.ok(paths.has(join(root, "7", "13")));
    assert.ok(ticks > 5, `${ticks} ticks`);
  } finally {
    rmSync(root, { recursive: true });
  }
});
