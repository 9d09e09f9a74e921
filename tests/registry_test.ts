import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { MachineReport } from "../cli/doctor.ts";
import { root } from "../scripts/toolchain.mjs";
import { expectExit, runCommand, runFile } from "./support/child.ts";
import { runtimeName, test, testUnless } from "./support/harness.ts";
import { publishToJsr } from "./support/jsr_registry.ts";
import { loads, printed } from "./support/loads.ts";
import { missingNamespaces, readOnly, runMounted, unrunnable } from "./support/namespace.ts";
import { publishToNpm } from "./support/npm_registry.ts";
import {
  changeVersion,
  folder,
  jsrTarball,
  jsrTree,
  packedText,
  platform,
} from "./support/packages.ts";
import {
  jsrProject,
  npmProject,
  type Project,
  publishJsrTrees,
  startProject,
} from "./support/project.ts";

const runtime = process.execPath;
const onlyFfi = ["--allow-ffi"];
const offline = [...onlyFfi, "--cached-only"];
const named = /^libsiding-[0-9a-f]{16}\.so$/;
const entry = `import "@siding/ffi/native/${platform}";`;

const undeclared = (): void => {};
const on = (name: typeof runtimeName, missing?: string): typeof test =>
  name === runtimeName ? testUnless(missing) : undeclared;

/** The libraries that were asked for, by platform. */
function downloaded({ registry }: Project): string[] {
  const libraries = registry.requests.map((path) =>
    path.match(/\/native\/(.+)\.json$/)?.[1] ?? path.match(/\/ffi-([^/]+)-\d+\.\d+\.\d+\.tgz$/)?.[1]
  );
  return libraries.filter((one) => one !== undefined);
}

const inWorker = `
import { open, stats } from "@siding/ffi";
const { getpid } = open("libc.so.6", { getpid: { parameters: [], result: "i32" } });
await getpid();
self.postMessage(stats().library);
`;
const startsWorkers = (options = ""): string => `
import process from "node:process";
const url = new URL("./worker.ts", import.meta.url);
const answers = Array.from({ length: 3 }, () => {
  const worker = new Worker(url, { type: "module", ${options} });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
});
console.log(JSON.stringify(await Promise.all(answers)));
process.exit(0);
`;

// ---- Deno --------------------------------------------------------------------------------------

on("deno")("deno run: of JSR's package only this platform's library is downloaded", async () => {
  await using project = await jsrProject({ "main.ts": loads() });
  assert.match(printed(await project.run("main.ts", { denoFlags: onlyFfi })).path, named);
  assert.deepEqual(downloaded(project), [platform]);
  const { length } = project.registry.requests;
  printed(await project.run("main.ts", { denoFlags: offline }));
  printed(await project.run("main.ts", { denoFlags: onlyFfi }));
  assert.equal(project.registry.requests.length, length, "the second start asks for nothing");
});

on("deno")("deno add: all that a program needs is there before it runs", async () => {
  await using project = await startProject({ "main.ts": loads(), "deno.json": "{}" });
  publishToJsr(project.registry, [jsrTree()]);
  await project.command([runtime, "add", "jsr:@siding/ffi"]);
  const { length } = project.registry.requests;
  assert.match(printed(await project.run("main.ts", { denoFlags: onlyFfi })).path, named);
  assert.equal(project.registry.requests.length, length);
});

on("deno")("deno add: npm's package runs, with a library for this machine", async () => {
  await using project = await npmProject({ "main.ts": loads(), "deno.json": "{}" });
  await project.command([runtime, "add", "npm:@siding/ffi"]);
  const { path } = printed(await project.run("main.ts"));
  assert.match(path, /libsiding\.so$/);
  /* Deno does not look at `libc` */
  const both = [platform, platform.replace("gnu", "musl")];
  assert.deepEqual(downloaded(project).sort(), both);
});

on("deno")("with an entry deno cache is enough to run offline, before or after", async () => {
  const after = `${loads()}\n${entry}`;
  await using project = await jsrProject({ "before.ts": loads(entry), "after.ts": after });
  for (const name of ["before.ts", "after.ts"]) {
    rmSync(join(project.folder, "deno-cache"), { recursive: true, force: true });
    await project.command([runtime, "cache", name]);
    printed(await project.run(name, { denoFlags: offline }));
  }
  assert.deepEqual(new Set(downloaded(project)), new Set([platform]));
});

const restricted = "deno: { permissions: { ffi: true } }";

on("deno")("with an entry a Worker needs no permission but FFI", async () => {
  const files = { "worker.ts": `${entry}${inWorker}`, "main.ts": startsWorkers(restricted) };
  await using project = await jsrProject(files);
  const denoFlags = ["--allow-ffi", "--allow-read", "--unstable-worker-options"];
  const outcome = await project.run("main.ts", { denoFlags });
  expectExit(outcome, 0);
  for (const path of JSON.parse(outcome.stdout)) assert.match(path, named);
});

