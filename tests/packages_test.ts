import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { MachineReport } from "../cli/doctor.ts";
import { abiVersion } from "../src/generated/siding.ts";
import { expectExit, type Outcome, runFile } from "./support/child.ts";
import { runtimeName, test } from "./support/harness.ts";
import { jsrProject, npmProject, platform } from "./support/packages.ts";
import { testlibPath } from "./support/testlib.ts";

const onlyFfi = ["--allow-ffi"];

const undeclared = (): void => {};
/* only Deno has permissions, and only Bun a bundler that takes files along */
const testOnDeno = runtimeName === "deno" ? test : undeclared;
const testOnBun = runtimeName === "bun" ? test : undeclared;

/* What is printed: a call's result, C's answer from a callback, and how it was loaded. */
const program = (from: string): string => `
import process from "node:process";
import { callback, open, stats } from "${from}";
const ask = { parameters: ["i32"], result: "i32" } as const;
const definitions = {
  add: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
  ask: { name: "test_ask_i32", parameters: [{ function: ask }, "i32", "bool"], result: "i32" },
} as const;
try {
  const library = open(${JSON.stringify(testlibPath)}, definitions);
  const sum = library.add.sync(20, 22);
  using doubled = callback.call(ask, (value) => value * 2, { fallback: -1 });
  const answers = [library.ask.sync(doubled, 4, false), await library.ask(doubled, 5, true)];
  const { library: path, trampolines } = stats();
  console.log(JSON.stringify({ sum, answers, path, trampolines }));
} catch (error) {
  console.log(error.name, error.code + ":", error.message);
  process.exit(3);
}
`;

interface Printed {
  readonly sum: number;
  readonly answers: readonly number[];
  readonly path: string;
  readonly trampolines: string;
}

function printed(outcome: Outcome): Printed {
  expectExit(outcome, 0);
  const result = JSON.parse(outcome.stdout) as Printed;
  assert.equal(result.sum, 42);
  assert.deepEqual(result.answers, [8, 10]);
  assert.match(result.trampolines, /^(static|dynamic)$/);
  return result;
}

/** The one line that a program prints which cannot load its library. */
async function refused(path: string, denoFlags = onlyFfi): Promise<string> {
  const outcome = await runFile(path, [], { denoFlags });
  assert.notEqual(outcome.code, 0, JSON.stringify(outcome));
  const lines = outcome.stdout.trimEnd().split("\n");
  assert.equal(lines.length, 1, outcome.stdout + outcome.stderr);
  return lines[0]!;
}

const native = (origin: string): string =>
  `SidingError ERR_SIDING_NATIVE: Cannot load libsiding for linux ${process.arch}, ` +
  `ABI ${abiVersion} from ${origin}: `;
const jsrRemedy = "; update @siding/ffi, or set SIDING_LIBRARY to its path";

const named = /^libsiding-[0-9a-f]{16}\.so$/;

test("the package of JSR loads its library from memory, with no permission but FFI", async () => {
  const project = jsrProject({ "main.ts": program("./ffi/mod.ts") });
  const outcome = await runFile(join(project, "main.ts"), [], { denoFlags: onlyFfi });
  assert.match(printed(outcome).path, named);
});

test("both packages bring the doctor, which tells how the library was loaded", async () => {
  const jsr = join(jsrProject({}), "ffi", "cli", "doctor.ts");
  const npm = join(npmProject({}), "node_modules", "@siding", "ffi", "cli", "siding.js");
  const sources = [[jsr, ["--json"], "memory"], [npm, ["doctor", "--json"], "package"]] as const;
  for (const [path, args, source] of sources) {
    /* Deno finds packages of npm on disk */
    const denoFlags = source === "memory" ? onlyFfi : [...onlyFfi, "--allow-read"];
    const outcome = await runFile(path, args, { denoFlags });
    expectExit(outcome, 0);
    const report = JSON.parse(outcome.stdout) as MachineReport;
    assert.equal(report.library?.source, source);
    assert.match(report.library.path, /libsiding.*\.so$/);
  }
});

test("SIDING_LIBRARY goes before what a package carries", async () => {
  const project = jsrProject({ "main.ts": program("./ffi/mod.ts") });
  const chosen = join(project, "own.so");
  cpSync(new URL("../zig-out/lib/libsiding.so", import.meta.url), chosen);
  const denoFlags = ["--allow-ffi", "--allow-env"];
  const env = { SIDING_LIBRARY: chosen };
  const outcome = await runFile(join(project, "main.ts"), [], { env, denoFlags });
  assert.equal(printed(outcome).path, chosen);
});

/* Each thread loads the library when told to, and says whether a shared context is one to it. */
const worker = `
import { Context, open } from "./ffi/mod.ts";
self.onmessage = ({ data }) => {
  const library = open("libc.so.6", { gettid: { parameters: [], result: "i32" } });
  if (data === "load") return self.postMessage(library.gettid.sync());
  Context.attach(data).use(library).gettid().then((thread) => self.postMessage(thread));
};
self.postMessage("listening");
`;

