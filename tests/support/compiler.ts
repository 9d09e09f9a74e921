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
import { compile, launched } from "./platform.ts";

const folder = mkdtempSync(join(tmpdir(), "siding-c-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let count = 0;

async function compiled(source: string, name: string, flags: readonly string[]): Promise<string> {
  const output = join(folder, name.replace("#", String(++count)));
  const made = await compile(source, ["-std=c11", "-w", "-O1", "-fno-sanitize=all", ...flags]);
  writeFileSync(output, made, { mode: 0o755 });
  return output;
}

/** Compiles a program, runs it, and gives what it writes. */
export async function runC(source: string): Promise<string> {
  const name = process.platform === "win32" ? "program#.exe" : "program#";
  const [program, ...args] = launched(await compiled(source, name, []));
  return execFileSync(program, args, { encoding: "utf8" });
}

/** Compiles a program and gives its path. */
export function programOfC(source: string): Promise<string> {
  return compiled(source, "program#", []);
}

/** Compiles a shared library and gives its path; `soname`: the one that it is linked with. */
export function libraryOfC(source: string, soname?: string): Promise<string> {
  const flags = soname === undefined ? [] : [`-Wl,-soname,${soname}`];
  return compiled(source, "lib#.so", ["-shared", "-fPIC", ...flags]);
}