/** Why Deno cannot do it to an empty program, or `undefined`; it then has what it downloads. */
async function missingFor(command: string): Promise<string | undefined> {
  if (runtimeName !== "deno") return undefined;
  const empty = join(folder, `${command}.ts`);
  writeFileSync(empty, "");
  const { code, stderr } = await runCommand(runtime, [command, "-o", `${empty}.out`, empty]);
  return code === 0
    ? undefined
    : stderr.split("\n").filter((line) => /\berror\b/.test(line)).join("; ");
}

/* What Deno downloads for itself it takes from where this machine has it. */
async function shareDownloads({ folder }: Project): Promise<void> {
  const { stdout } = await runCommand(runtime, ["info", "--json"]);
  const { denoDir } = JSON.parse(stdout) as { readonly denoDir: string };
  mkdirSync(join(folder, "deno-cache"), { recursive: true });
  symlinkSync(join(denoDir, "dl"), join(folder, "deno-cache", "dl"));
}

const bundling = await missingFor("bundle");
on("deno", bundling)("deno bundle: with its entry a bundle needs nothing but FFI", async () => {
  await using project = await jsrProject({ "main.ts": loads(entry), ".npmrc": "" });
  await shareDownloads(project);
  await project.command([runtime, "bundle", "main.ts", "-o", "bundle.js"]);
  const elsewhere = join(folder, "elsewhere.js");
  cpSync(join(project.folder, "bundle.js"), elsewhere);
  assert.match(printed(await runFile(elsewhere, [], { denoFlags: offline })).path, named);
});

on("deno")("deno compile: with its entry an executable has the library inside", async () => {
  await using project = await jsrProject({ "main.ts": loads(entry) });
  /* any executable will do as long as it is not run */
  const env = { DENORT_BIN: runtime };
  await project.command([runtime, "compile", "-o", "single", "main.ts"], env);
  const executable = readFileSync(join(project.folder, "single"));
  assert.ok(executable.includes(packedText(platform)));
  assert.ok(!executable.includes(packedText("darwin-arm64")));
  assert.deepEqual(downloaded(project), [platform]);
});

const compiling = await missingFor("compile");
on("deno", compiling)("deno compile: with its entry an executable runs anywhere", async () => {
  await using project = await jsrProject({ "main.ts": loads(entry) });
  await shareDownloads(project);
  await project.command([runtime, "compile", ...onlyFfi, "-o", "single", "main.ts"]);
  const env = { PATH: "", DENO_DIR: join(folder, "nowhere") };
  const outcome = await runCommand(join(project.folder, "single"), [], { cwd: folder, env });
  assert.match(printed(outcome).path, named);
});

on("deno")("deno run: JSR's package has the doctor", async () => {
  await using project = await jsrProject({});
  const command = [runtime, "run", ...onlyFfi, "jsr:@siding/ffi/doctor", "--json"];
  const { library } = JSON.parse(await project.command(command)) as MachineReport;
  assert.equal(library?.source, "memory");
  assert.match(library.path, named);
});

// ---- Bun ---------------------------------------------------------------------------------------

on("bun")("bun add: of npm's packages only this platform's library is downloaded", async () => {
  await using project = await npmProject({ "main.ts": loads() });
  await project.command([runtime, "add", "@siding/ffi"]);
  const { path } = printed(await project.run("main.ts"));
  const installed = join(project.folder, "node_modules", "@siding", `ffi-${platform}`);
  assert.equal(path, join(installed, "libsiding.so"));
  assert.deepEqual(downloaded(project), [platform]);
});

on("bun")("bunx: npm's package has the doctor", async () => {
  await using project = await npmProject({});
  const command = [runtime, "x", "@siding/ffi", "doctor", "--json"];
  const PATH = `${join(root, "node_modules", ".bin")}:${process.env["PATH"]}`;
  const env = { PATH, npm_config_registry: `${project.registry.url}/` }; // bunx reads no .npmrc
  const { library } = JSON.parse(await project.command(command, env)) as MachineReport;
  assert.equal(library?.source, "package");
  assert.match(library.path, /libsiding\.so$/);
});

