// @ts-check
/**
 * Runs the tests on another platform than the machine's own.
 *
 *   node scripts/test_platform.mjs PLATFORM [--quick] [--only native,bun] [start of a name...]
 *
 * It gets what it needs itself, builds everything for the platform, and gives the tests a copy of
 * the tree in which that lies where the machine's own would. With --quick it runs as much as the
 * gate has time for.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { runChild, scriptCommand } from "./child.mjs";
import { startCompiler } from "./compiler_service.mjs";
import {
  countsFromLines,
  countsFromReport,
  countsText,
  skipped,
  sum,
  withCrash,
} from "./counts.mjs";
import { unpackDebian, unpackNpm } from "./packages.mjs";
import { platforms } from "./platforms.mjs";
import { startScreen } from "./screen.mjs";
import { root, zigPath } from "./toolchain.mjs";
import { ensureTools } from "./tools.mjs";

/** @typedef {import("./counts.mjs").Counts} Counts */

const buildMsMax = 600_000;
/** Of one file of tests, on the machine itself. */
const fileMsMax = 300_000;
/** What a Bun test needs of the tree. */
const treeParts = [
  "mod.ts",
  "package.json",
  "tsconfig.json",
  "src",
  "cli",
  "scripts",
  "tests",
  "examples",
];

const [name = "", ...rest] = process.argv.slice(2);
const isQuick = rest.includes("--quick");
const onlyAt = rest.indexOf("--only");
const only = onlyAt === -1 ? ["native", "bun"] : (rest[onlyAt + 1] ?? "").split(",");
const files = rest.filter((word, index) =>
  !word.startsWith("--") && (onlyAt === -1 || index !== onlyAt + 1)
);

const platform = platforms[name];
const folder = join(root, "build", name);
/** Hidden, as what else is no test of this machine: `bun test NAME` looks everywhere else. */
const tree = join(folder, ".tree");
const out = join(tree, "zig-out");
const libraries = join(folder, "packages");
const impossiblePath = join(folder, "impossible");
const launcherPath = join(folder, "launch");
const compilerPath = join(folder, "cc");
const reports = join(folder, "reports");

/** @type {Awaited<ReturnType<typeof startScreen>> | undefined} */
let screen;
/** @type {Awaited<ReturnType<typeof startCompiler>> | undefined} */
let compilerService;

process.exitCode = await main();

async function main() {
  if (platform === undefined) {
    console.error(`Cannot test "${name}": there is no such platform`);
    return 1;
  }
  await platform.fetch?.();
  const missing = ensureTools(platform.tools);
  if (missing.length > 0) {
    console.log(`skipped ${name}: ${missing.join(", ")} is missing`);
    return report([skipped]);
  }
  await prepare();
  if (platform.hasNoCompiler) compilerService = await startCompiler(compilerPath);
  if (platform.hasScreen) screen = await startScreen(join(folder, "screen"));
  /** @type {Counts[]} */
  const results = [];
  try {
    if (only.includes("native")) results.push(await runNative());
    if (only.includes("bun")) results.push(await runBun());
  } finally {
    await screen?.[Symbol.asyncDispose]();
    await compilerService?.[Symbol.asyncDispose]();
  }
  return report(results);
}

/** @param {readonly Counts[]} results */
function report(results) {
  const total = sum(results);
  console.log(`siding: ${countsText(total)}`);
  return total.failed === 0 ? 0 : 1;
}

// ---- what they need ----------------------------------------------------------------------------

async function prepare() {
  mkdirSync(reports, { recursive: true });
  if (platform.debian.length > 0) unpackDebian(platform.debian, libraries);
  unpackNpm(platform.bun, bunVersion(), bunFolder());
  platform.setUp?.(folder, bunFolder());
  copyTree();
  await build();
  const launcher = platform.launcher(folder, libraries);
  writeScript(launcherPath, ["exec", ...launcher, '"$@"']);
  writeScript(compilerPath, ["exec", zigPath(), "cc", "-target", platform.target, '"$@"']);
  writeFileSync(
    impossiblePath,
    platform.impossible.map(({ name, reason }) => `${name}\t${reason}\n`).join(""),
  );
  if (platform.runtime !== undefined) await must(compilerPath, platform.runtime(libraries));
}

/** @returns {string} */
function bunVersion() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun;
}

function bunFolder() {
  return join(folder, `bun-${bunVersion()}`);
}

function copyTree() {
  for (const part of treeParts) {
    rmSync(join(tree, part), { recursive: true, force: true });
    cpSync(join(root, part), join(tree, part), { recursive: true });
  }
  rmSync(join(tree, "node_modules"), { force: true });
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
}

async function build() {
  const steps = ["install", ...only.includes("native") ? ["test-programs"] : []];
  const args = [...steps, `-Dtarget=${platform.target}`, "--prefix", out];
  if (platform.forgetsHeaders) args.push("--cache-dir", freshCache());
  const [command, words] = scriptCommand("scripts/build.mjs", args);
  await must(command, words);
}

/** @param {string} command @param {readonly string[]} args */
async function must(command, args) {
  const { code, output } = await runChild(command, args, { timeoutMs: buildMsMax });
  if (code !== 0) throw new Error(`Cannot build for ${platform.target}:\n${output}`);
}

