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
import { countsFromReport, countsText, skipped, withCrash } from "./counts.mjs";
import { nodeImpossible } from "./impossible.mjs";
import { unpackNpm } from "./packages.mjs";
import { isMusl, root } from "./toolchain.mjs";

const version = "26.10.0";
const reports = join(root, "build", "reports");
const report = join(reports, "node.xml");
const impossible = join(reports, "node_impossible");
const testsMsMax = 1_800_000;

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} files */
async function main(files) {
  const node = findNode();
  if (node === undefined) {
    console.log(`SKIP no Node.js ${version} for this system\nnode all: ${countsText(skipped)}`);
    return 0;
  }
  mkdirSync(reports, { recursive: true });
  rmSync(report, { force: true });
  writeFileSync(impossible, nodeImpossible.map((row) => `${row.name}\t${row.reason}\n`).join(""));
  const paths = files.length > 0 ? files : all();
  const { code, output } = await runChild(node, [...flags(), ...paths], {
    timeoutMs: testsMsMax,
    env: { SIDING_TEST_IMPOSSIBLE: impossible },
  });
  const counts = withCrash(countsFromReport(report), code);
  const left = nodeImpossible.filter(({ file }) => paths.includes(file));
  for (const { name, reason } of left) console.log(`SKIP ${name}: ${reason}`);
  if (left.length > counts.skipped) throw new Error("Cannot skip a test: its name is not there");
  if (counts.failed > 0) console.log(output);
  console.log(`node all: ${countsText(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}

function findNode() {
  if (process.platform === "win32" || isMusl()) return undefined;
  const folder = join(root, "build", `node-${version}`);
  unpackNpm(`node-${process.platform}-${process.arch}`, version, folder);
  return join(folder, "bin", "node");
}

/** One file after the other: tests measure times. */
function flags() {
  return [
    "--test",
    "--test-concurrency=1",
    "--disable-warning=ExperimentalWarning",
    `--import=${pathToFileURL(join(root, "tests/support/node_globals.ts"))}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=junit",
    `--test-reporter-destination=${report}`,
  ];
}

function all() {
  return readdirSync(join(root, "tests")).filter((name) => name.endsWith("_test.ts"))
    .map((name) => `tests/${name}`);
}
