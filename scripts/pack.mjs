// @ts-check
/**
 * Makes of the libraries that `node scripts/build.mjs cross` built what packages carry: each with
 * its content in its name, packed into JSON, and a module to import that by.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packLz4 } from "./lz4.mjs";

/**
 * @typedef {object} Target
 * @property {string} platform as in the names of modules and packages
 * @property {string} triple Zig's name for it
 * @property {string} file name of the library
 * @property {Readonly<Record<string, string[]>>} machine for which npm and Bun install it
 *
 * @typedef {object} PackedLibrary
 * @property {Target} target
 * @property {Buffer} image the library as it is loaded
 * @property {string} name its name with a hash of its content
 * @property {string} packed JSON that holds it
 * @property {string} module source of the module that programs import it by
 */

/** @type {readonly Target[]} */
export const targets = [
  target("linux", "x64", "gnu"),
  target("linux", "arm64", "gnu"),
  target("linux", "x64", "musl"),
  target("linux", "arm64", "musl"),
  target("windows", "x64"),
  target("windows", "arm64"),
  target("darwin", "x64"),
  target("darwin", "arm64"),
];

/** @param {"linux" | "windows" | "darwin"} system @param {string} cpu @param {string} [libc] */
function target(system, cpu, libc) {
  const machine = cpu === "arm64" ? "aarch64" : "x86_64";
  const names = {
    linux: [`linux-${libc === "gnu" ? "gnu.2.28" : libc}`, "libsiding.so"],
    windows: ["windows-gnu", "siding.dll"],
    darwin: ["macos", "libsiding.dylib"],
  };
  const [rest, file] = names[system];
  return {
    platform: [system, cpu, libc].filter(Boolean).join("-"),
    triple: `${machine}-${rest}`,
    file: `${file}`,
    machine: {
      os: [system === "windows" ? "win32" : system],
      cpu: [cpu],
      ...libc === undefined ? {} : { libc: [libc === "gnu" ? "glibc" : libc] },
    },
  };
}

/** build.zig gives the library this soname, and no other text is like it. */
const soname = "libsiding-0000000000000000.so";
const hashDigits = 16;

/**
 * @param {string} folder where the build put the libraries
 * @param {readonly Target[]} targets
 * @returns {PackedLibrary[]}
 */
export function packLibraries(folder, targets) {
  return targets.map((target) => {
    const image = readFileSync(join(folder, target.triple, target.file));
    const hash = createHash("sha256").update(image).digest("hex").slice(0, hashDigits);
    const [stem, suffix] = target.file.split(".");
    const name = `${stem}-${hash}.${suffix}`;
    if (target.file.endsWith(".so")) rename(image, name);
    return { target, image, name, packed: renderPacked(image, name), module: renderModule(target) };
  });
}

/** @param {Buffer} image @param {string} name */
function rename(image, name) {
  const at = image.indexOf(soname);
  if (at < 0 || image.indexOf(soname, at + 1) >= 0) {
    throw new Error(`Cannot name library: "${soname}" must be in it once`);
  }
  image.write(name, at);
}

/**
 * JSON, which runtimes read faster than a module.
 * @param {Buffer} image @param {string} name
 */
function renderPacked(image, name) {
  const packed = packLz4(image).toString("base64");
  return `${JSON.stringify({ name, size: image.length, packed })}\n`;
}

/** @param {Target} target */
function renderModule({ platform }) {
  return `/**
 * libsiding for ${platform}. Made by \`scripts/release.mjs\`.
 *
 * Without it @siding/ffi loads the same when it is imported. Import it before that where nothing
 * can be loaded then: in \`deno compile\`, in bundles, and for programs that must run offline.
 *
 * @module
 */
import { addImage } from "../src/imported_image.ts";
import type { NativeImage } from "../src/native_image.ts";
import packed from "./${platform}.json" with { type: "json" };

/** The library. */
export const image: NativeImage = packed;
addImage("${platform}", image);
`;
}
