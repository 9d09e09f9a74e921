/**
 * Modules with libraries in them, as `siding pack` writes them for an author of bindings.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { type PackedLibrary, readLibrary } from "../../cli/pack/library.ts";
import { renderData, renderModule } from "../../cli/pack/native_module.ts";
import { targetOf } from "../../cli/pack/target.ts";
import type { NativeModule } from "../../mod.ts";
import { platform } from "../../src/embedding.ts";
import { libraryOfC } from "./compiler.ts";

/** A soname with a place for a hash. */
export const hashedSoname = "libauthored-0000000000000000.so";

/** A folder for everything that a test makes of it. */
export const folder: string = mkdtempSync(join(tmpdir(), "siding-authored-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** What the libraries have: an answer that tells them apart, and a counter. */
export const definitions = {
  answer: { parameters: [], result: "i32" },
  next: { parameters: [], result: "i32" },
} as const;

/** Compiles a library with this answer. */
export function compileAnswer(answer: number, soname?: string): Promise<string> {
  const source = `
    static int count;
    int answer(void) { return ${answer}; }
    int next(void) { return ++count; }`;
  return libraryOfC(source, soname);
}

/** A library in a module. */
export interface Authored {
  readonly library: PackedLibrary;
  /** Path of the module. */
  readonly path: string;
  /** Imports it. */
  readonly load: () => Promise<NativeModule>;
}

let count = 0;

/** Packs a library of this platform into a module. */
export function author(path: string): Authored {
  const library = readLibrary(targetOf(platform), path);
  const made = join(folder, `package${++count}`);
  const module = join(made, `${platform}.ts`);
  mkdirSync(made);
  writeFileSync(join(made, `${platform}.json`), renderData(library));
  writeFileSync(module, renderModule("authored", library));
  return { library, path: module, load: () => import(pathToFileURL(module).href) };
}
