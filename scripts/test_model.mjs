// @ts-check
/**
 * Checks the models of lib/core, of the life of slots, of how sources and their hosts find one
 * another, and of who runs the poller's rounds: that spin finds nothing wrong with them, that it
 * does where they are broken on purpose, and that the moves of slots are those that slot.c allows.
 *
 *   node scripts/test_model.mjs
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runChild } from "./child.mjs";
import { countsText, failed, passed, skipped, sum } from "./counts.mjs";
import { root } from "./toolchain.mjs";
import { ensureTools, findTool } from "./tools.mjs";

const slots = "lib/core/slot.pml";
const sources = "lib/core/source.pml";
const leads = "lib/core/lead.pml";
const table = "lib/core/slot.c";
const output = "build/model";
const stepMsMax = 240_000;
const memoryMegabytes = 2048;
const depthMax = 10_000;

/**
 * One search: what is large in one is small in the other, or there would be too many states.
 * @typedef {{ model: string, name: string, defines: string[], finds?: RegExp }} Search
 */

/** @type {readonly Search[]} */
const searches = [
  {
    model: slots,
    name: "two lessees take turns on one slot",
    defines: ["LEASES=3", "RETIREMENTS=1"],
  },
  {
    model: slots,
    name: "two lessees have slots at once, some with threads of their own",
    defines: ["LEASES=2", "LEASED_MAX=2", "EXTRAS=1"],
  },
  { model: slots, name: "a guest calls while leases end", defines: ["LEASES=2", "GUESTS=1"] },
  {
    model: slots,
    name: "a guest calls while a thread of its own ends",
    defines: ["LEASES=1", "GUESTS=1", "EXTRAS=1", "RETIREMENTS=0"],
  },
  {
    model: slots,
    name: "a claim without compare-and-swap is found",
    defines: ["BREAK_CLAIM"],
    finds: /assertion violated/,
  },
  {
    model: slots,
    name: "a release that is told twice is found",
    defines: ["BREAK_TELL"],
    finds: /assertion violated/,
  },
  {
    model: slots,
    name: "a guest that looks and pushes in two steps is found",
    defines: ["LEASES=1", "GUESTS=1", "EXTRAS=1", "BREAK_GUEST"],
    finds: /assertion violated/,
  },
  { model: sources, name: "a source told by two is closed at any time", defines: [] },
  { model: sources, name: "what was told comes, once", defines: ["CLOSES=0"] },
  { model: sources, name: "one that closes itself", defines: ["ONCE=1"] },
  { model: sources, name: "its bridge is closed at any time", defines: ["LEAVES=1"] },
  {
    model: sources,
    name: "one that closes itself, and its bridge is closed",
    defines: ["ONCE=1", "LEAVES=1"],
  },
  {
    model: sources,
    name: "a pull that does not look is found",
    defines: ["CLOSES=0", "BREAK_ASK"],
    finds: /assertion violated/,
  },
  {
    model: sources,
    name: "a visit that looks before it leaves is found",
    defines: ["CLOSES=0", "BREAK_LEAVE"],
    finds: /assertion violated/,
  },
  {
    model: sources,
    name: "an end in two steps is found",
    defines: ["BREAK_END"],
    finds: /assertion violated/,
  },
  {
    model: sources,
    name: "a drop that looks for the end in a second step is found",
    defines: ["LEAVES=1", "BREAK_DROP"],
    finds: /assertion violated/,
  },
  { model: leads, name: "two hosts run the poller's rounds in turns with its thread", defines: [] },
  {
    model: leads,
    name: "a lead taken without compare-and-swap is found",
    defines: ["BREAK_TAKE"],
    finds: /assertion violated/,
  },
  {
    model: leads,
    name: "a thread that waits for a host to come back is found",
    defines: ["HOSTS=1", "BREAK_SLEEP"],
    finds: /assertion violated/,
  },
];

process.exitCode = await main();

