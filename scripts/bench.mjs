// node scripts/bench.mjs [NAME...] [--quick] [--json] [--readme]: builds, measures each row on Bun
// and on Deno, each in a process of its own, prints a table and writes bench/out/bench.svg.
//
//   NAME      only these rows
//   --quick   about one minute instead of several
//   --json    one JSON object per line on standard output, all else on standard error
//   --readme  puts the table into README.md, between its bench marks

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { bunPath, capture, denoPath, root, zigPath } from "./toolchain.mjs";
import { ensureTools, findTool } from "./tools.mjs";

const rows = [
  "call.sequential",
  "call.inflight64",
  "call.blocking600",
  "lease.cycle",
  "lease.cycle64",
  "lease.flat",
  "context.memory",
  "context.sequential",
  "context.inflight64",
  "context.inflight1000",
  "call.sync",
  "call.buffer",
  "call.out",
  "call.string",
  "struct.value",
  "memory.read",
  "chain.rows",
  "abort.latency",
  "repeat.rows",
  "submit.scaling",
  "event.post1",
  "event.post4",
  "event.post1.napi",
  "event.post4.napi",
  "event.call1",
  "event.call16",
  "event.call16.floor",
  "event.copy",
  "callback.inline",
  "callback.memory",
  "bound.call",
  "station.pingpong",
  "station.ready",
  "station.scale",
  "station.memory",
  "preread.stream",
  "preread.datagrams",
  "preread.datagrams.node",
  "preread.accept",
  "native_event.post",
  "timer.precision",
  "fs.read",
  "cold",
  "cold.process",
  "cold.package",
  "idle",
  "types.286",
  "types.829",
  "koffi.sequential",
  "koffi.inflight64",
  "worker.roundtrip",
  "floor.threads",
  "floor.promises",
];
/** Rows on the usual peer already, where koffi has no row of its own. */
const notOn = { bun: ["koffi.sequential", "koffi.inflight64"], deno: [] };
/** Of the processors: what the rest of the machine may keep busy. */
const busyShareMax = 0.15;
const busySampleMs = 1000;
const rowMsMax = 60_000;
const flags = ["--quick", "--json", "--readme"];
/** Of bench/native, what builds on Linux only. */
const onLinux = [
  "ask.c",
  "callback_memory.c",
  "connections.c",
  "datagrams.c",
  "echo.c",
  "ping_pong.c",
  "pipe.c",
  "ready.c",
  "source_memory.c",
  "submit.c",
];
const napiHeaders = join(root, "node_modules", "node-api-headers", "include");
/** Memory is measured when garbage was collected. */
const denoFlags = ["run", "-A", "--quiet", "--v8-flags=--expose-gc"];
const runtimes = { bun: [bunPath(), []], deno: [denoPath(), denoFlags] };

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const names = args.filter((argument) => !argument.startsWith("--"));
  const unknown = [
    ...names.filter((name) => !rows.includes(name)),
    ...args.filter((argument) => argument.startsWith("--") && !flags.includes(argument)),
  ];
  if (unknown.length > 0) {
    console.error(`Cannot measure "${unknown.join('", "')}": the rows are ${rows.join(", ")}`);
    return 2;
  }
  const before = await busyShare();
  await build();
  const options = {
    rows: names.length === 0 ? rows : rows.filter((name) => names.includes(name)),
    quick: args.includes("--quick"),
    json: args.includes("--json"),
  };
  const { outcomes, failures } = await measureAll(options);
  await report(outcomes, options, args.includes("--readme"));
  const busy = Math.max(before, await busyShare());
  if (busy > busyShareMax) {
    const percent = (busy * 100).toFixed(0);
    console.error(`Others kept the processors ${percent} % busy: trust no number of this run`);
  }
  return failures === 0 ? 0 : 1;
}

