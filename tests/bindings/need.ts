/**
 * Tests of libraries that may not be on the machine: without them they are skipped, which the
 * reports of both runners count.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { open } from "../../mod.ts";
import { test, testUnless } from "../support/harness.ts";

export { testUnless };

/** Declares tests that need a library: what opens it, or why it cannot be opened. */
export function tryOpen<L>(open: () => L): { readonly library: L; readonly test: typeof test } {
  try {
    return { library: open(), test };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== "ERR_SIDING_LIBRARY_NOT_FOUND") throw error;
    return { library: undefined as never, test: testUnless(message) };
  }
}

/** Why a library cannot be used, or `undefined`. */
export function findLibrary(name: string): string | undefined {
  try {
    open(name, {});
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Why a program cannot be run, or `undefined`. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.some((folder) => existsSync(join(folder, name)));
  return found ? undefined : `there is no ${name} on this machine`;
}

/** Why a header cannot be compared with what was written from `version`, or `undefined`. */
export function missingHeader(name: string, version: RegExp): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return "it is compared on x86-64 Linux";
  }
  const folders = ["/usr/include/x86_64-linux-gnu", "/usr/include"];
  const path = folders.map((folder) => `${folder}/${name}`).find(existsSync);
  if (path === undefined) return `the header ${name} is missing`;
  return version.test(readFileSync(path, "utf8")) ? undefined : `${path} is of another version`;
}
