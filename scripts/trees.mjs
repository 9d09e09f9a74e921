// @ts-check
/** Writes the trees of the packages for JSR and npm. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { renderDataCarrier, renderEntry, renderModulesCarrier } from "./carriers.mjs";
import { scriptCommand, typeScriptCommand } from "./child.mjs";
import { root, run, tscPath } from "./toolchain.mjs";

/** @typedef {import("./targets.mjs").Target} Target */

const scope = "@siding/ffi-";
const sources = ["mod.ts", "src", "cli"];
/** What `bunx @siding/ffi` runs. */
const command = "cli/siding.ts";
const documents = ["README.md", "LICENSE", "CHANGELOG.md"];

/**
 * The package for JSR: sources, and JSON and a module for each platform.
 * @param {string} jsr its folder @param {string} packed what packLibraries wrote
 * @param {readonly Target[]} targets
 */
export function writeJsr(jsr, packed, targets) {
  copySources(jsr, packed, renderDataCarrier(targets));
  for (const target of targets) {
    write(join(jsr, "native", `${target.platform}.ts`), renderEntry(target));
  }
  const { name, version, license, exports: own, compilerOptions } = readJson("deno.json");
  const modules = targets.map(({ platform }) => [
    `./native/${platform}`,
    `./native/${platform}.ts`,
  ]);
  const exports = { ...own, ...Object.fromEntries(modules) };
  const include = [...sources, "native", ...documents];
  writeJson(join(jsr, "deno.json"), {
    name,
    version,
    license,
    exports,
    publish: { include },
    compilerOptions,
  });
}

/**
 * The packages for npm: one of JavaScript, and one for each platform with its library.
 * @param {string} npm their folder @param {string} packed what packLibraries wrote
 * @param {readonly Target[]} targets @param {string} version
 */
export async function writeNpm(npm, packed, targets, version) {
  const main = join(npm, "ffi");
  await compile(main, packed, targets);
  documents.forEach((name) => cpSync(join(root, name), join(main, name)));
  writeJson(join(main, "package.json"), mainManifest(version, targets));
  for (const { platform } of targets) {
    const name = `ffi-${platform}`;
    cpSync(join(packed, "npm", name), join(npm, name), { recursive: true });
  }
}

/**
 * Packs what `buildPlatforms` built, as any author of bindings would.
 * @param {string} folder where it did @param {readonly Target[]} targets
 * @param {string} packed a folder
 */
export async function packLibraries(folder, targets, packed) {
  const libraries = targets.flatMap(({ platform, triple, file }) => [
    "--target",
    platform,
    join(resolve(folder), "cross", triple, file),
  ]);
  await must(...typeScriptCommand("cli/pack.ts", ["--out", resolve(packed), ...libraries]));
}

/**
 * Builds the libraries of some platforms.
 * @param {string} folder they come into `cross` in it @param {readonly Target[]} targets
 * @param {readonly string[]} options of `zig build`
 */
export async function buildPlatforms(folder, targets, options = []) {
  const chosen = targets.map(({ triple }) => `-Dcross-target=${triple}`);
  const args = ["cross", "--prefix", resolve(folder), ...chosen, ...options];
  await must(...scriptCommand("scripts/build.mjs", args));
}

/**
 * Neither runtime takes types out of what is below node_modules.
 * @param {string} main @param {string} packed @param {readonly Target[]} targets
 */
async function compile(main, packed, targets) {
  const from = `${main}-sources`;
  copySources(from, packed, renderModulesCarrier(targets));
  const entries = [...Object.values(readJson("deno.json").exports), command];
  const types = ["--typeRoots", join(root, "node_modules", "@types")];
  const shape = ["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"];
  await must(tscPath(), [
    ...["--outDir", main, "--declaration", "--rewriteRelativeImportExtensions", "--skipLibCheck"],
    ...[...shape, ...types, "--types", "bun,node", "--ignoreConfig"],
    ...entries.map((entry) => join(from, entry)),
  ]);
  rmSync(from, { recursive: true });
  rmSync(join(main, "native"), { recursive: true });
  cpSync(join(packed, "npm", "native"), join(main, "native"), { recursive: true });
}

/** @param {string} version @param {readonly Target[]} targets */
function mainManifest(version, targets) {
  const { name, description, license } = readJson("package.json");
  const exports = Object.entries(readJson("deno.json").exports).map(([entry, path]) => [
    entry,
    { types: compiled(path, "d.ts"), default: compiled(path, "js") },
  ]);
  const packages = targets.map(({ platform }) => [`${scope}${platform}`, version]);
  return {
    name,
    version,
    description,
    license,
    type: "module",
    bin: { siding: compiled(command, "js") },
    exports: Object.fromEntries(exports),
    optionalDependencies: Object.fromEntries(packages),
  };
}

/** What a source becomes. @param {string} path @param {string} extension */
function compiled(path, extension) {
  return path.replace(/ts$/, extension);
}

/** @param {string} folder @param {string} packed @param {string} carrier */
function copySources(folder, packed, carrier) {
  for (const name of [...sources, ...documents]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  cpSync(join(packed, "native"), join(folder, "native"), { recursive: true });
  write(join(folder, "src", "carrier.ts"), carrier);
}

/** @param {string} command @param {readonly string[]} args @param {string} [cwd] */
export async function must(command, args, cwd = root) {
  const code = await run(command, args, { cwd });
  if (code !== 0) throw new Error(`Cannot release: "${command} ${args[0]}" ended with ${code}`);
}

/** @param {string} name */
export function readText(name) {
  return readFileSync(join(root, name), "utf8");
}

/** @param {string} name */
export function readJson(name) {
  return JSON.parse(readText(name));
}

/** @param {string} path @param {string | Buffer} content */
function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** @param {string} path @param {unknown} value */
function writeJson(path, value) {
  write(path, `${JSON.stringify(value, null, 2)}\n`);
}
