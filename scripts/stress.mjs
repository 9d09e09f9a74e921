// @ts-check
/**
 * Builds the library and runs the stress program on one runtime, with the terminal's own streams.
 *
 *   node scripts/stress.mjs bun|deno [--seconds N] [--seed N] [--contexts N] [--threads N]
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { scriptCommand } from "./child.mjs";
import { bunPath, denoPath, root } from "./toolchain.mjs";

const program = "tests/stress/main.ts";
/** @type {Readonly<Record<string, () => [string, string[]]>>} */
const runtimes = {
  bun: () => [bunPath(), [program]],
  deno: () => [denoPath(), ["run", "-A", "--quiet", program]],
};

process.exitCode = main(process.argv.slice(2));

/** @param {string[]} args */
function main([name = "", ...args]) {
  if (runtimes[name] === undefined) {
    console.error(`Cannot run on "${name}": the runtimes are ${Object.keys(runtimes).join(", ")}`);
    return 2;
  }
  const built = run(...scriptCommand("scripts/build.mjs"));
  if (built !== 0) return built;
  const [command, before] = runtimes[name]();
  return run(command, [...before, ...args]);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}
