// @ts-check
/**
 * Checks the limits of this code base: sizes, names, and which file may know what.
 *
 *   node scripts/tidy.mjs [--self-test]
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findingsOf, functionLinesMedianMax, medians, rules } from "./tidy_rules.mjs";
import { samples } from "./tidy_samples.mjs";
import { readSource } from "./tidy_source.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folders = ["lib", "src", "cli", "bindings", "tests", "bench", "scripts", "examples"];
const files = ["mod.ts", "build.zig"];
const skipped = new Set(["node_modules", "out", "build", ".zig-cache", "zig-out"]);

process.exitCode = process.argv.includes("--self-test") ? selfTest() : tidy();

function tidy() {
  const paths = [...files.filter(isThere), ...folders.filter(isThere).flatMap(walk)];
  const sources = paths.map((path) => readSource(path, readFileSync(join(root, path), "utf8")));
  const findings = sources.flatMap(findingsOf);
  for (const { path, line, rule, message } of findings) {
    console.log(`${path}:${line}: ${rule}: ${message}`);
  }
  const found = medians(sources);
  const summary = found.map(({ name, count, median }) =>
    `${count} ${name} functions, median ${median} lines`
  );
  console.log(`${sources.length} files, ${summary.join("; ")}`);
  const long = found.filter(({ median }) => median > functionLinesMedianMax);
  for (const { name } of long) {
    console.log(`median length of ${name} functions: at most ${functionLinesMedianMax} lines`);
  }
  return findings.length + long.length === 0 ? 0 : 1;
}

/** @param {string} path */
function isThere(path) {
  return statSync(join(root, path), { throwIfNoEntry: false }) !== undefined;
}

/** @param {string} folder @returns {string[]} */
function walk(folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.filter(({ name }) => !skipped.has(name)).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return walk(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Shows that each rule catches what it is for, and only that. */
function selfTest() {
  const failures = samples.flatMap(({ path, text, caught }) => {
    const found = [...new Set(findingsOf(readSource(path, text)).map(({ rule }) => rule))];
    const same = found.join() === caught.join();
    return same ? [] : [`${path}: found [${found}], expected [${caught}]:\n${text.slice(0, 400)}`];
  });
  const covered = new Set(samples.flatMap(({ caught }) => caught));
  for (const rule of Object.keys(rules)) {
    if (!covered.has(rule)) failures.push(`no sample breaks the rule "${rule}"`);
  }
  for (const failure of failures) console.log(failure);
  console.log(`${samples.length} samples, ${failures.length} wrong`);
  return failures.length === 0 ? 0 : 1;
}
