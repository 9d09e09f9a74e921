// nftw(3) walks a tree of many entries and calls back for each: a stream in JavaScript.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { callback, open } from "../../mod.ts";
import { testUnless } from "./need.ts";

const test = testUnless(process.platform === "linux" ? undefined : "struct FTW is Linux's here");

const FOLDERS = 250;
const FILES = 200;
const ENTRIES = 1 + FOLDERS + FOLDERS * FILES;
const FTW_F = 0;
const FTW_PHYS = 1;
const DESCRIPTORS = 16;

const visit = {
  parameters: [
    "cstring",
    "pointer",
    "i32",
    { copy: { struct: { base: "i32", level: "i32" } } },
  ],
  result: "i32",
} as const;

function openLibc() {
  return open("libc.so.6", {
    nftw: { parameters: ["cstring", { function: visit }, "i32", "i32"], result: "i32" },
  });
}

async function withTree(work: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "siding-"));
  try {
    for (let folder = 0; folder < FOLDERS; folder++) {
      const path = join(root, `folder-${folder}`);
      await mkdir(path);
      const files = Array.from({ length: FILES }, (_, file) => join(path, `file-${file}`));
      await Promise.all(files.map((file) => writeFile(file, "")));
    }
    await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

test("E12: nftw of 50,000 entries arrives as a stream, in order, the loop free", async () => {
  await withTree(async (root) => {
    await using libc = openLibc();
    using entries = callback.stream(visit, { returns: 0, capacity: 256 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const start = performance.now();
    const walked = libc.nftw(root, entries, DESCRIPTORS, FTW_PHYS);
    void walked.finally(() => entries.end()); // behind what has come
    const seen = { files: 0, folders: 0 };
    const paths = new Set<string>();
    let folder = "";
    for await (const [path, , kind, place] of entries) {
      if (kind === FTW_F) seen.files++;
      else seen.folders++;
      if (kind !== FTW_F) folder = path!;
      else ok(path!.startsWith(`${folder}/`), "the files of a folder follow it");
      same(path!.slice(place!.base).includes("/"), false);
      paths.add(path!);
      if (paths.size === ENTRIES) break;
    }
    same(await walked, 0);
    clearInterval(timer);
    same(seen, { files: FOLDERS * FILES, folders: FOLDERS + 1 });
    same(paths.size, ENTRIES);
    const ms = performance.now() - start;
    ok(ticks > ms / 20, `${ticks} ticks in ${ms.toFixed(0)} ms`);
  });
});
