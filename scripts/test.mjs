// @ts-check
/**
 * Builds and tests everything, part by part, and ends with one line of counts.
 *
 *   node scripts/test.mjs [--only PART,PART] [file of a test...]
 *
 * Parts: build native tsan asan cross model litmus fuzz bun deno bindings doc api ok; arm64, musl
 * and windows, which take long under emulation, only where they are named.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runChild, scriptCommand } from "./child.mjs";
import {
  countsFromLines,
  countsFromReport,
  countsText,
  failed,
  passed,
  sum,
  withCrash,
} from "./counts.mjs";
import { bunPath, denoPath, root } from "./toolchain.mjs";
import { ensureTools } from "./tools.mjs";

/**
 * @typedef {import("./counts.mjs").Counts} Counts
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {boolean} [isExtra] run only where it is named
 * @property {boolean} [isPatient] measures nothing: runs beside another such part, after the others
 * @property {number} timeoutMs
 * @property {() => [command: string, args: string[]]} command
 * @property {(output: string, code: number) => Counts} count
 */

const reports = "build/reports";
/** Patient parts that run at a time: one for each processor of a small machine. */
const lanes = 2;
const documents = ["mod.ts", "src", "cli", "README.md", "bindings/README.md", "docs"];

const { only, files } = options(process.argv.slice(2));

/** @type {readonly Part[]} */
const parts = [
  {
    name: "build",
    timeoutMs: 300_000,
    command: () => scriptCommand("scripts/build.mjs"),
    count: (_output, code) => code === 0 ? passed : failed,
  },
  {
    name: "native",
    timeoutMs: 600_000,
    command: () => scriptCommand("scripts/build.mjs", ["test"]),
    count: (output) => countsFromLines(output, "native"),
  },
  {
    name: "tsan",
    timeoutMs: 600_000,
    command: () => scriptCommand("scripts/build.mjs", ["test-tsan"]),
    count: (output) => countsFromLines(output, "native"),
  },
  {
    name: "asan",
    timeoutMs: 600_000,
    command: () => scriptCommand("scripts/test_asan.mjs"),
    count: (output) => countsFromLines(output, "asan"),
  },
  {
    name: "cross",
    isPatient: true,
    timeoutMs: 900_000,
    command: () => scriptCommand("scripts/build.mjs", ["cross"]),
    count: (_output, code) => code === 0 ? passed : failed,
  },
  {
    name: "model",
    isPatient: true,
    timeoutMs: 300_000,
    command: () => scriptCommand("scripts/test_model.mjs"),
    count: (output) => countsFromLines(output, "model"),
  },
  {
    name: "litmus",
    isPatient: true,
    timeoutMs: 600_000,
    command: () => scriptCommand("scripts/test_litmus.mjs"),
    count: (output) => countsFromLines(output, "litmus"),
  },
  {
    name: "fuzz",
    isPatient: true,
    timeoutMs: 300_000,
    command: () => scriptCommand("scripts/fuzz.mjs"),
    count: (output) => countsFromLines(output, "fuzz"),
  },
  {
    name: "bun",
    timeoutMs: 1_200_000,
    command: () => [bunPath(), ["test", ...reporter("bun"), ...bunPaths(testFiles())]],
    count: () => countsFromReport(reportOf("bun")),
  },
  {
    name: "deno",
    timeoutMs: 1_200_000,
    command: () => [denoPath(), ["test", "-A", ...junit("deno"), ...testFiles()]],
    count: () => countsFromReport(reportOf("deno")),
  },
  ...["arm64", "musl", "windows"].map((name) => ({
    name,
    isExtra: true,
    isPatient: true,
    timeoutMs: 900_000,
    command: () => scriptCommand("scripts/test_platform.mjs", [name, "--quick"]),
    count: (/** @type {string} */ output) => countsFromLines(output, "siding"),
  })),
  {
    name: "bindings-bun",
    timeoutMs: 600_000,
    command: () => [bunPath(), ["test", ...reporter("bindings-bun"), ...bunPaths(bindingFiles())]],
    count: () => countsFromReport(reportOf("bindings-bun")),
  },
  {
    name: "bindings-deno",
    timeoutMs: 600_000,
    command: () => [denoPath(), ["test", "-A", ...junit("bindings-deno"), ...bindingFiles()]],
    count: () => countsFromReport(reportOf("bindings-deno")),
  },
  {
    name: "doc",
    isPatient: true,
    timeoutMs: 600_000,
    command: () => [denoPath(), ["test", "-A", "--doc", ...junit("doc"), ...documentFiles()]],
    count: () => countsFromReport(reportOf("doc")),
  },
  {
    name: "api",
    isPatient: true,
    timeoutMs: 300_000,
    command: () => scriptCommand("scripts/test_api.mjs"),
    count: (output) => countsFromLines(output, "api"),
  },
  {
    name: "ok",
    isPatient: true,
    timeoutMs: 300_000,
    command: () => scriptCommand("scripts/ok.mjs"),
    count: (output) => countsFromLines(output, "ok"),
  },
];

