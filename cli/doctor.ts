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
import { examineLibrary } from "./doctor/library.ts";
import { examineMachine } from "./doctor/machine.ts";
import type { LibraryReport, MachineReport } from "./doctor/report.ts";
import { libraryScreen, machineScreen } from "./doctor/screen.ts";

export type * from "./doctor/report.ts";

type Report = MachineReport | LibraryReport;

const usage = `usage: siding doctor [--json] [LIBRARY [--definitions MODULE]]

Says whether Siding works here: where its library comes from, which permissions are missing, and
what a test of half a second measures.

LIBRARY               whether this library can be used here, and what it needs; loads it
--definitions MODULE  which symbols it lacks of the definitions that the module exports
--json                the same for programs
exit code: 0 it works, 1 it does not, or not as it should, 2 wrong arguments`;

const parseOptions = {
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    help: { type: "boolean" },
    definitions: { type: "string" },
  },
} as const;

interface Options {
  readonly json: boolean;
  readonly help: boolean;
  readonly library: string | undefined;
  readonly definitions: string | undefined;
}

/** The options; throws `Error` where something is wrong with them. */
function optionsOf(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({ ...parseOptions, args: [...args] });
  const { json = false, help = false, definitions } = values;
  const [library, another] = positionals;
  if (another !== undefined) throw new Error("one LIBRARY at a time");
  if (library === "" || definitions === "") throw new Error("an empty name is none");
  if (definitions !== undefined && library === undefined) {
    throw new Error("--definitions are those of a LIBRARY");
  }
  return { json, help, library, definitions };
}

async function examine({ library, definitions }: Options): Promise<Report> {
  return library === undefined
    ? await examineMachine()
    : await examineLibrary(library, definitions);
}

function text(report: Report): string {
  return report.about === "machine" ? machineScreen(report) : libraryScreen(report);
}

/**
 * Does what the command line says, prints one report, and gives the exit code: 0 where all works, 1
 * where something does not, 2 for wrong arguments. Rejects with nothing.
 */
export async function doctor(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = optionsOf(args);
  } catch (error) {
    console.error(`siding doctor: ${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const report = await examine(options);
  console.log(options.json ? JSON.stringify(report, null, 2) : text(report));
  return report.works ? 0 : 1;
}

if (import.meta.main) process.exit(await doctor(process.argv.slice(2)));
