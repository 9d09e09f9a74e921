// @ts-check
/** Writes the trees of the packages for JSR and npm. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { renderFilesCarrier, renderModulesCarrier, renderPackagesCarrier } from "./carriers.mjs";
import { scriptCommand } from "./child.mjs";
import { root, run, tscPath } from "./toolchain.mjs";

/**
 * @typedef {import("./pack.mjs").PackedLibrary} PackedLibrary
 * @typedef {import("./pack.mjs").Target} Target
 */

const scope = "@siding/ffi-";
const documents = ["README.md", "LICENSE", "CHANGELOG.md"];

/**
 * The package for JSR: sources, and a module for each platform.
 * @param {string} jsr its folder @param {readonly PackedLibrary[]} libraries
 */
export function writeJsr(jsr, libraries) {
  copyTree(jsr);
  const carrier = renderModulesCarrier(libraries.map(({ target }) => target));
  write(join(jsr, "src", "carrier.ts"), carrier);
  const { name, version, license, compilerOptions } = readJson("deno.json");
  const modules = libraries.map(({ target, packed, module }) => {
    const path = `native/${target.platform}`;
    write(join(jsr, `${path}.json`), packed);
    write(join(jsr, `${path}.ts`), module);
    return [`./${path}`, `./${path}.ts`];
  });
  const exports = { ".": "./mod.ts", ...Object.fromEntries(modules) };
  const include = ["mod.ts", "src", "native", ...documents];
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
 * @param {string} npm their folder @param {readonly PackedLibrary[]} libraries
 * @param {string} version
 */
export async function writeNpm(npm, libraries, version) {
  const main = join(npm, "ffi");
  const targets = libraries.map(({ target }) => target);
  await compile(main);
  write(join(main, "src", "carrier.js"), renderPackagesCarrier(scope, targets));
  write(join(main, "src", "carrier_bun.js"), renderFilesCarrier(scope, libraries));
  redirectCarrier(join(main, "src", "loader.js"));
  documents.forEach((name) => cpSync(join(root, name), join(main, name)));
  writeJson(join(main, "package.json"), mainManifest(version, targets));
  for (const { target, image } of libraries) {
    const folder = join(npm, `ffi-${target.platform}`);
    write(join(folder, target.file), image);
    cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
    writeJson(join(folder, "package.json"), platformManifest(target, version));
  }
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

/** Neither runtime takes types out of what is below node_modules. @param {string} main */
async function compile(main) {
  const sources = `${main}-sources`;
  copyTree(sources);
  const types = ["--typeRoots", join(root, "node_modules", "@types")];
  const shape = ["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"];
  await must(tscPath(), [
    ...["--outDir", main, "--declaration", "--rewriteRelativeImportExtensions", "--skipLibCheck"],
    ...[...shape, ...types, "--types", "bun,node", "--ignoreConfig", join(sources, "mod.ts")],
  ]);
  rmSync(sources, { recursive: true });
}

/** Which of the two carriers it is, the runtime decides. @param {string} path */
function redirectCarrier(path) {
  const parts = readFileSync(path, "utf8").split('"./carrier.js"');
  if (parts.length !== 2) throw new Error(`Cannot redirect imports of the carrier in "${path}"`);
  write(path, parts.join('"#carrier"'));
}

/** @param {string} version @param {readonly Target[]} targets */
function mainManifest(version, targets) {
  const { name, description, license } = readJson("package.json");
  const packages = targets.map(({ platform }) => [`${scope}${platform}`, version]);
  return {
    name,
    version,
    description,
    license,
    type: "module",
    exports: { ".": { types: "./mod.d.ts", default: "./mod.js" } },
    imports: { "#carrier": { bun: "./src/carrier_bun.js", default: "./src/carrier.js" } },
    optionalDependencies: Object.fromEntries(packages),
  };
}

/** @param {Target} target @param {string} version */
function platformManifest({ platform, file, machine }, version) {
  return {
    name: `${scope}${platform}`,
    version,
    description: `libsiding for ${platform}, a part of @siding/ffi`,
    license: readJson("package.json").license,
    ...machine,
    exports: { [`./${file}`]: `./${file}` },
    files: [file],
  };
}

/** @param {string} folder */
function copyTree(folder) {
  for (const name of ["mod.ts", "src", ...documents]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
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
