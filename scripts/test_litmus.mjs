// @ts-check
/**
 * Proves the memory orders of what threads share, for every machine that C knows and for AArch64:
 * herd7 finds no execution of a test in tests/litmus that ends as it must not, it finds one where
 * an order is taken away, and the tests have the orders of the functions that they stand for.
 *
 *   node scripts/test_litmus.mjs [name of a test...]
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runChild } from "./child.mjs";
import { countsText, failed, passed, skipped, sum } from "./counts.mjs";
import { ensureHerd } from "./herd.mjs";
import { differences, parse, twins } from "./litmus.mjs";
import { forAarch64 } from "./litmus_aarch64.mjs";
import { root } from "./toolchain.mjs";

const folder = "tests/litmus";
const output = join(root, "build/litmus");
const stepMsMax = 60_000;

/** What herd may do for AArch64: no data race is asked for there, and its model is coherent. */
const fast = ["-variant", "cos-opt,OptRfRMW", "-optace", "true", "-speedcheck", "fast"];

/**
 * The models of C: with one order of what is sequentially consistent, and RC11, of which newer C is
 * made. AArch64 with exclusive loads and stores, and with its later instructions.
 * @typedef {{ name: string, cpu?: string, flags: string[] }} Model
 * @type {readonly Model[]}
 */
const models = [
  { name: "C11", flags: ["-model", "c11_partialSC.cat"] },
  { name: "RC11", flags: ["-model", "rc11.cat"] },
  ...["generic", "generic+lse"].map((cpu) => ({
    name: cpu.replace("generic", "AArch64"),
    cpu,
    flags: ["-model", "aarch64.cat", "-unroll", "1", ...fast],
  })),
];

/**
 * @typedef {import("./litmus.mjs").Litmus} Litmus
 * @typedef {{ litmus: Litmus, rule?: string }} Case rule: how it was broken
 * @typedef {{ model: Model, cases: Case[], files: string[] }} Search
 */

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} only */
async function main(only) {
  const all = readdirSync(join(root, folder)).map((name) => name.replace(/\.litmus$/, ""));
  const tests = all.filter((name) => only.length === 0 || only.includes(name)).map(casesOf);
  const results = tests.map(([{ litmus }]) =>
    report(`${litmus.name} has the orders of our functions`, differences(litmus).join("\n"))
  );
  const herd = await ensureHerd();
  if (herd === undefined) {
    console.log("SKIP herd7: not on this system, and not to be had");
    for (const model of models) {
      results.push(...tests.flatMap((cases) => made(model, cases)).map(() => skipped));
    }
  } else {
    for (const search of searchesOf(tests)) results.push(...await outcomes(herd, search));
  }
  const counts = sum(results);
  console.log(`litmus all: ${countsText(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}

/** @param {string} name @param {string} problem */
function report(name, problem) {
  console.log(problem === "" ? `ok   ${name}` : `FAIL ${name}\n${problem}`);
  return problem === "" ? passed : failed;
}

/** A test and its twins. @param {string} name @returns {Case[]} */
function casesOf(name) {
  const text = readFileSync(join(root, folder, `${name}.litmus`), "utf8");
  return [{ litmus: parse(name, text) }, ...twins(name, text)];
}

/**
 * All twins are for the first model. The others order some of it anyway, and have the first one, so
 * that they too are seen to find something.
 * @param {Model} model @param {Case[]} cases
 */
function made(model, cases) {
  return model === models[0] ? cases : cases.slice(0, 2);
}

/** @param {Case[][]} tests @returns {Search[]} */
function searchesOf(tests) {
  rmSync(output, { recursive: true, force: true });
  return models.flatMap((model) => {
    const place = join(output, model.name);
    mkdirSync(place, { recursive: true });
    const chosen = tests.map((cases) => made(model, cases));
    const programs = chosen.flat().map(({ litmus }) => litmus);
    const texts = model.cpu === undefined
      ? programs.map(({ text }) => text)
      : forAarch64(programs, model.cpu, join(place, "all"));
    const paths = programs.map(({ name }) => join(place, `${name}.litmus`));
    paths.forEach((path, index) => writeFileSync(path, texts[index]));
    return chosen.map((cases) => ({ model, cases, files: paths.splice(0, cases.length) }));
  });
}

/** @param {string[]} herd @param {Search} search */
async function outcomes([command, ...first], { model, cases, files }) {
  const args = [...first, ...model.flags, ...files];
  const { output: text } = await runChild(command, args, { timeoutMs: stepMsMax });
  const answers = text.split(/^(?=Test )/m);
  return cases.map(({ litmus, rule }) => {
    const answer = answers.find((one) => one.startsWith(`Test ${litmus.name} `));
    const what = rule === undefined ? litmus.name : `${litmus.name}: ${rule} is found`;
    const problem = cutOff(text, litmus.name) ?? problemOf(answer, rule !== undefined) ?? "";
    return report(`${model.name} ${what}`, problem);
  });
}

/** Where herd has left something out that is no second try.
 *  @param {string} text @param {string} name */
function cutOff(text, name) {
  const pattern = `^Warning: File ".*/${name}.litmus": unrolling limit exceeded at (?!again).*$`;
  return text.match(new RegExp(pattern, "m"))?.[0];
}

/** @param {string | undefined} answer @param {boolean} isBroken */
function problemOf(answer, isBroken) {
  const seen = answer?.match(/^Observation \S+ (Never|Sometimes|Always)/m)?.[1];
  if (answer === undefined || seen === undefined) return `herd7 has not answered:\n${answer}`;
  const isWrong = seen !== "Never" || /^Undef$/m.test(answer);
  if (isWrong !== isBroken) return isBroken ? `nothing was found:\n${answer}` : answer;
}
