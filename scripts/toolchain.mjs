// Where the programs of the tool set are, and how to run one. They come with `npm ci`; nothing here
// relies on install scripts, which npm and Bun may refuse to run.

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const modules = join(root, "node_modules");
const suffix = process.platform === "win32" ? ".exe" : "";
// Until the package's install script has run, a few hundred bytes stand in for its program.
const placeholderBytesMax = 1_000_000;

/** Path of the Zig compiler. */
export function zigPath() {
  return existing("zig", [
    join(modules, "@zigc", `${process.platform}-${process.arch}`, "bin", `zig${suffix}`),
  ]);
}

/** Path of Bun. */
export function bunPath() {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const machine = process.arch === "arm64" ? "aarch64" : process.arch;
  const libc = isMusl() ? "-musl" : "";
  return existing("bun", [
    join(modules, "bun", "bin", "bun.exe"),
    join(modules, "@oven", `bun-${system}-${machine}${libc}`, "bin", `bun${suffix}`),
    join(modules, "@oven", `bun-${system}-${machine}${libc}-baseline`, "bin", `bun${suffix}`),
  ]);
}

/** Path of Deno. */
export function denoPath() {
  const libc = process.platform === "linux" ? "-glibc" : "";
  return existing("deno", [
    join(modules, "deno", `deno${suffix}`),
    join(modules, "@deno", `${process.platform}-${process.arch}${libc}`, `deno${suffix}`),
  ]);
}

/** Path of the TypeScript compiler. */
export function tscPath() {
  const machine = `typescript-${process.platform}-${process.arch}`;
  return existing("tsc", [join(modules, "@typescript", machine, "lib", `tsc${suffix}`)]);
}

/**
 * Runs a program with this one's input and output.
 * @returns its exit code; 1 when a signal ended it
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/**
 * Runs a program and collects what it writes.
 * @returns its exit code, and both its outputs as text
 */
export function capture(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd: root, ...options, stdio });
    const result = { code: 1, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => result.stdout += text);
    child.stderr.setEncoding("utf8").on("data", (text) => result.stderr += text);
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...result, code: code ?? 1 }));
  });
}

function existing(name, candidates) {
  const found = candidates
    .filter((path) => existsSync(path))
    .find((path) => statSync(path).size > placeholderBytesMax);
  if (found === undefined) {
    throw new Error(`Cannot find ${name}: run "npm ci" first`);
  }
  return found;
}

/** Whether this system's C library is musl. */
export function isMusl() {
  return process.platform === "linux" &&
    process.report.getReport().header.glibcVersionRuntime === undefined;
}
