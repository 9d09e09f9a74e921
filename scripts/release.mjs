// @ts-check
/**
 * Makes the packages for JSR and npm under build/release, and checks them. It publishes nothing
 * unless told to. Like the other scripts it runs on Node, Bun or Deno alike.
 *
 *   node scripts/release.mjs [--once] [--publish]
 *
 * --once: does not build a second time to compare; --publish: also puts them on the registries.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { targets } from "./targets.mjs";
import { capture, denoPath, root } from "./toolchain.mjs";
import {
  buildPlatforms,
  must,
  packLibraries,
  readJson,
  readText,
  writeJsr,
  writeNpm,
} from "./trees.mjs";

const out = join(root, "build", "release");
const jsr = join(out, "jsr");
const npm = join(out, "npm");
const packed = join(out, "packed");
/**
 * Of src/carrier.ts, of src/runtime/bun.ts, whose import only Bun can resolve, and of
 * cli/doctor/definitions.ts, which imports what the user names.
 */
const knownWarnings = Array(3).fill("unanalyzable-dynamic-import");
const packedBytesMax = 3 * 1024 * 1024;

const unknown = process.argv.slice(2).filter((one) => !["--once", "--publish"].includes(one));
if (unknown.length > 0) throw new Error(`Cannot release: "${unknown.join(" ")}" is no option`);
await release();

async function release() {
  rmSync(out, { recursive: true, force: true });
  const version = readVersion();
  await build("first");
  if (!process.argv.includes("--once")) await compareBuilds();
  await packLibraries(join(out, "first"), targets, packed);
  checkSizes();
  writeJsr(jsr, packed, targets);
  await writeNpm(npm, packed, targets, version);
  await dryRun();
  printChecksums();
  if (process.argv.includes("--publish")) await publish();
  else console.log("published nothing: --publish does");
}

/** The same in every file that has it. */
function readVersion() {
  const versions = ["deno.json", "package.json"].map((name) => readJson(name).version);
  versions.push(readText("build.zig.zon").match(/\.version = "([^"]+)"/)?.[1]);
  versions.push(readText("CHANGELOG.md").match(/^## (\S+)/m)?.[1]);
  versions.push(readText("cli/version.ts").match(/version = "([^"]+)"/)?.[1]);
  if (new Set(versions).size !== 1) {
    throw new Error(`Cannot release: versions differ: ${versions.join(", ")}`);
  }
  return versions[0];
}

/** A build that finds nothing of an earlier one. @param {string} name */
async function build(name) {
  const cache = join(out, `${name}-cache`);
  await buildPlatforms(join(out, name), targets, ["--cache-dir", cache]);
  rmSync(cache, { recursive: true });
}

async function compareBuilds() {
  await build("second");
  const differing = targets.filter(({ triple, file }) => {
    const [first, second] = ["first", "second"].map((name) =>
      readFileSync(join(out, name, "cross", triple, file))
    );
    return first === undefined || second === undefined || !first.equals(second);
  });
  if (differing.length === 0) return console.log("built twice: the same bytes");
  throw new Error(`Cannot reproduce ${differing.map(({ platform }) => platform).join(", ")}`);
}

function checkSizes() {
  const sizes = targets.map(({ platform }) =>
    statSync(join(packed, "native", `${platform}.json`)).size
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > packedBytesMax) throw new Error(`Cannot release: packed they have ${total} bytes`);
}

/** Everything that JSR checks, slow types included. */
async function dryRun() {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const env = { ...process.env, NO_COLOR: "1" };
  const { code, stdout, stderr } = await capture(denoPath(), args, { cwd: jsr, env });
  const warnings = Array.from(
    (stdout + stderr).matchAll(/^warning\[([\w-]+)\]/gm),
    ([, name]) => name,
  );
  if (code !== 0 || warnings.join() !== knownWarnings.join()) {
    throw new Error(`Cannot publish to JSR:\n${stdout}${stderr}`);
  }
  console.log("deno publish --dry-run: no slow types, nothing new to warn of");
}

function printChecksums() {
  for (const path of filesIn(out).filter((one) => /^(jsr|npm)\//.test(one))) {
    console.log(
      `${createHash("sha256").update(readFileSync(join(out, path))).digest("hex")}  ${path}`,
    );
  }
}

/** The platforms first: a package must not name what is not there. */
async function publish() {
  const names = [...targets.map(({ platform }) => `ffi-${platform}`), "ffi"];
  for (const name of names) {
    await must("npm", ["publish", "--access", "public"], join(npm, name));
  }
  await must(denoPath(), ["publish", "--allow-dirty"], jsr);
}

/** @param {string} folder @param {string} [below] @returns {string[]} */
function filesIn(folder, below = "") {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? filesIn(folder, path) : [path];
  }).sort();
}
