// @ts-check
/**
 * Compiles the C library and its tests with gcc's AddressSanitizer, LeakSanitizer and
 * UndefinedBehaviorSanitizer, and runs them. Linux only.
 *
 *   node scripts/test_asan.mjs
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { inParallel, librarySources, testSources } from "./c_sources.mjs";
import { runChild } from "./child.mjs";
import { countsFromLines, countsText, skipped, sum, withCrash } from "./counts.mjs";
import { root } from "./toolchain.mjs";
import { ensureTools, findTool } from "./tools.mjs";

const output = "build/asan";
const compileMsMax = 120_000;
const runMsMax = 240_000;
const compilersMax = 2;

const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
const flags = ["-std=c11", "-D_GNU_SOURCE", "-g", "-O1", "-fno-omit-frame-pointer", ...sanitizers];
const libraries = ["-lffi", "-lpthread", "-ldl"];
const environment = {
  ASAN_OPTIONS: "detect_leaks=1:abort_on_error=0",
  UBSAN_OPTIONS: "print_stacktrace=1",
};

try {
  process.exitCode = await main();
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const reason = whyNot();
  if (reason !== undefined) {
    console.log(`SKIP ${reason}\nasan: ${countsText(skipped)}`);
    return 0;
  }
  mkdirSync(join(root, output), { recursive: true });
  const programs = testSources();
  await inParallel([...librarySources(), ...programs], compilersMax, compile);
  const results = [];
  for (const program of programs) results.push(await runTest(program));
  const counts = sum(results);
  console.log(`asan: ${countsText(counts)}`);
  return counts.failed === 0 && results.length > 0 ? 0 : 1;
}

function whyNot() {
  if (process.platform !== "linux") return "the sanitizers of gcc: not on this system";
  ensureTools();
  const missing = ["gcc", "libffi"].find((name) => findTool(name) === undefined);
  return missing === undefined ? undefined : `tool missing: ${missing}`;
}

/** @param {string} source */
function objectOf(source) {
  return `${output}/${source.replaceAll("/", "_")}.o`;
}

/** @param {string} source */
async function compile(source) {
  await gcc([...flags, "-c", source, "-o", objectOf(source)], `Cannot compile "${source}"`);
}

/** @param {string} program the source of its main function */
async function runTest(program) {
  const path = `${output}/${program.replace(/^.*\/|\.c$/g, "")}`;
  const objects = [program, ...librarySources()].map(objectOf);
  await gcc([...sanitizers, ...objects, "-o", path, ...libraries], `Cannot link "${path}"`);
  const { code, output: text } = await runChild(join(root, path), [], {
    timeoutMs: runMsMax,
    env: environment,
  });
  console.log(text.trimEnd());
  if (code !== 0) console.log(`${path}: exit code ${code}`);
  return withCrash(countsFromLines(text, "native"), code);
}

/** @param {string[]} args @param {string} action */
async function gcc(args, action) {
  const compiler = `${findTool("gcc")}`;
  const { code, output: text } = await runChild(compiler, args, { timeoutMs: compileMsMax });
  if (code !== 0) throw new Error(`${action}:\n${text}`);
}
