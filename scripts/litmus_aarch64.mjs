// @ts-check
/**
 * Makes litmus tests for AArch64 of those in C: what our compiler makes of their functions, each of
 * which returns what the condition asks of it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { root, zigPath } from "./toolchain.mjs";
import { isOwn } from "./litmus.mjs";

/** @typedef {import("./litmus.mjs").Litmus} Litmus */

const argumentsMax = 8; // more are not passed in registers
const resultsMax = 2; // likewise
const compileMsMax = 60_000;

/**
 * @param {readonly Litmus[]} tests
 * @param {string} cpu as the compiler calls it
 * @param {string} path of a file without its ending, for what is compiled
 * @returns {string[]} a text for each
 */
export function forAarch64(tests, cpu, path) {
  const functions = tests.flatMap((test) =>
    test.threads.map((_, index) => functionOf(test, index))
  );
  const results = "struct results { unsigned long x[2]; };";
  writeFileSync(`${path}.c`, ["#include <stdatomic.h>", results, ...functions, ""].join("\n"));
  const target = ["-target", "aarch64-linux-gnu", `-mcpu=${cpu}`];
  const flags = ["-O2", "-g0", "-w", "-fno-sanitize=all", "-fno-asynchronous-unwind-tables"];
  const args = ["cc", ...target, ...flags, "-S", "-o", `${path}.s`, `${path}.c`];
  const done = spawnSync(zigPath(), args, { cwd: root, encoding: "utf8", timeout: compileMsMax });
  if (done.status !== 0) throw new Error(`Cannot compile "${path}.c": ${done.stderr}`);
  const assembly = readFileSync(`${path}.s`, "utf8");
  return tests.map((test) => programOf(test, assembly));
}

/** @param {Litmus} test @param {number} thread */
function symbolOf(test, thread) {
  return `${test.name}_P${thread}`;
}

/** What is asked of a thread's variables, which it returns.
 *  @param {Litmus} test @param {number} thread */
function resultsOf({ name, condition }, thread) {
  const found = condition.matchAll(new RegExp(`\\b${thread}:(\\w+)=`, "g"));
  const results = [...new Set([...found].map(([, variable]) => variable))];
  if (results.length > resultsMax) throw new Error(`Cannot compile "${name}": P${thread} returns`);
  return results;
}

/** Its parameters that are not its own, in order. @param {Litmus} test @param {number} thread */
function argumentsOf({ name, threads }, thread) {
  const shared = threads[thread].parameters.filter((parameter) => !isOwn(parameter.name));
  if (shared.length > argumentsMax) throw new Error(`Cannot compile "${name}": P${thread} takes`);
  return shared;
}

/** @param {Litmus} test @param {number} thread */
function functionOf(test, thread) {
  const { parameters, body } = test.threads[thread];
  const list = argumentsOf(test, thread).map(({ type, name }) => `${type}* ${name}`).join(", ");
  const values = new Map(test.initial);
  const locals = parameters.filter(({ name }) => isOwn(name)).map(({ name }) =>
    `int of_${name} = ${values.get(name) ?? 0}, *${name} = &of_${name};`
  );
  const results = resultsOf(test, thread).map((name) => `(unsigned)${name}`).join(", ");
  return [
    `struct results ${symbolOf(test, thread)}(${list}) {`,
    ...locals,
    body,
    results === "" ? "" : `return (struct results){{${results}}};`,
    "}",
  ].join("\n");
}

/** @param {Litmus} test @param {string} assembly */
function programOf(test, assembly) {
  const columns = test.threads.map((_, index) =>
    instructionsOf(assembly, symbolOf(test, index), index)
  );
  const rows = Math.max(...columns.map((column) => column.length));
  const table = Array.from(
    { length: rows },
    (_, row) => ` ${columns.map((column) => column[row] ?? "").join(" | ")} ;`,
  );
  const values = test.initial.filter(([name]) => !isOwn(name));
  const registers = test.threads.flatMap((_, index) =>
    argumentsOf(test, index).map(({ name }, position) => `${index}:X${position}=${name};`)
  );
  const condition = test.condition.replace(
    /\b(\d+):(\w+)=/g,
    (_, index, name) => `${index}:X${resultsOf(test, Number(index)).indexOf(name)}=`,
  );
  return [
    `AArch64 ${test.name}`,
    `{ ${values.map(([name, value]) => `${name}=${value};`).join(" ")}`,
    `${registers.join(" ")} }`,
    ` ${columns.map((_, index) => `P${index}`).join(" | ")} ;`,
    ...table,
    condition,
    "",
  ].join("\n");
}

/** @param {string} assembly @param {string} symbol @param {number} thread */
function instructionsOf(assembly, symbol, thread) {
  const [, body = ""] = assembly.match(new RegExp(`^${symbol}:([^]*?)^\\.Lfunc_end`, "m")) ?? [];
  const lines = body.replace(/\/\/.*$/gm, "").split("\n").map((line) => line.trim());
  const kept = lines.filter((line) => line !== "" && !/^\.(?!LBB\d+_\d+:)|^clrex$/.test(line));
  const own = kept.flatMap((line, index) => {
    if (line === "ret") return `b end${thread}`;
    const isTried = /^stl?xr\b/.test(kept[index - 1] ?? "");
    return isTried ? onceOnly(plain(line), `again${thread}`) : plain(line);
  });
  return [...own, `again${thread}:`, `b again${thread}`, `end${thread}:`];
}

/**
 * Where an exclusive store has failed it has done nothing, and is tried again: herd leaves that out
 * if it leads into an endless loop.
 * @param {string} branch behind the store @param {string} loop its label
 */
function onceOnly(branch, loop) {
  return branch.startsWith("cbnz") ? [branch.replace(/\S+$/, loop)] : [branch, `b ${loop}`];
}

/** As herd writes it. @param {string} line */
function plain(line) {
  return line.replace(/\t/g, " ")
    .replace(/\.LBB(\d+)_(\d+)/g, "L$1_$2")
    .replace(/\b[wx](?=\d|zr)/g, (width) => width.toUpperCase())
    .replace("zr", "ZR")
    .replace(/#(-?0x[0-9a-f]+)/g, (_, number) => `#${Number(number)}`)
    .replace(/^cmn (W\d+)/, "adds WZR, $1");
}
