// @ts-check
/** Windows on Linux: a wine of its own for the tests, and what Bun needs there. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root, zigPath } from "./toolchain.mjs";
import { findTool } from "./tools.mjs";

const setUpMsMax = 300_000;
const target = "x86_64-windows-gnu";

/**
 * Where wine keeps what its programs see of a system. Hidden: it has a link to the root of the
 * machine, which `bun test NAME` would follow.
 * @param {string} folder of the platform
 */
export function winePrefix(folder) {
  return join(folder, ".wine");
}

/**
 * The command that runs a program of Windows.
 * @param {string} folder of winePrefix
 */
export function wineLauncher(folder) {
  return ["env", ...Object.entries(environment(folder)).map(([name, value]) => `${name}=${value}`)]
    .concat(wine());
}

/** Makes that system, unless it is there. @param {string} folder */
export function makeWinePrefix(folder) {
  if (existsSync(join(folder, "system.reg"))) return;
  must(wine(), ["wineboot", "--init"], { ...process.env, ...environment(folder) });
}

/**
 * Bun imports a library that this wine lacks.
 * @param {string} folder of the program
 */
export function makeRandomLibrary(folder) {
  const library = join(folder, "bcryptprimitives.dll");
  const source = join(root, "tests", "windows", "bcryptprimitives.c");
  const flags = ["-target", target, "-shared", "-O2", "-o", library, source, "-ladvapi32"];
  must(zigPath(), ["cc", ...flags], process.env);
}

/** @param {string} folder */
function environment(folder) {
  // Neither .NET nor a browser: both would be asked for at the first start.
  return { WINEPREFIX: folder, WINEDEBUG: "-all", WINEDLLOVERRIDES: "mscoree,mshtml=" };
}

function wine() {
  return `${findTool("wine")}`;
}

/** @param {string} command @param {readonly string[]} args @param {NodeJS.ProcessEnv} env */
function must(command, args, env) {
  const { status, stderr, error } = spawnSync(command, args, {
    env,
    encoding: "utf8",
    timeout: setUpMsMax,
  });
  if (status === 0) return;
  throw new Error(`Cannot run "${command} ${args.join(" ")}": ${error?.message ?? stderr.trim()}`);
}