process.exitCode = await main();

async function main() {
  mkdirSync(join(root, reports), { recursive: true });
  const unknown = only.filter((name) => !parts.some((part) => isPart(part, name)));
  if (unknown.length > 0) {
    console.error(`Cannot run "${unknown.join('", "')}": there is no such part`);
    return 1;
  }
  const chosen = parts.filter((part) =>
    only.length === 0 ? !part.isExtra : only.some((name) => isPart(part, name))
  );
  const patient = chosen.filter(({ isPatient }) => isPatient);
  if (patient.length > 1) ensureTools(); // for two that run at once cannot both install
  const alone = await runAll(chosen.filter(({ isPatient }) => !isPatient));
  const beside = await Promise.all(Array.from({ length: lanes }, () => runAll(patient)));
  const total = sum([...alone, ...beside.flat()]);
  console.log(`siding: ${countsText(total)}`);
  return total.failed === 0 ? 0 : 1;
}

/**
 * Whether a name means a part; "bindings" means both of its parts.
 * @param {Part} part @param {string} name
 */
function isPart(part, name) {
  return part.name === name || part.name.startsWith(`${name}-`);
}

/** Runs one part after the other, and takes them off the list. @param {Part[]} left */
async function runAll(left) {
  /** @type {Counts[]} */
  const results = [];
  for (let part = left.shift(); part !== undefined; part = left.shift()) {
    results.push(await runPart(part));
  }
  return results;
}

/** @param {Part} part @returns {Promise<Counts>} */
async function runPart({ name, timeoutMs, command, count }) {
  rmSync(reportOf(name), { force: true });
  const start = Date.now();
  const { code, output } = await outcome(command, timeoutMs);
  const counts = withCrash(count(output, code), code);
  const shown = counts.failed > 0 ? output : skipLines(output);
  if (shown.trim() !== "") console.log(shown.trimEnd());
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`part ${name}: ${countsText(counts)} (${seconds} s)`);
  return counts;
}

/** @param {Part["command"]} command @param {number} timeoutMs */
async function outcome(command, timeoutMs) {
  try {
    const [program, args] = command();
    return await runChild(program, args, { timeoutMs });
  } catch (error) {
    return { code: 1, output: error instanceof Error ? error.message : String(error) };
  }
}

/** What was skipped is said even when all went well. @param {string} output */
function skipLines(output) {
  return output.split("\n").filter((line) =>
    /\bskip(ped)?\b/i.test(line) && !/ 0 skipped/.test(line)
  )
    .join("\n");
}

/** @param {string} name */
function reportOf(name) {
  return join(root, reports, `${name}.xml`);
}

/** @param {string} name */
function reporter(name) {
  return ["--reporter=junit", `--reporter-outfile=${reportOf(name)}`];
}

/** @param {string} name */
function junit(name) {
  return [`--junit-path=${reportOf(name)}`];
}

/** The tests of bindings are parts of their own, for they need libraries of the system. */
function testFiles() {
  if (files.length > 0) return files;
  const names = readdirSync(join(root, "tests")).filter((name) => name.endsWith("_test.ts"));
  return names.map((name) => `tests/${name}`);
}

/** Without what they need, the tests say so and are skipped. */
function bindingFiles() {
  ensureTools();
  return files.length > 0 ? files : ["tests/bindings"];
}

/** Bun takes a name without "./" for a pattern. @param {string[]} paths */
function bunPaths(paths) {
  return paths.map((path) => `./${path}`);
}

function documentFiles() {
  return documents.filter((path) => existsSync(join(root, path)));
}

/** @param {string[]} args */
function options(args) {
  const at = args.indexOf("--only");
  if (at === -1) return { only: [], files: args };
  const names = (args[at + 1] ?? "").split(",").filter(Boolean);
  return { only: names, files: args.filter((_, index) => index !== at && index !== at + 1) };
}
