// @ts-check
/**
 * Builds the library, then runs the demo on Bun and on Deno.
 *
 *   node scripts/demo.mjs [directory] [--without-sqlite]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { bunPath, denoPath, root } from "./toolchain.mjs";

const program = "examples/demo/main.ts";
const denoFlags = ["--allow-ffi", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];
/** How long a child may clean up after it was asked to end. */
const graceMs = 3_000;

/* A directory given is meant from where the user is; the children run elsewhere. */
const args = process.argv.slice(2).map((arg) =>
  arg.startsWith("--") ? arg : resolve(process.env.INIT_CWD ?? process.cwd(), arg)
);
/** Whatever a child leaves behind goes with this. */
const workspace = mkdtempSync(join(tmpdir(), "siding-demo-"));
/** @type {import("node:child_process").ChildProcess | undefined} */
let running;
/** @type {NodeJS.Signals | undefined} */
let interruptedBy;

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => interrupt(signal));
}
try {
  process.exitCode = await main();
} finally {
  rmSync(workspace, { recursive: true, force: true });
}

async function main() {
  const commands = [
    [process.execPath, [...("deno" in process.versions ? ["run", "-A"] : []), "scripts/build.mjs"]],
    [bunPath(), [program, ...args]],
    [denoPath(), ["run", ...denoFlags, program, ...args]],
  ];
  for (const [command, commandArgs] of /** @type {[string, string[]][]} */ (commands)) {
    const code = await run(command, commandArgs);
    if (interruptedBy !== undefined) return 128 + constants.signals[interruptedBy];
    if (code !== 0) return code;
  }
  return 0;
}

/**
 * @param {string} command @param {string[]} commandArgs
 * @returns {Promise<number>} its exit code; 1 when a signal ended it
 */
function run(command, commandArgs) {
  return new Promise((resolveRun, reject) => {
    const env = { ...process.env, TMPDIR: workspace, TEMP: workspace, TMP: workspace };
    running = spawn(command, commandArgs, { cwd: root, env, stdio: "inherit" });
    running.on("error", reject);
    running.on("close", (code) => resolveRun(code ?? 1));
  });
}

/**
 * The child gets a moment: a call of its own thread may hold it up.
 * @param {NodeJS.Signals} signal
 */
function interrupt(signal) {
  if (interruptedBy !== undefined) return;
  interruptedBy = signal;
  running?.kill(signal);
  setTimeout(() => running?.kill("SIGKILL"), graceMs).unref();
}
