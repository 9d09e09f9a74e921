// @ts-check
/**
 * The gate: formatting, lint, types, documentation, generated files, and the limits of tidy.
 * Prints one line for each check, and the output of those that fail.
 *
 *   node scripts/ok.mjs [name of a check...]
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runChild, scriptCommand } from "./child.mjs";
import { countsText, failed, passed, skipped, sum } from "./counts.mjs";
import { denoPath, root, tscPath, zigPath } from "./toolchain.mjs";
import { ensureTools, findTool } from "./tools.mjs";

const checkMsMax = 180_000;
const problemLinesMax = 60;
/** What clang-tidy says of its own progress. */
const noise = /^(\[\d+\/\d+\] Processing file|\d+ warnings? generated)/;

/**
 * @typedef {import("./counts.mjs").Counts} Counts
 * @typedef {[command: string, args: string[]]} Command
 *
 * @typedef {object} Check
 * @property {string} name
 * @property {string} [tool] optional: without it the check is skipped
 * @property {() => Command[] | string} commands what must exit with 0, or why it cannot run
 */

/** @type {readonly Check[]} */
const checks = [
  { name: "clang-format", tool: "clang-format", commands: clangFormat },
  { name: "clang-tidy", tool: "clang-tidy", commands: clangTidy },
  { name: "zig fmt", commands: zigFormat },
  { name: "deno fmt", commands: () => [[denoPath(), ["fmt", "--check"]]] },
  { name: "deno lint rules", commands: lintRules },
  { name: "deno lint", commands: lint },
  { name: "tsc", commands: typeCheck },
  { name: "tsc tests/types", commands: typeCheckTests },
  { name: "deno check", commands: denoCheck },
  { name: "deno doc", commands: () => need(["mod.ts"], [[denoPath(), docLint]]) },
  { name: "generated files", commands: () => script("generate_native_table", "--check") },
  { name: "tidy self-test", commands: () => script("tidy", "--self-test") },
  { name: "tidy", commands: () => script("tidy") },
];

/** @type {string[]} */
const entries = Object.values(JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports);
const docLint = ["doc", "--lint", ...entries];
const typeScriptFolders = ["src", "cli", "bindings", "tests", "bench"];
/** That of an author imports what its own build makes, and is checked then. */
const authored = "examples/author/";

const chosen = process.argv.slice(2);
const counts = await gate(
  checks.filter(({ name }) => chosen.length === 0 || chosen.includes(name)),
);
console.log(`ok: ${countsText(counts)}`);
process.exitCode = counts.failed === 0 && counts.passed + counts.skipped > 0 ? 0 : 1;

/** @param {readonly Check[]} selected */
async function gate(selected) {
  if (selected.some(({ tool }) => tool !== undefined)) ensureTools();
  /** @type {Counts[]} */
  const results = [];
  for (const check of selected) results.push(await runCheck(check));
  return sum(results);
}

/** @param {Check} check @returns {Promise<Counts>} */
async function runCheck({ name, tool, commands }) {
  if (tool !== undefined && findTool(tool) === undefined) {
    console.log(`SKIP tool missing: ${tool}`);
    return skipped;
  }
  const problem = await problemOf(commands);
  console.log(problem === undefined ? `ok   ${name}` : `FAIL ${name}\n${excerpt(problem)}`);
  return problem === undefined ? passed : failed;
}

/** @param {string} problem */
function excerpt(problem) {
  const lines = problem.trimEnd().split("\n").filter((line) => !noise.test(line));
  const left = lines.length - problemLinesMax;
  return left <= 0
    ? lines.join("\n")
    : [...lines.slice(0, problemLinesMax), `... and ${left} more lines`].join("\n");
}