/** How busy the processors are while this program does nothing. */
async function busyShare() {
  const sum = () => {
    const times = cpus().map((cpu) => cpu.times);
    const idle = times.reduce((total, one) => total + one.idle, 0);
    return {
      idle,
      all: times.flatMap((one) => Object.values(one)).reduce((total, one) => total + one, 0),
    };
  };
  const start = sum();
  await new Promise((resolve) => setTimeout(resolve, busySampleMs));
  const end = sum();
  return 1 - (end.idle - start.idle) / Math.max(1, end.all - start.all);
}

async function build() {
  await must(process.execPath, ["scripts/build.mjs"]);
  const isLinux = process.platform === "linux";
  const suffix = process.platform === "darwin" ? "dylib" : "so";
  await buildNative(
    "native",
    `libsiding_bench.${suffix}`,
    (name) => isLinux || !onLinux.includes(name),
    [],
  );
  await buildNative("native_napi", "bench.node", () => true, [
    "-I",
    napiHeaders,
    ...isLinux ? [] : ["-undefined", "dynamic_lookup"], // the runtime has the functions
  ]);
  ensureTools();
  if (findTool("libffi") === undefined) return;
  await buildNative("native_ffi", `libsiding_bench_ffi.${suffix}`, () => true, ["-lffi"]);
}

/** Makes a library of the C files of a folder of bench. */
async function buildNative(folder, name, isWanted, more) {
  const native = join(root, "bench", folder);
  const sources = readdirSync(native).filter((file) => file.endsWith(".c") && isWanted(file));
  const out = join(root, "zig-out", "bench");
  mkdirSync(out, { recursive: true });
  const library = join(out, name);
  const options = ["-std=c11", "-O2", "-Wall", "-Wextra", "-fPIC", "-fvisibility=hidden"];
  const files = sources.map((file) => join(native, file));
  const command = [zigPath(), ["cc", ...options, "-shared", ...files, "-o", library, ...more]];
  await must(...command);
}

async function must(command, args) {
  const { code, stdout, stderr } = await capture(command, args);
  if (code !== 0) throw new Error(`Cannot run "${command} ${args.join(" ")}":\n${stdout}${stderr}`);
  return stdout;
}