on("bun")("bunx jsr add: JSR's package runs", async () => {
  await using project = await startProject({ "main.ts": loads(), "package.json": "{}" });
  publishToNpm(project.registry, [await jsrTarball()]);
  const programs = join(root, "node_modules", ".bin");
  assert.ok(existsSync(join(programs, "jsr")), 'jsr is missing: run "npm ci" first');
  const env = { PATH: `${programs}:${process.env["PATH"]}` };
  await project.command([join(programs, "bunx"), "jsr", "add", "--bun", "@siding/ffi"], env);
  const manifest = readFileSync(join(project.folder, "package.json"), "utf8");
  assert.match(manifest, /"@siding\/ffi": "npm:@jsr\/siding__ffi@/);
  assert.match(printed(await project.run("main.ts")).path, named);
});

/** A single executable of a program with the package, and nothing else of its project. */
async function compiled(project: Project, name: string): Promise<string> {
  const path = join(folder, name);
  await project.command([runtime, "build", "main.ts", "--compile", "--outfile", path]);
  rmSync(project.folder, { recursive: true });
  return path;
}

async function compiledOfNpm(): Promise<string> {
  await using project = await npmProject({ "main.ts": loads() });
  await project.command([runtime, "add", "@siding/ffi"]);
  return await compiled(project, "single-npm");
}

async function compiledOfJsr(): Promise<string> {
  await using project = await jsrProject({ "main.ts": loads(entry) });
  return await compiled(project, "single-jsr");
}

on("bun", missingNamespaces)(
  "bun build --compile: runs anywhere, from memory, with no PATH and nothing to write to",
  async () => {
    for (const executable of [await compiledOfNpm(), await compiledOfJsr()]) {
      const options = { cwd: "/", env: { HOME: folder, TMPDIR: folder } };
      const script = `${readOnly}\nexport PATH=`;
      const outcome = await runMounted(script, executable, [], options);
      assert.match(printed(outcome).path, named);
    }
  },
);

on("bun")("bun build: a bundle of npm's package has its library beside it", async () => {
  await using project = await npmProject({ "main.ts": loads() });
  await project.command([runtime, "add", "@siding/ffi"]);
  await project.command([runtime, "build", "main.ts", "--target", "bun", "--outdir", "bundle"]);
  const elsewhere = join(folder, "bundle");
  cpSync(join(project.folder, "bundle"), elsewhere, { recursive: true });
  rmSync(project.folder, { recursive: true });
  const { path } = printed(await runFile(join(elsewhere, "main.js")));
  assert.ok(path.startsWith(elsewhere), path);
});

on("bun")("bun build: with its entry a bundle of JSR's package has its library", async () => {
  await using project = await jsrProject({ "main.ts": loads(entry) });
  await project.command([runtime, "build", "main.ts", "--target", "bun", "--outdir", "bundle"]);
  const elsewhere = join(folder, "bundle-jsr.js");
  cpSync(join(project.folder, "bundle", "main.js"), elsewhere);
  rmSync(project.folder, { recursive: true });
  assert.match(printed(await runFile(elsewhere)).path, named);
});

// ---- both --------------------------------------------------------------------------------------

test("Workers load JSR's package too, from the same library", async () => {
  await using project = await jsrProject({ "worker.ts": inWorker, "main.ts": startsWorkers() });
  const denoFlags = [...onlyFfi, `--allow-read=${project.folder}`];
  const outcome = await project.run("main.ts", { denoFlags });
  expectExit(outcome, 0);
  const paths = JSON.parse(outcome.stdout) as string[];
  assert.equal(new Set(paths).size, 1);
  assert.match(paths[0]!, named);
  if (runtimeName === "deno") assert.deepEqual(new Set(downloaded(project)), new Set([platform]));
});

test("two versions of JSR's package in one process have a library each", async () => {
  const both = `
    import * as one from "one";
    import * as two from "two";
    const definitions = { getpid: { parameters: [], result: "i32" } };
    for (const { open } of [one, two]) await open("libc.so.6", definitions).getpid();
    console.log(JSON.stringify([one, two].map(({ stats }) => stats().library)));
  `;
  await using project = await startProject({ "main.ts": both });
  const other = jsrTree();
  changeVersion(other, "0.1.1");
  await publishJsrTrees(project, { one: jsrTree(), two: other });
  const outcome = await project.run("main.ts", { denoFlags: onlyFfi });
  expectExit(outcome, 0);
  const [first, second] = JSON.parse(outcome.stdout) as string[];
  assert.match(first!, named);
  assert.match(second!, named);
  assert.notEqual(first, second);
});

const mounting = testUnless(missingNamespaces);

mounting("JSR's package loads where temporary files may not be run", async () => {
  await using project = await jsrProject({ "main.ts": loads() });
  printed(await project.run("main.ts", { denoFlags: onlyFfi }));
  const temporary = join(project.folder, "temporary");
  mkdirSync(temporary);
  const flags = runtimeName === "deno" ? ["run", ...offline] : [];
  const options = { cwd: project.folder, env: { ...project.env, TMPDIR: temporary } };
  const outcome = await runMounted(unrunnable, runtime, [...flags, "main.ts"], options);
  assert.match(printed(outcome).path, named);
});