const threads = (loads: "before" | "meanwhile"): string => `
import { readFileSync } from "node:fs";
import { Context, open, stats } from "./ffi/mod.ts";
import * as other from "./other/mod.ts";

const next = (worker) => new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});
const ask = (message) => Promise.all(workers.map((worker) => {
  const answer = next(worker);
  worker.postMessage(message);
  return answer;
}));
const load = () => open("libc.so.6", { gettid: { parameters: [], result: "i32" } });

const url = new URL("./worker.ts", import.meta.url);
const workers = Array.from({ length: 4 }, () => new Worker(url, { type: "module" }));
await Promise.all(workers.map(next));
const before = ${loads === "before"} ? load().gettid.sync() : 0;
const loaded = ask("load");
const library = load();
library.gettid.sync();
await loaded;
const context = await Context.acquire();
const thread = await context.use(library).gettid();
const answers = await ask(context.share());
const images = readFileSync("/proc/self/maps", "utf8").split("\\n")
  .filter((line) => line.includes("/memfd:libsiding-") && / 0{8} /.test(line));
console.log(JSON.stringify({
  isOne: answers.every((answer) => answer === thread),
  isSame: stats().library === other.stats().library,
  images: images.length,
}));
for (const worker of workers) worker.terminate();
await context.release();
`;

test("threads and copies of one version have one image, and share a context", async () => {
  for (const loads of ["before", "meanwhile"] as const) {
    const project = jsrProject({ "main.ts": threads(loads), "worker.ts": worker });
    cpSync(join(project, "ffi"), join(project, "other"), { recursive: true });
    const outcome = await runFile(join(project, "main.ts"), [], { denoFlags: ["-A"] });
    expectExit(outcome, 0);
    const { isOne, isSame, images } = JSON.parse(outcome.stdout);
    assert.deepEqual({ isOne, isSame }, { isOne: true, isSame: true });
    if (loads === "before") assert.equal(images, 1);
  }
});

test("a package without a library for this platform says so in one line", async () => {
  const project = jsrProject({ "main.ts": program("./ffi/mod.ts") });
  const carrier = join(project, "ffi", "src", "carrier.ts");
  writeFileSync(carrier, readFileSync(carrier, "utf8").replace(`"${platform}"`, '"vax"'));
  const line = await refused(join(project, "main.ts"));
  assert.equal(line, `${native("this package")}there is none for ${platform}${jsrRemedy}`);
});

test("a package whose library is damaged says so in one line", async () => {
  const project = jsrProject({ "main.ts": program("./ffi/mod.ts") });
  const path = join(project, "ffi", "native", `${platform}.json`);
  const image = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...image, packed: image.packed.slice(0, 4000) }));
  const line = await refused(join(project, "main.ts"));
  assert.ok(line.startsWith(`${native("this package")}the library in this package is damaged: `));
  assert.ok(line.endsWith(jsrRemedy), line);
});

test("a package whose module is missing says so in one line", async () => {
  const project = jsrProject({ "main.ts": program("./ffi/mod.ts") });
  const carrier = join(project, "ffi", "src", "carrier.ts");
  const text = readFileSync(carrier, "utf8");
  writeFileSync(
    carrier,
    text.replace(/import\("(\.\.\/native\/[^"]+)\.ts"\)/, 'import("./gone.ts")'),
  );
  const line = await refused(join(project, "main.ts"), ["--allow-ffi", "--allow-read"]);
  assert.ok(line.startsWith(native("this package")), line);
  assert.match(line, /gone\.ts/);
  assert.ok(line.endsWith(jsrRemedy), line);
});

testOnDeno("without the permission, the line has the flag", async () => {
  const project = jsrProject({ "main.ts": program("./ffi/mod.ts") });
  const wanted = "SidingError ERR_SIDING_PERMISSION: Cannot load libsiding from this package: " +
    "add --allow-ffi";
  /* some flag there must be: without any, Deno's own spawn gives all permissions */
  for (const denoFlags of [["--allow-env"], [`--allow-ffi=${testlibPath}`]]) {
    assert.equal(await refused(join(project, "main.ts"), denoFlags), wanted);
  }
});

test("the packages of npm bring the library as a file", async () => {
  const project = npmProject({ "main.ts": program("@siding/ffi") });
  const outcome = await runFile(join(project, "main.ts"));
  const file = join(project, "node_modules", "@siding", `ffi-${platform}`, "libsiding.so");
  assert.equal(printed(outcome).path, file);
});

test("without its platform's package, that of npm says so in one line", async () => {
  const project = npmProject({ "main.ts": program("@siding/ffi") }, ["ffi"]);
  const line = await refused(join(project, "main.ts"), ["-A"]);
  assert.ok(line.startsWith(native("this package")), line);
  assert.match(line, new RegExp(`@siding/ffi-${platform}`));
  assert.match(line, /; install @siding\/ffi again, with its optional dependency/);
});

testOnBun(
  "Bun bundles and compiles a program with its library, which runs from anywhere",
  async () => {
    const project = npmProject({ "main.ts": program("@siding/ffi") });
    const bun = (...args: string[]): Buffer =>
      execFileSync(process.execPath, args, { cwd: project });
    bun("build", "main.ts", "--target", "bun", "--outdir", "bundle");
    bun("build", "main.ts", "--compile", "--outfile", "single");
    const elsewhere = join(project, "elsewhere");
    mkdirSync(elsewhere);
    rmSync(join(project, "node_modules"), { recursive: true });
    const bundled = await runFile(join(project, "bundle", "main.js"));
    assert.match(printed(bundled).path, /libsiding.*\.so$/);
    const stdout = execFileSync(join(project, "single"), [], {
      cwd: elsewhere,
      env: { PATH: "" },
      encoding: "utf8",
    });
    printed({ code: 0, signal: null, stdout, stderr: "", ms: 0 });
  },
);

testOnBun("a bundle of the package of JSR has its library", async () => {
  const project = jsrProject({ "main.ts": program("./ffi/mod.ts") });
  const args = ["build", "main.ts", "--target", "bun", "--outdir", "bundle"];
  execFileSync(process.execPath, args, { cwd: project });
  rmSync(join(project, "ffi"), { recursive: true });
  assert.match(printed(await runFile(join(project, "bundle", "main.js"))).path, named);
});
