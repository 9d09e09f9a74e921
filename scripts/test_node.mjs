// @ts-check
/**
 * Runs the tests that Bun and Deno run under Node.js 26, from its package on npm. That package is
 * no dependency, for as one its program would take the place of the Node.js that runs npm.
 *
 *   node scripts/test_node.mjs [file of a test...]
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { runChild } from "./child.mjs";
import { countsFromReport, countsText, skipped, sum, withCrash } from "./counts.mjs";
import { nodeImpossible } from "./impossible.mjs";
import { unpackNpm } from "./packages.mjs";
import { isMusl, root } from "./toolchain.mjs";

const version = "26.10.0";
const reports = join(root, "build", "reports");
const report = join(reports, "node.xml");
const impossible = join(reports, "node_impossible");
const fileMsMax = 600_000;

/** Types are taken out of the sources once. */
const environment = {
  NODE_COMPILE_CACHE: join(root, "build", "node-cache"),
  SIDING_TEST_IMPOSSIBLE: impossible,
};

const flags = [
  "--disable-warning=ExperimentalWarning",
  `--import=${pathToFileURL(join(root, "tests/support/node_globals.ts"))}`,
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  "--test-reporter=junit",
  `--test-reporter-destination=${report}`,
];

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} files */
async function main(files) {
  const node = findNode();
  if (node === undefined) {
    console.log(`SKIP no Node.js ${version} for this system\nnode all: ${countsText(skipped)}`);
    return 0;
  }
  mkdirSync(reports, { recursive: true });
  writeFileSync(impossible, nodeImpossible.map((row) => `${row.name}\t${row.reason}\n`).join(""));
  const results = [];
  for (const file of files.length > 0 ? files : all()) results.push(await runFile(node, file));
  const counts = sum(results);
  console.log(`node all: ${countsText(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}

function findNode() {
  if (process.platform === "win32" || isMusl()) return undefined;
  const folder = join(root, "build", `node-${version}`);
  unpackNpm(`node-${process.platform}-${process.arch}`, version, folder);
  return join(folder, "bin", "node");
}

/** `node --test` would have each file write a report of the process on SIGUSR2. */
async function runFile(/** @type {string} */ node, /** @type {string} */ file) {
  rmSync(report, { force: true });
  const { code, output } = await runChild(node, [...flags, file], {
    timeoutMs: fileMsMax,
    env: environment,
  });
  const counts = withCrash(countsFromReport(report), code);
  console.log(counts.failed > 0 ? output : `${file}: ${countsText(counts)}`);
  const left = nodeImpossible.filter((row) => row.file === file);
  for (const { name, reason } of left) console.log(`SKIP ${name}: ${reason}`);
  if (left.length > counts.skipped) throw new Error(`Cannot skip in ${file}: a name is not there`);
  return counts;
}

function all() {
  return readdirSync(join(root, "tests")).filter((name) => name.endsWith("_test.ts"))
    .map((name) => `tests/${name}`);
}
