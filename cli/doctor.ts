/**
 * Says whether Siding works on this machine, and why not: `deno run jsr:@siding/ffi/doctor`,
 * `bunx @siding/ffi doctor`.
 *
 * @example
 * ```ts ignore
 * import { doctor } from "@siding/ffi/doctor";
 *
 * process.exitCode = await doctor(["--json"]);
 * ```
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { examineMachine } from "./doctor/machine.ts";
import type { MachineReport } from "./doctor/report.ts";
import { machineScreen } from "./doctor/screen.ts";

export type * from "./doctor/report.ts";

const usage = `usage: siding doctor [--json]

Says whether Siding works here, where its library comes from, and which permissions are missing.

--json  the same for programs
exit code: 0 it works, 1 it does not, or not as it should, 2 wrong arguments`;

const parseOptions = {
  allowPositionals: false,
  options: { json: { type: "boolean" }, help: { type: "boolean" } },
} as const;

interface Options {
  readonly json: boolean;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function optionsOf(args: readonly string[]): Options | string {
  try {
    const { json = false, help = false } = parseArgs({ ...parseOptions, args: [...args] }).values;
    return { json, help };
  } catch (error) {
    return (error as Error).message;
  }
}

function show(report: MachineReport, isJson: boolean): number {
  console.log(isJson ? JSON.stringify(report, null, 2) : machineScreen(report));
  return report.works ? 0 : 1;
}

function run(args: readonly string[]): number {
  const options = optionsOf(args);
  if (typeof options === "string") {
    console.error(`siding doctor: ${options}\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  return show(examineMachine(), options.json);
}

/**
 * Does what the command line says, prints one report, and gives the exit code: 0 where all works, 1
 * where something does not, 2 for wrong arguments. Rejects with nothing.
 */
export function doctor(args: readonly string[]): Promise<number> {
  return Promise.resolve(run(args));
}

if (import.meta.main) process.exit(await doctor(process.argv.slice(2)));
