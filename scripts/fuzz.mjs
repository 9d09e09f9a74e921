// @ts-check
/**
 * Fuzzes every function of siding.h: libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer of
 * clang. What was found interesting stays in build/fuzz/corpus for the next run. Linux only.
 *
 *   node scripts/fuzz.mjs [--seconds N] [--seed N] [input that crashed...]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { inParallel, librarySources } from "./c_sources.mjs";
import { runChild } from "./child.mjs";
import { countsText, failed, passed, skipped } from "./counts.mjs";
import { readHeader } from "./native_header.mjs";
import { root } from "./toolchain.mjs";
import { ensureTools, findTool } from "./tools.mjs";

const secondsDefault = 60;
const harness = "tests/native/fuzz";
const output = "build/fuzz";
const compileMsMax = 120_000;
const compilersMax = 2;
/** Of one input: what takes longer hangs. */
const inputSecondsMax = 20;
const inputBytesMax = 2048;
const memoryMegabytesMax = 2048;
const outputLinesMax = 60;

// Functions are called through types that libffi alone knows.
const sanitizers = "address,undefined";
const flags = [
  ...["-std=c11", "-D_GNU_SOURCE", "-g", "-O1", "-fno-omit-frame-pointer", "-Wall", "-Wextra"],
  ...[`-fsanitize=fuzzer-no-link,${sanitizers}`, "-fno-sanitize=function"],
  "-fno-sanitize-recover=undefined",
];
const libraries = ["-lffi", "-lpthread", "-ldl"];
const environment = {
  ASAN_OPTIONS: "allocator_may_return_null=1:detect_leaks=0",
  UBSAN_OPTIONS: "print_stacktrace=1",
};
/** What libFuzzer says all the time. */
const noise = /NEW_FUNC|\b(NEW|REDUCE|RELOAD|pulse)\b|failed to allocate|^"|recommended dictionary/;

try {
  process.exitCode = await main();
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const { values, positionals: inputs } = parseArgs({
    options: { seconds: { type: "string" }, seed: { type: "string" } },
    allowPositionals: true,
  });
  const seconds = wholeNumber(values.seconds, "--seconds") ?? secondsDefault;
  const seed = wholeNumber(values.seed, "--seed") ?? Date.now() % 2 ** 32;
  const reason = whyNot();
  if (reason !== undefined) {
    console.log(`SKIP ${reason}\nfuzz abi: ${countsText(skipped)}`);
    return 0;
  }
  const problem = missingFunctions() ?? await run(await build(), seconds, seed, inputs);
  if (problem !== undefined) console.log(problem);
  console.log(`fuzz abi: ${countsText(problem === undefined ? passed : failed)}`);
  return problem === undefined ? 0 : 1;
}

/** @param {string | undefined} text @param {string} name */
function wholeNumber(text, name) {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`Cannot take "${text}" for ${name}: a number is`);
  return Number(text);
}

function whyNot() {
  if (process.platform !== "linux") return "the fuzzer of clang: not on this system";
  ensureTools();
  const missing = ["clang", "fuzzer", "libffi"].find((name) => findTool(name) === undefined);
  return missing === undefined ? undefined : `tool missing: ${missing}`;
}

/** A new function is not left out by oversight. */
function missingFunctions() {
  const header = readHeader(root);
  const names = [...header.matchAll(/^SIDING_API \w+ (siding_\w+)\(/gm)].map((match) => match[1]);
  const text = harnessSources().map((path) => readFileSync(join(root, path), "utf8")).join("");
  const missing = names.filter((name) => !text.includes(`${name}(`));
  return names.length > 0 && missing.length === 0
    ? undefined
    : `"${harness}" does not call ${missing.join(", ")}`;
}

function harnessSources() {
  return readdirSync(join(root, harness)).filter((name) => name.endsWith(".c")).sort()
    .map((name) => `${harness}/${name}`);
}

/** @returns the path of the program */
async function build() {
  const sources = [...librarySources(), ...harnessSources()];
  const objectOf = (/** @type {string} */ source) => `${output}/${source.replaceAll("/", "_")}.o`;
  mkdirSync(join(root, output, "corpus"), { recursive: true });
  await inParallel(
    sources,
    compilersMax,
    (source) =>
      clang([...flags, "-c", source, "-o", objectOf(source)], `Cannot compile "${source}"`),
  );
  const path = `${output}/abi`;
  const link = [`-fsanitize=fuzzer,${sanitizers}`, ...sources.map(objectOf), "-o", path];
  await clang([...link, ...libraries], `Cannot link "${path}"`);
  return join(root, path);
}

/** @param {string[]} args @param {string} action */
async function clang(args, action) {
  const compiler = `${findTool("clang")}`;
  const { code, output: text } = await runChild(compiler, args, { timeoutMs: compileMsMax });
  if (code !== 0) throw new Error(`${action}:\n${text}`);
}

/**
 * @param {string} program @param {number} seconds @param {number} seed
 * @param {string[]} inputs instead of new ones
 */
async function run(program, seconds, seed, inputs) {
  const missing = inputs.find((path) => !existsSync(path));
  if (missing !== undefined) return `Cannot read "${missing}": it does not exist`;
  const chosen = inputs.length > 0 ? inputs : [join(root, output, "corpus")];
  const options = [
    ...[`-seed=${seed}`, `-max_total_time=${seconds}`, `-timeout=${inputSecondsMax}`],
    ...[`-max_len=${inputBytesMax}`, `-rss_limit_mb=${memoryMegabytesMax}`],
    ...["-len_control=20", "-print_final_stats=1", `-artifact_prefix=${join(root, output)}/`],
  ];
  const { code, output: text } = await runChild(program, [...options, ...chosen], {
    timeoutMs: (seconds + inputSecondsMax) * 2000,
    env: environment,
  });
  const lines = text.trimEnd().split("\n").filter((line) => !noise.test(line));
  if (code !== 0) return [`seed ${seed}`, ...lines.slice(-outputLinesMax)].join("\n");
  console.log(lines.filter((line) => /^Done|executed_units/.test(line)).join("\n"));
}