/** @param {Check["commands"]} commands */
async function problemOf(commands) {
  try {
    const list = commands();
    if (typeof list === "string") return list;
    const outcomes = [];
    for (const [command, args] of list) {
      outcomes.push(await runChild(command, args, { timeoutMs: checkMsMax }));
    }
    const bad = outcomes.filter(({ code }) => code !== 0);
    if (bad.length > 0) return bad.map(({ output }) => output).join("") || "failed without a word";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @param {string[]} paths @param {Command[]} commands */
function need(paths, commands) {
  const missing = paths.filter((path) => !existsSync(join(root, path)));
  return missing.length === 0 ? commands : `Cannot check "${missing.join('", "')}": not there`;
}

/** @param {string} name @param {string[]} args @returns {Command[]} */
function script(name, ...args) {
  return [scriptCommand(`scripts/${name}.mjs`, args)];
}

/** @param {string} folder @param {RegExp} name @returns {string[]} */
function filesIn(folder, name) {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(path, name);
    return name.test(entry.name) ? [path] : [];
  }).sort();
}

/** @returns {Command[]} */
function clangFormat() {
  const files = [...filesIn("lib", /\.[ch]$/), ...filesIn("tests/native", /\.[ch]$/)];
  return [[`${findTool("clang-format")}`, ["--dry-run", "-Werror", "--ferror-limit=1", ...files]]];
}

/** Files of other systems need headers that are not here. @returns {Command[]} */
function clangTidy() {
  const foreign = /\/platform\/(bsd|windows|linux)\//;
  const own = process.platform === "linux" ? "/platform/linux/" : "/platform/bsd/";
  const files = filesIn("lib", /\.c$/).filter((path) => !foreign.test(path) || path.includes(own));
  const flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wthread-safety"];
  const includes = ffiIncludes().flatMap((folder) => ["-isystem", join(root, folder)]);
  return [[`${findTool("clang-tidy")}`, ["--quiet", ...files, "--", ...flags, ...includes]]];
}

/** Folders with the ffi.h that the build made, where the system has none of its own. */
function ffiIncludes() {
  if (findTool("libffi") !== undefined) return [];
  const machine = process.arch === "arm64" ? "aarch64" : "x86";
  const found = [
    ...filesIn(".zig-cache", /^ffi\.h$/).slice(0, 1),
    ...filesIn("zig-pkg", /^ffitarget\.h$/).filter((path) => path.includes(`/${machine}/`)),
  ];
  return found.map((path) => path.slice(0, path.lastIndexOf("/")));
}

/** @returns {Command[] | string} */
function zigFormat() {
  const files = ["build.zig", "build.zig.zon", ...filesIn("scripts", /\.zig$/)];
  return need(files, [[zigPath(), ["fmt", "--check", ...files]]]);
}

/** Deno says nothing when deno.json names a lint rule that does not exist. @returns {Command[]} */
function lintRules() {
  const { include } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).lint.rules;
  const program = `
    const names = ${JSON.stringify(include)};
    const { stdout } = new Deno.Command(Deno.execPath(), { args: ["lint", "--rules", "--json"] })
      .outputSync();
    const { rules } = JSON.parse(new TextDecoder().decode(stdout));
    const unknown = names.filter((name) => !rules.some(({ code }) => code === name));
    if (unknown.length > 0) console.log("deno.json names unknown lint rules: " + unknown);
    Deno.exit(unknown.length);`;
  return [[denoPath(), ["eval", program]]];
}

/** @returns {Command[]} */
function lint() {
  const typed = ["mod.ts", "src", "cli"].filter((path) => existsSync(join(root, path)));
  return [
    [denoPath(), ["lint", "--quiet"]],
    [denoPath(), ["lint", "--quiet", "--rules-include=explicit-function-return-type", ...typed]],
  ];
}

/** @returns {Command[] | string} */
function typeCheck() {
  return need(["tsconfig.json", "mod.ts"], [[tscPath(), ["-p", "tsconfig.json"]]]);
}

/** @returns {Command[] | string} */
function typeCheckTests() {
  return need(["tests/types"], [[tscPath(), ["-p", "tests/types"]]]);
}

/** @returns {Command[] | string} */
function denoCheck() {
  const folders = typeScriptFolders.filter((folder) => filesIn(folder, /\.ts$/).length > 0);
  const examples = filesIn("examples", /\.ts$/).filter((path) => !path.startsWith(authored));
  const checked = ["mod.ts", ...folders, ...examples];
  return need(["mod.ts", "tests"], [[denoPath(), ["check", "--quiet", ...checked]]]);
}
