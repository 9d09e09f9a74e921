// @ts-check
/** Runs a child process that may hang or crash: it has a deadline, and takes its children along. */
import { spawn } from "node:child_process";
import process from "node:process";
import { denoPath, root } from "./toolchain.mjs";

/**
 * @typedef {object} Outcome
 * @property {number} code the exit code; 1 when a signal or the deadline ended it
 * @property {string} output both its outputs, at most the last `outputCharactersMax` characters
 * @property {boolean} timedOut
 *
 * @typedef {object} ChildOptions
 * @property {number} timeoutMs
 * @property {Record<string, string>} [env] added to this process's own
 * @property {string} [cwd] instead of the root of the repository
 */

const outputCharactersMax = 1_000_000;
/** How long descendants may outlive the child that started them. */
const lingerMs = 2_000;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    for (const child of running) endGroup(child);
    process.exit(130);
  });
}

/**
 * @param {string} command @param {readonly string[]} args @param {ChildOptions} options
 * @returns {Promise<Outcome>}
 */
export function runChild(command, args, { timeoutMs, env = {}, cwd = root }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    running.add(child);
    let output = "";
    let timedOut = false;
    /** @param {string} text */
    const collect = (text) => output = (output + text).slice(-outputCharactersMax);
    const finish = (/** @type {number} */ code) => {
      clearTimeout(deadline);
      running.delete(child);
      resolve({ code, output, timedOut });
    };
    const deadline = setTimeout(() => {
      timedOut = true;
      collect(`\ntimed out after ${timeoutMs / 1000} s\n`);
      endGroup(child);
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("exit", () => setTimeout(() => running.has(child) && endGroup(child), lingerMs));
    child.on("error", (error) => finish((collect(`${error.message}\n`), 1)));
    child.on("close", (code, signal) => {
      if (signal !== null) collect(`\nended by ${signal}\n`);
      finish(timedOut ? 1 : code ?? 1);
    });
  });
}

/**
 * Command and arguments that run a script with the runtime that runs this one.
 * @param {string} script @param {readonly string[]} args
 * @returns {[string, string[]]}
 */
export function scriptCommand(script, args = []) {
  const flags = "deno" in process.versions ? ["run", "-A"] : [];
  return [process.execPath, [...flags, script, ...args]];
}

/**
 * The same for a script in TypeScript, which not every Node runs: then it is Deno that does.
 * @param {string} script @param {readonly string[]} args
 * @returns {[string, string[]]}
 */
export function typeScriptCommand(script, args = []) {
  const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
  return isNode ? [denoPath(), ["run", "-A", script, ...args]] : scriptCommand(script, args);
}

/** @param {import("node:child_process").ChildProcess} child */
function endGroup(child) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
