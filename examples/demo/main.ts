// Loads a directory tree into SQLite and runs a query of a few seconds: first with calls that block
// this thread, then through Siding. `npm run demo` runs it on Bun and on Deno.
//
//   bun examples/demo/main.ts [directory] [--without-sqlite]
//   deno run -A examples/demo/main.ts [directory] [--without-sqlite]
import process from "node:process";
import { Context } from "@siding/ffi";
import { blockingCalls, contextCalls } from "./calls.ts";
import { GapMeter } from "./gap_meter.ts";
import { LiveLine } from "./live_line.ts";
import { chooseProgram, type Program } from "./program.ts";
import { type Measured, printTable, runtimeName } from "./report.ts";
import { chooseTree, type Entry, walk } from "./walk.ts";
import { Workspace } from "./workspace.ts";

const QUERY_SECONDS = 2.5;
const CALIBRATION_SECONDS = 0.2;

/** One way of making the same calls. */
interface Way {
  readonly name: string;
  readonly file: string;
  readonly program: Program;
}

async function measure(
  { name, file, program }: Way,
  entries: readonly Entry[],
  effort: number,
): Promise<Measured> {
  const meter = new GapMeter();
  const line = new LiveLine(name, meter);
  try {
    line.phase("load");
    const rows = await program.load(file, entries, (done) => line.progress(done));
    const loadSeconds = line.phase("query");
    const answer = await program.query(effort);
    const querySeconds = line.end();
    meter.stop();
    await program.close();
    return { name, rows, loadSeconds, querySeconds, answer, meter };
  } finally {
    line.stop();
    meter.stop();
  }
}

/** How much the query must do so that it takes a few seconds on this machine. */
async function calibrate(
  program: Program,
  file: string,
  entries: readonly Entry[],
): Promise<number> {
  await program.load(file, entries, () => {});
  let effort = 1;
  let seconds = 0;
  while (seconds < CALIBRATION_SECONDS) {
    effort *= 2;
    const start = performance.now();
    await program.query(effort);
    seconds = (performance.now() - start) / 1000;
  }
  await program.close();
  return Math.round(effort * QUERY_SECONDS / seconds);
}

async function demonstrate(workspace: Workspace, args: readonly string[]): Promise<void> {
  const tree = chooseTree(args.find((arg) => !arg.startsWith("--")));
  const entries = walk(tree);
  const { title, make } = chooseProgram(!args.includes("--without-sqlite"));
  console.log(
    `${runtimeName()}: ${entries.length.toLocaleString("en")} files of ${tree}; ${title}`,
  );
  await using context = await Context.acquire({ name: "demo" });
  const onContext = make((library) => contextCalls(context, library));
  const effort = await calibrate(onContext, workspace.file("calibration"), entries);
  const blocking: Way = {
    name: "with .sync",
    file: workspace.file("sync"),
    program: make(blockingCalls),
  };
  const siding: Way = {
    name: "through Siding",
    file: workspace.file("siding"),
    program: onContext,
  };
  const results = [];
  for (const way of [blocking, siding]) results.push(await measure(way, entries, effort));
  printTable(results);
}

const workspace = new Workspace();
try {
  await demonstrate(workspace, process.argv.slice(2));
} finally {
  workspace.remove();
}