async function main() {
  const results = [report("the model makes the moves that slot.c allows", differences())];
  const reason = whyNot();
  if (reason !== undefined) console.log(`SKIP ${reason}`);
  for (const search of searches) {
    if (reason !== undefined) results.push(skipped);
    else results.push(report(search.name, await problemOf(search)));
  }
  const counts = sum(results);
  console.log(`model all: ${countsText(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}

/** @param {string} name @param {string | undefined} problem */
function report(name, problem) {
  console.log(problem === undefined ? `ok   ${name}` : `FAIL ${name}\n${problem}`);
  return problem === undefined ? passed : failed;
}

function whyNot() {
  if (process.platform !== "linux") return "spin: not on this system";
  ensureTools();
  const missing = ["spin", "gcc"].find((name) => findTool(name) === undefined);
  return missing === undefined ? undefined : `tool missing: ${missing}`;
}

// ---- moves --------------------------------------------------------------------------------------

function differences() {
  const allowed = movesOfTable(readFileSync(join(root, table), "utf8"));
  const made = movesOfModel(readFileSync(join(root, slots), "utf8"));
  if (allowed.size === 0) return `Cannot find "legal_moves" in "${table}"`;
  const lines = [
    ...[...allowed].filter((move) => !made.has(move)).map((move) => `${move}: only in ${table}`),
    ...[...made].filter((move) => !allowed.has(move)).map((move) => `${move}: only in ${slots}`),
  ];
  return lines.length === 0 ? undefined : lines.join("\n");
}

/** Of `[SLOT_VACANT] = 1u << SLOT_SHARED | 1u << SLOT_ACTIVE,`. @param {string} text */
function movesOfTable(text) {
  const body = text.match(/legal_moves\[SLOT_STATES\] = \{([^}]*)\}/)?.[1] ?? "";
  const rows = [...body.matchAll(/\[SLOT_(\w+)\] =([^[]*)/g)];
  return new Set(
    rows.flatMap(([, from, targets]) =>
      [...targets.matchAll(/<< SLOT_(\w+)/g)].map(([, to]) => `${from} to ${to}`)
    ),
  );
}

/** Of `MOVE(s, ACTIVE, VACANT)` and `TRY(s, seen, VACANT, ACTIVE)`. @param {string} text */
function movesOfModel(text) {
  const uses = text.matchAll(/\b(?:MOVE\(\w+|TRY\(\w+, \w+), ([A-Z_]+), ([A-Z_]+)\)/g);
  return new Set([...uses].map(([, from, to]) => `${from} to ${to}`));
}

// ---- searches -----------------------------------------------------------------------------------

/** @param {Search} search */
async function problemOf({ model, defines, finds }) {
  mkdirSync(join(root, output), { recursive: true });
  const folder = mkdtempSync(join(root, output, "search-"));
  try {
    const text = await search(folder, model, defines);
    const errors = text.match(/errors: (\d+)/)?.[1];
    const isComplete = !/Search not completed|out of memory|depth too small/.test(text);
    if (finds === undefined) return errors === "0" && isComplete ? undefined : text;
    return finds.test(text) && errors !== "0" ? undefined : `nothing was found:\n${text}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} folder
 * @param {string} model
 * @param {string[]} defines
 * @returns what the verifier prints
 */
async function search(folder, model, defines) {
  const spin = ["-a", ...defines.map((define) => `-D${define}`), join(root, model)];
  await must(`${findTool("spin")}`, spin, folder);
  const flags = ["-O2", "-w", "-DSAFETY", "-DCOLLAPSE", `-DMEMLIM=${memoryMegabytes}`];
  await must(`${findTool("gcc")}`, [...flags, "-o", "pan", "pan.c"], folder);
  return await must(join(folder, "pan"), [`-m${depthMax}`, "-b", "-n"], folder);
}

/** @param {string} command @param {string[]} args @param {string} cwd */
async function must(command, args, cwd) {
  const { code, output: text } = await runChild(command, args, { timeoutMs: stepMsMax, cwd });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${text}`);
  return text;
}
