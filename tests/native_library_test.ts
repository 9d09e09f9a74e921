import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { functions } from "../src/generated/functions.ts";
import { abiVersion } from "../src/generated/siding.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { libraryOfC } from "./support/compiler.ts";
import { foreignHeader } from "./support/elf.ts";
import { test } from "./support/harness.ts";
import { sidingPath, testlibPath } from "./support/testlib.ts";

const folder = mkdtempSync(join(tmpdir(), "siding-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The one line that a program prints when it is told to load libsiding from `path`. */
async function lineFor(path: string): Promise<string> {
  const outcome = await runProgram("answer", [], { env: { SIDING_LIBRARY: path } });
  expectExit(outcome, 3);
  const lines = outcome.stdout.trimEnd().split("\n");
  assert.equal(lines.length, 1, outcome.stdout);
  return lines[0]!;
}

/** The line says what was looked for, where, why it is no use, and what to do. */
async function refuses(path: string, reason: RegExp): Promise<void> {
  const line = await lineFor(path);
  const system = process.platform === "win32" ? "windows" : process.platform;
  const machine = `${system} ${process.arch}`;
  const start = `SidingError ERR_SIDING_NATIVE: Cannot load libsiding for ${machine}, ` +
    `ABI ${abiVersion} from "${path}": `;
  assert.ok(line.startsWith(start), line);
  assert.match(line, reason);
  assert.ok(line.endsWith("; name that of this version and platform, or none"), line);
}

/** A library with every function of libsiding's, none of which does anything. */
function compileImpostor(version: number): Promise<string> {
  const names = Object.keys(functions).filter((name) => name !== "siding_abi_version");
  const lines = names.map((name) => `int ${name}(void) { return 0; }`);
  return libraryOfC([`int siding_abi_version(void) { return ${version}; }`, ...lines].join("\n"));
}

test("C6: a missing libsiding gives one line: what, where, and what to do", async () => {
  await refuses("/nowhere/libsiding.so", /nowhere/);
});

test("C6: a libsiding for another processor gives one line", async () => {
  const path = join(folder, "foreign.so");
  writeFileSync(path, foreignHeader());
  await refuses(path, /it is for \w+ \w+/);
});

test("C6: a file that is no library gives one line", async () => {
  const path = join(folder, "text.so");
  writeFileSync(path, "no library at all\n");
  await refuses(path, /it is no library/);
});

test("C6: a library that is not libsiding gives one line", async () => {
  await refuses(testlibPath, /siding_/);
});

test("C6: a libsiding of another ABI version gives one line", async () => {
  await refuses(
    await compileImpostor(abiVersion + 1),
    new RegExp(
      `its ABI is ${abiVersion + 1};`,
    ),
  );
});

test("C6: a libsiding whose records have other sizes gives one line", async () => {
  await refuses(
    await compileImpostor(abiVersion),
    /its records measure 0, 0, .* bytes, not/,
  );
});

test("C6: SIDING_LIBRARY names the libsiding to load", async () => {
  const outcome = await runProgram("answer", [], { env: { SIDING_LIBRARY: sidingPath } });
  expectExit(outcome, 0);
  assert.equal(outcome.stdout.trim(), "42");
});