async function measureAll({ rows: chosen, quick, json }) {
  const outcomes = [];
  let failures = 0;
  const wanted = chosen.filter((name) => name !== "cold.process" || !chosen.includes("cold"));
  for (const name of wanted) {
    for (const runtime of runtimesOf(name)) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name} on ${runtime} `);
      try {
        const measured = await measure(name, runtime, quick);
        for (const outcome of measured.filter((one) => chosen.includes(one.name))) {
          outcomes.push(outcome);
          if (json) printJson(outcome);
        }
      } catch (error) {
        failures++;
        console.error(`${name} on ${runtime}: ${error.message}`);
      }
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  return { outcomes, failures };
}

/** Types are the compiler's business. */
function runtimesOf(name) {
  if (name.startsWith("types.")) return ["tsc"];
  return ["bun", "deno"].filter((one) => !notOn[one].includes(name));
}

function printJson({ name, runtime, siding, peer, peerValue, unit, ratio }) {
  console.log(JSON.stringify({ name, runtime, siding, peer, peerValue, unit, ratio }));
}

function measure(name, runtime, quick) {
  const repeats = quick ? 5 : 9;
  if (name === "cold.package") return measureColdPackage(runtime, repeats);
  if (name.startsWith("cold")) return measureCold(runtime, repeats);
  if (name.startsWith("types.")) return measureTypes(name, repeats);
  return measureRow(name, runtime, quick, name === "call.blocking600" ? repeats : 1);
}

/** Where a row wants a fresh process for each round, medians are taken here. */
async function measureRow(name, runtime, quick, repeats) {
  const results = [];
  for (let i = 0; i < repeats; i++) {
    const { stdout } = await runOn(runtime, ["bench/main.ts", name, ...quick ? ["--quick"] : []]);
    results.push(JSON.parse(stdout.trim().split("\n").at(-1)));
  }
  return [{
    ...results[0],
    siding: median(results.map(({ siding }) => siding)),
    peerValue: median(results.map(({ peerValue }) => peerValue)),
    ratio: median(results.map(({ ratio }) => ratio)),
    ratios: results.flatMap(({ ratios }) => ratios),
  }];
}

/** The compiler's check of as many functions as the name says, against the package alone. */
async function measureTypes(name, repeats) {
  const { checkTimes } = await import("../bench/types.mjs");
  const ratios = await checkTimes(Number(name.slice("types.".length)), repeats);
  const siding = median(ratios);
  const peerValue = median(await checkTimes(1, repeats));
  const peer = "one function";
  return [{ name, runtime: "tsc", siding, peer, peerValue, unit: "s", ratio: siding, ratios }];
}

/** The import and the first call, timed inside the process, and the process as a whole. */
async function measureCold(runtime, repeats) {
  const siding = { inside: [], whole: [] };
  const empty = { inside: [], whole: [] };
  await runOn(runtime, ["bench/cold.ts"]); // fills the runtime's own caches, as a first start does
  await runOn(runtime, ["bench/cold.ts", "empty"]);
  for (let i = 0; i < repeats; i++) {
    for (const [sample, args] of [[siding, []], [empty, ["empty"]]]) {
      const start = performance.now();
      const { stdout } = await runOn(runtime, ["bench/cold.ts", ...args]);
      sample.whole.push(performance.now() - start);
      sample.inside.push(Number(stdout));
    }
  }
  return [
    timeOutcome("cold", runtime, siding.inside, "import of an empty module", empty.inside),
    timeOutcome("cold.process", runtime, siding.whole, "empty script", empty.whole),
  ];
}

/** The same for the package as users have it. */
async function measureColdPackage(runtime, repeats) {
  const { stdout } = await runOn(runtime, ["bench/cold_package.ts", String(repeats)]);
  const [ours, empty] = JSON.parse(stdout.trim().split("\n").at(-1));
  return [timeOutcome("cold.package", runtime, ours, "import of an empty module", empty)];
}

function timeOutcome(name, runtime, ours, peer, theirs) {
  const siding = median(ours);
  const peerValue = median(theirs);
  return { name, runtime, siding, peer, peerValue, unit: "ms", ratio: siding, ratios: ours };
}

async function runOn(runtime, args) {
  const [command, before] = runtimes[runtime];
  const options = { timeout: rowMsMax, killSignal: "SIGKILL" };
  const result = await capture(command, [...before, ...args], options);
  if (result.code !== 0) throw new Error(result.stderr.trim() || `exit code ${result.code}`);
  return result;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

async function report(outcomes, { json }, intoReadme) {
  if (outcomes.length === 0) return;
  const { machineText, readmeWith, terminalTable } = await import("../bench/report/table.mjs");
  const { chart } = await import("../bench/report/chart.mjs");
  const machine = machineText(await versions());
  const out = join(root, "bench", "out");
  mkdirSync(out, { recursive: true });
  const svg = chart(outcomes, machine);
  if (svg !== undefined) writeFileSync(join(out, "bench.svg"), svg);
  writeFileSync(join(out, "bench.json"), JSON.stringify({ machine, outcomes }, null, 2));
  const print = json ? console.error : console.log;
  print(`${terminalTable(outcomes)}\n\n${machine}`);
  if (svg !== undefined) print("chart: bench/out/bench.svg");
  if (!intoReadme) return;
  const path = join(root, "README.md");
  const text = existsSync(path) ? readmeWith(readFileSync(path, "utf8"), outcomes, machine) : null;
  if (text) writeFileSync(path, text);
  else console.error("README.md has no bench marks: it stays as it is");
}

async function versions() {
  const [bun, deno] = await Promise.all(
    Object.values(runtimes).map(([command]) => capture(command, ["--version"])),
  );
  return [`Bun ${bun.stdout.trim()}`, `Deno ${deno.stdout.match(/deno (\S+)/)?.[1]}`];
}
