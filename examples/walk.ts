// nftw(3) calls back for every entry of a tree: here as a stream that may be slow, and be left.
//
//   bun examples/walk.ts [FOLDER]      deno run --allow-ffi examples/walk.ts [FOLDER]
import process from "node:process";
import { callback, open } from "@siding/ffi";

const visit = {
  parameters: [
    "cstring",
    "pointer",
    "i32",
    { copy: { struct: { base: "i32", level: "i32" } } },
  ],
  result: "i32",
} as const;
const libc = open({ linux: "libc.so.6" }, {
  nftw: { parameters: ["cstring", { function: visit }, "i32", "i32"], result: "i32" },
});

const folder = process.argv[2] ?? "/usr/share";
const entries = callback.stream(visit, { returns: 0 });
const walk = libc.nftw(folder, entries, 16, 1); // 1: FTW_PHYS, symbolic links are not followed
walk.finally(() => entries.end()); // after what it has told of
const levels: number[] = [];
for await (const [, , , place] of entries) levels[place!.level] = (levels[place!.level] ?? 0) + 1;
console.log(`${await walk === 0 ? "all of" : "a part of"} ${folder}`);
levels.forEach((count, level) => console.log(`level ${level}: ${count} entries`));