/** Zig's cache for what the headers say now. */
function freshCache() {
  const hash = createHash("sha256");
  for (const part of ["lib", join("tests", "native")]) {
    const names = readdirSync(join(root, part), { encoding: "utf8", recursive: true });
    const headers = names.filter((name) => name.endsWith(".h")).sort();
    for (const name of headers) hash.update(readFileSync(join(root, part, name)));
  }
  const cache = `cache-${hash.digest("hex").slice(0, 16)}`;
  for (const name of readdirSync(folder).filter((name) => name.startsWith("cache-"))) {
    if (name !== cache) rmSync(join(folder, name), { recursive: true });
  }
  return join(folder, cache);
}

/** @param {string} path @param {readonly string[]} words */
function writeScript(path, words) {
  writeFileSync(path, `#!/bin/sh\n${words.join(" ")}\n`);
  chmodSync(path, 0o755);
}

// ---- running -----------------------------------------------------------------------------------

function runNative() {
  return runPart("native", testsIn("tests/native", ".c"), (file) => ({
    args: [program(join(out, "bin", basename(file, ".c")))],
    count: (output) => countsFromLines(output, "native"),
  }));
}

function runBun() {
  const bun = program(join(bunFolder(), "bin", "bun"));
  const files = ["tests", ...platform.tests ?? []].flatMap((place) => testsIn(place, ".ts"));
  return runPart("bun", files, (file) => {
    const path = join(reports, `${basename(file, ".ts")}.xml`);
    rmSync(path, { force: true });
    const outfile = platform.pathOf?.(path) ?? path;
    const reporter = ["--reporter=junit", `--reporter-outfile=${outfile}`];
    return {
      args: [bun, "test", ...reporter, `./${file}`],
      count: () => countsFromReport(path),
    };
  });
}

/** @param {string} path without what the platform adds to it */
function program(path) {
  return existsSync(`${path}.exe`) ? `${path}.exe` : path;
}

/** @param {string} place @param {string} extension */
function testsIn(place, extension) {
  const names = readdirSync(join(tree, place)).filter((name) => name.endsWith(`_test${extension}`));
  return names.map((name) => `${place}/${name}`).filter(isChosen);
}

/** @param {string} file */
function isChosen(file) {
  if (files.length > 0) return files.some((start) => basename(file).startsWith(start));
  return !isQuick || !platform.slow.includes(file);
}

/**
 * Runs each file of tests in a process of its own: what happens in one says nothing about others.
 * @param {string} part @param {readonly string[]} paths
 * @param {(file: string) => { args: string[], count: (output: string) => Counts }} plan
 */
async function runPart(part, paths, plan) {
  const start = Date.now();
  /** @type {Counts[]} */
  const results = [];
  for (const file of paths) {
    const lacking = platform.lacking?.find((row) => row.files.includes(file));
    if (lacking !== undefined) {
      results.push(skipFile(file, lacking.reason));
      continue;
    }
    const { args, count } = plan(file);
    const begun = Date.now();
    const { code, output } = await runChild(launcherPath, args, {
      cwd: tree,
      env: {
        SIDING_TEST_SLOWNESS: String(platform.slowness),
        SIDING_TEST_IMPOSSIBLE: impossiblePath,
        ...platform.startsItself ? {} : { SIDING_TEST_LAUNCHER: launcherPath },
        SIDING_TEST_CC: compilerService?.url ?? compilerPath,
        ...screen && { DISPLAY: screen.display, SIDING_TEST_SCREEN: screen.path },
      },
      timeoutMs: fileMsMax * platform.slowness,
    });
    const counts = withCrash(count(output), code);
    if (counts.failed > 0) console.log(output.trimEnd());
    console.log(`${file}: ${countsText(counts)} (${secondsSince(begun)} s)`);
    tellImpossible(file, counts);
    results.push(counts);
  }
  const total = sum(results);
  console.log(`part ${part}: ${countsText(total)} (${secondsSince(start)} s)`);
  return total;
}

/** Each of its tests counts as skipped. @param {string} file @param {string} reason */
function skipFile(file, reason) {
  const source = readFileSync(join(root, file), "utf8");
  const tests = [...source.matchAll(/^\s*(?:test|TEST)\((["'`])(.*?)\1[,)]/gm)].map((m) => m[2]);
  if (tests.length === 0) throw new Error(`${file} has no tests any more`);
  console.log(`${file}: 0 passed, 0 failed, ${tests.length} skipped`);
  for (const test of tests) console.log(`  skipped "${test}": ${reason}`);
  return { passed: 0, failed: 0, skipped: tests.length };
}

/** @param {string} file @param {Counts} counts */
function tellImpossible(file, counts) {
  const rows = platform.impossible.filter((row) => row.file === file);
  for (const { name, reason } of rows) console.log(`  skipped "${name}": ${reason}`);
  if (counts.failed > 0) return; // who has crashed tells of no skips
  if (rows.length > counts.skipped) throw new Error(`Cannot skip in ${file}: a name is not there`);
}

/** @param {number} start */
function secondsSince(start) {
  return ((Date.now() - start) / 1000).toFixed(1);
}
