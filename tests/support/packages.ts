/**
 * The packages as `scripts/release.mjs` makes them.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { packLz4 } from "../../cli/pack/lz4.ts";
import { type PackedImage, unpack } from "../../src/native_image.ts";
import { runtimeName } from "./harness.ts";
import { type Manifest, packJsrForNpm, packNpm, type Tarball } from "./tarball.ts";

/** This platform in the names of modules and packages; tests run on no other system. */
export const platform: string = `linux-${process.arch}-gnu`;

/** A folder for everything that tests make of the packages. */
export const folder: string = mkdtempSync(join(tmpdir(), "siding-packages-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const root = fileURLToPath(new URL("../../", import.meta.url));

let made = false;
let copies = 0;

/** Where the trees are: `jsr`, and `npm` with a folder for each package. */
function trees(): string {
  const path = join(folder, "trees");
  if (made) return path;
  const flags = runtimeName === "deno" ? ["run", "-A"] : [];
  const args = [...flags, "scripts/trees_for_tests.mjs", path];
  execFileSync(process.execPath, args, { cwd: root, stdio: "pipe" });
  made = true;
  return path;
}

/** A copy of the tree for JSR, to be changed at will. */
export function jsrTree(): string {
  const copy = join(folder, `jsr${copies++}`);
  cpSync(join(trees(), "jsr"), copy, { recursive: true });
  return copy;
}

let jsrPacked: Promise<Tarball> | undefined;

/** The package of JSR as JSR offers it to package managers of npm. */
export function jsrTarball(): Promise<Tarball> {
  return jsrPacked ??= packJsrForNpm(jsrTree());
}

/** Path of a source in the package of JSR as this runtime gets it. */
export function sourcePath(folder: string, name: string): string {
  return join(folder, "src", `${name}.${runtimeName === "deno" ? "ts" : "js"}`);
}

/** The version of a tree for JSR. */
export function versionOf(tree: string): string {
  return (readJson(join(tree, "deno.json")) as Manifest).version;
}

/** Where the tree has the library for this platform. */
export function packedPath(tree: string): string {
  return join(tree, "native", `${platform}.json`);
}

/** What only the module for a platform has in it. */
export function packedText(platform: string): string {
  const path = join(trees(), "jsr", "native", `${platform}.json`);
  return (readJson(path) as PackedImage).packed;
}

/** Makes another version of a tree, which has a library of its own. */
export function changeVersion(tree: string, version: string): void {
  const manifest = join(tree, "deno.json");
  writeJson(manifest, { ...readJson(manifest) as object, version });
  const path = packedPath(tree);
  const image = readJson(path) as PackedImage;
  const name = image.name.replace(/[0-9a-f]{16}/, (hash) => [...hash].reverse().join(""));
  const bytes = Buffer.from(unpack(image));
  bytes.write(name, bytes.indexOf(image.name));
  writeJson(path, { ...image, name, packed: packLz4(bytes).toBase64() });
}

let tarballs: Promise<Tarball[]> | undefined;

/** The packages for npm, packed: the one of JavaScript, and one for each platform. */
export function npmTarballs(): Promise<Tarball[]> {
  return tarballs ??= packAll();
}

async function packAll(): Promise<Tarball[]> {
  const npm = join(trees(), "npm");
  const { optionalDependencies } = readJson(join(npm, "ffi", "package.json")) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  const names = ["@siding/ffi", ...Object.keys(optionalDependencies)];
  return await Promise.all(names.map((name) => packNpm(join(npm, name.split("/")[1]!))));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}
