/**
 * The C compiler of the tool set.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { compiler, launched } from "./platform.ts";

const folder = mkdtempSync(join(tmpdir(), "siding-c-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function compile(source: string, name: string, flags: readonly string[]): string {
  const input = join(folder, `${++count}.c`);
  const output = join(folder, name.replace("#", String(count)));
  writeFileSync(input, source);
  const options = ["-std=c11", "-w", "-O1", "-fno-sanitize=all", ...flags];
  const [program, ...args] = compiler([...options, "-o", output, input]);
  execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  return output;
}

/** Compiles a program, runs it, and gives what it writes. */
export function runC(source: string): string {
  const [program, ...args] = launched(compile(source, "program#", []));
  return execFileSync(program, args, { encoding: "utf8" });
}

/** Compiles a program and gives its path. */
export function programOfC(source: string): string {
  return compile(source, "program#", []);
}

/** Compiles a shared library and gives its path; `soname`: the one that it is linked with. */
export function libraryOfC(source: string, soname?: string): string {
  const flags = soname === undefined ? [] : [`-Wl,-soname,${soname}`];
  return compile(source, "lib#.so", ["-shared", "-fPIC", ...flags]);
}
