// @ts-check
/** The files of C and assembly that make the library on this system, as build.zig names them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

/** @returns {string[]} paths from the root; of Linux where there is a choice */
export function librarySources() {
  const build = readFileSync(join(root, "build.zig"), "utf8");
  const paths = [...build.matchAll(/"(lib\/[\w/]+\.[cs])"/g)].map((match) => match[1]);
  /* with the system's libffi, which keeps its trampolines to itself */
  const foreign = process.arch === "x64"
    ? /\/(bsd|windows)\/|\/platform\/fault_read|\/machine\/(libffi|entrance_sysv|peek_aarch64)/
    : /\/(bsd|windows)\/|\/platform\/fault_read|\/machine\/((entrance_)?sysv|peek_x86_64)/;
  const sources = [...new Set(paths)].filter((path) => !foreign.test(path));
  if (sources.length === 0) throw new Error("Cannot find the C files that build.zig names");
  return sources;
}

/** @returns {string[]} the native tests that this system can run */
export function testSources() {
  const build = readFileSync(join(root, "build.zig"), "utf8");
  const lists = [...build.matchAll(/^const (?:native|posix)_tests = .*?^};/gms)];
  const names = lists.flatMap(([list]) => [...list.matchAll(/"(\w+_test)"/g)]);
  if (names.length === 0) throw new Error("Cannot find the native tests that build.zig names");
  return names.map(([, name]) => `tests/native/${name}.c`).sort();
}

/**
 * Works on all items, on so many at once.
 * @param {readonly string[]} items @param {number} atOnceMax
 * @param {(item: string) => Promise<void>} work
 */
export async function inParallel(items, atOnceMax, work) {
  const left = [...items];
  const workers = Array.from({ length: atOnceMax }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  });
  await Promise.all(workers);
}
