import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { MachineReport } from "../cli/doctor.ts";
import { bunPath } from "../scripts/toolchain.mjs";
import { functions } from "../src/generated/functions.ts";
import { abiVersion } from "../src/generated/siding.ts";
import { type ChildOptions, expectExit, runCommand } from "./support/child.ts";
import { libraryOfC, programOfC } from "./support/compiler.ts";
import { runtimeName, test } from "./support/harness.ts";
import { loads, printed, refusal } from "./support/loads.ts";
import { folder, jsrTree, packedPath, platform, sourcePath } from "./support/packages.ts";
import { checkoutProject, jsrProject, npmProject, startProject } from "./support/project.ts";
import { testlibPath } from "./support/testlib.ts";

const onlyFfi: ChildOptions = { denoFlags: ["--allow-ffi"] };
const undeclared = (): void => {};
/* only Deno has permissions */
const testOnDeno = runtimeName === "deno" ? test : undeclared;

const built = fileURLToPath(new URL("../zig-out/lib/libsiding.so", import.meta.url));
const main = { "main.ts": loads() };

const cannot = (origin: string): string =>
  `SidingError ERR_SIDING_NATIVE: Cannot load libsiding for linux ${process.arch}, ` +
  `ABI ${abiVersion} from ${origin}: `;
const elsewhere = "set SIDING_LIBRARY to its path";
const another = "; name that of this version and platform, or none";

function changeFile(path: string, change: (text: string) => string): void {
  const text = readFileSync(path, "utf8");
  const changed = change(text);
  assert.notEqual(changed, text, `"${path}" is as it was`);
  writeFileSync(path, changed);
}

/** A file of the built library, changed. */
function changedLibrary(name: string, change: (bytes: Buffer) => void): string {
  const bytes = readFileSync(built);
  change(bytes);
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

// ---- what is loaded ----------------------------------------------------------------------------

test("configure goes before SIDING_LIBRARY, and that before what a package has", async () => {
  const [first, second] = ["first.so", "second.so"].map((name) => changedLibrary(name, () => {}));
  await using project = await checkoutProject(main);
  const options = { env: { SIDING_LIBRARY: second! } };
  assert.equal(printed(await project.run("main.ts")).path, built);
  assert.equal(printed(await project.run("main.ts", options)).path, second);
  assert.equal(printed(await project.run("main.ts", options, first!)).path, first);
});

test("configure with another library than the loaded one is an error", async () => {
  const path = changedLibrary("late.so", () => {});
  const late = `
    import { configure, open, stats } from "@siding/ffi";
    open("libc.so.6", {});
    configure({ library: stats().library });
    configure({ library: ${JSON.stringify(path)} });
  `;
  await using project = await checkoutProject({ "main.ts": late });
  const { code, stderr } = await project.run("main.ts");
  assert.notEqual(code, 0);
  assert.ok(stderr.includes(`Cannot load libsiding from "${path}": "${built}" is loaded`), stderr);
});

testOnDeno("configure makes do with the permission for its path", async () => {
  const scoped = `
    import { configure, open, stats } from "@siding/ffi";
    configure({ library: ${JSON.stringify(built)} });
    const { add } = open(${JSON.stringify(testlibPath)}, {
      add: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
    });
    console.log(await add(20, 22), stats().library);
  `;
  await using project = await jsrProject({ "main.ts": scoped });
  const denoFlags = [`--allow-ffi=${built},${testlibPath}`];
  const outcome = await project.run("main.ts", { denoFlags });
  assert.equal(outcome.stdout.trim(), `42 ${built}`, outcome.stderr);
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
    await using project = await startProject({ "main.ts": threads(loads), "worker.ts": worker });
    for (const copy of ["ffi", "other"]) {
      cpSync(jsrTree(), join(project.folder, copy), { recursive: true });
    }
    const outcome = await project.run("main.ts");
    expectExit(outcome, 0);
    const { isOne, isSame, images } = JSON.parse(outcome.stdout);
    assert.deepEqual({ isOne, isSame }, { isOne: true, isSame: true });
    if (loads === "before") assert.equal(images, 1);
  }
});

const doctored = `
import process from "node:process";
import { doctor } from "@siding/ffi/doctor";
process.exitCode = await doctor(["--json"]);
`;

test("both packages bring the doctor, which tells how the library was loaded", async () => {
  await using jsr = await jsrProject({ "main.ts": doctored });
  await using npm = await npmProject({});
  await npm.command([bunPath(), "add", "@siding/ffi"]);
  const command = "node_modules/@siding/ffi/cli/siding.js";
  /* Deno finds packages of npm on disk */
  const denoFlags = ["--allow-ffi", "--allow-read"];
  const outcomes = [
    [await jsr.run("main.ts", onlyFfi), "memory"],
    [await npm.run(command, { denoFlags }, "doctor", "--json"), "package"],
  ] as const;
  for (const [outcome, source] of outcomes) {
    expectExit(outcome, 0);
    const { library } = JSON.parse(outcome.stdout) as MachineReport;
    assert.equal(library?.source, source);
    assert.match(library.path, /libsiding.*\.so$/);
  }
});

// ---- causes for which nothing is loaded, each in one line --------------------------------------

test("a package has no library for the platform", async () => {
  await using project = await jsrProject(main, (tree) => {
    changeFile(sourcePath(tree, "carrier"), (text) => text.replace(`"${platform}"`, '"vax"'));
  });
  const line = refusal(await project.run("main.ts", onlyFfi));
  const remedy = `; build it from the sources, or ${elsewhere}`;
  assert.equal(line, `${cannot("this package")}there is none for ${platform}${remedy}`);
});

test("the library of JSR's package is not there", async () => {
  await using project = await jsrProject(main, (tree) => rmSync(packedPath(tree)));
  const line = refusal(await project.run("main.ts", onlyFfi));
  assert.ok(line.startsWith(cannot("this package")), line);
  assert.match(line, new RegExp(`native/${platform}\\.json`));
  assert.ok(line.endsWith(`; import "@siding/ffi/native/${platform}" first, or ${elsewhere}`));
});

test("the library of JSR's package is damaged", async () => {
  await using project = await jsrProject(main, (tree) => {
    const shorter = (_: string, packed: string): string => `"packed":"${packed.slice(0, 4000)}"`;
    changeFile(packedPath(tree), (text) => text.replace(/"packed":"([^"]+)"/, shorter));
  });
  const line = refusal(await project.run("main.ts", onlyFfi));
  assert.ok(line.startsWith(`${cannot("this package")}it is damaged, `), line);
  assert.ok(line.endsWith(` bytes: install the package again; ${elsewhere}`), line);
});

test("the package of the platform is not installed", async () => {
  await using project = await npmProject(main);
  await project.command([bunPath(), "add", "--omit=optional", "@siding/ffi"]);
  const line = refusal(await project.run("main.ts"));
  assert.ok(line.startsWith(cannot("this package")), line);
  assert.match(line, new RegExp(`@siding/ffi-${platform}`));
  assert.match(line, /; install @siding\/ffi again, with its optional dependency/);
});

/** A library with all functions of libsiding, of which those that are checked answer this. */
function strange(version: number, size: number): Promise<string> {
  const others = Object.keys(functions).filter((name) => !name.startsWith("siding_abi_"));
  return libraryOfC(`
    int siding_abi_version(void) { return ${version}; }
    int siding_abi_sizes(unsigned *sizes, int count) {
      for (int i = 0; i < count; i++) sizes[i] = ${size};
      return 0;
    }
    ${others.map((name) => `int ${name}(void) { return 0; }`).join("\n")}
  `);
}

const ELF_MACHINE = 18;
const ELF_MACHINE_RISCV = 243;
const otherArchitecture = process.arch === "x64" ? "arm64" : "x64";
const elfMachines = { x64: 62, arm64: 183 };

type Make = () => string | Promise<string>;

const unusable: readonly (readonly [what: string, make: Make, reason: RegExp])[] = [
  ["is not there", () => join(folder, "gone.so"), /gone\.so.*No such file/],
  ["is a folder", () => folder, /[Ii]s a directory/],
  [
    "is no library",
    () => changedLibrary("text.so", (bytes) => bytes.fill(10)),
    /^it is no library$/,
  ],
  ["is empty", () => {
    const path = join(folder, "empty.so");
    writeFileSync(path, "");
    return path;
  }, /^it is no library$/],
  ["is for another architecture", () => {
    const machine = elfMachines[otherArchitecture];
    return changedLibrary("other.so", (bytes) => bytes.writeUInt16LE(machine, ELF_MACHINE));
  }, new RegExp(`^it is for linux ${otherArchitecture}$`)],
  [
    "is for an unknown architecture",
    () =>
      changedLibrary("riscv.so", (bytes) => bytes.writeUInt16LE(ELF_MACHINE_RISCV, ELF_MACHINE)),
    /^it is for machine 243$/,
  ],
  ["is another library", () => libraryOfC("int nothing;"), /siding_\w+/],
  ["has another ABI", () => strange(abiVersion + 1, 0), /^its ABI is \d+$/],
  ["has other records", () => strange(abiVersion, 3), /^its records measure 3, .* bytes, not \d/],
];

for (const [what, make, reason] of unusable) {
  test(`the file of SIDING_LIBRARY ${what}`, async () => {
    const path = await make();
    await using project = await checkoutProject(main);
    const line = refusal(await project.run("main.ts", { env: { SIDING_LIBRARY: path } }));
    const start = cannot(`"${path}"`);
    assert.ok(line.startsWith(start), line);
    assert.ok(line.endsWith(another), line);
    assert.match(line.slice(start.length, -another.length), reason);
  });
}

testOnDeno("FFI is not permitted, or not for what is to be loaded", async () => {
  await using project = await jsrProject(main);
  const denied = "SidingError ERR_SIDING_PERMISSION: Cannot load libsiding from";
  /* some flag there must be: without any, Deno's own spawn gives all permissions */
  for (const denoFlags of [["--allow-env"], [`--allow-ffi=${testlibPath}`]]) {
    const line = refusal(await project.run("main.ts", { denoFlags }));
    assert.equal(line, `${denied} this package: add --allow-ffi`);
    const chosen = refusal(await project.run("main.ts", { denoFlags }, built));
    assert.equal(chosen, `${denied} "${built}": add --allow-ffi=${built}`);
  }
});

/* A program that runs another one for which there are no memory files. */
const refuser = `
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **arguments) {
  struct sock_filter steps[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof steps / sizeof *steps, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 2;
  execv(arguments[1], arguments + 1);
  return 3;
}
`;

test("the system refuses memory files", async () => {
  await using project = await jsrProject(main);
  const flags = runtimeName === "deno" ? ["run", "-A"] : [];
  const command = [process.execPath, ...flags, "main.ts"];
  const options = { cwd: project.folder, env: project.env };
  const refusing = await programOfC(refuser);
  const line = refusal(await runCommand(refusing, command, options));
  assert.equal(line, `${cannot("this package")}the system refuses a memory file; ${elsewhere}`);
  const fallback = await runCommand(refusing, [...command, built], options);
  assert.equal(printed(fallback).path, built, "the remedy is one");
});

// ---- the cache, which is for systems without memory files --------------------------------------

/** JSR's package as it loads there. */
function withoutMemoryFiles(tree: string): void {
  const inMemory = /runtime\.system === "linux"\s+\? loadFromMemory\(image, loading\)\s+: /;
  changeFile(sourcePath(tree, "embedding"), (text) => text.replace(inMemory, ""));
}

test("a file of the cache is made, found again, and mended where it is damaged", async () => {
  await using project = await jsrProject(main, withoutMemoryFiles);
  const options = { env: { HOME: project.folder } };
  const { path } = printed(await project.run("main.ts", options));
  const cache = join(project.folder, ".cache", "siding");
  assert.deepEqual(readdirSync(cache).map((name) => join(cache, name)), [path]);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, 5000));
  assert.equal(printed(await project.run("main.ts", options)).path, path);
  assert.ok(readFileSync(path).equals(whole));
});

test("there can be no cache, or others could write into it", async () => {
  await using project = await jsrProject(main, withoutMemoryFiles);
  const start = cannot("this package");
  const unset = refusal(await project.run("main.ts", { env: { HOME: "" } }));
  const where = "HOME, which says where the cache is, is not set or not permitted";
  assert.equal(unset, `${start}${where}; ${elsewhere}`);
  const home = join(project.folder, "home");
  const cache = join(home, ".cache", "siding");
  mkdirSync(cache, { recursive: true });
  chmodSync(cache, 0o777);
  const open = refusal(await project.run("main.ts", { env: { HOME: home } }));
  const mend = `others may write into "${cache}": give it to this user alone, mode 700`;
  assert.equal(open, `${start}${mend}; ${elsewhere}`);
  rmSync(cache, { recursive: true });
  writeFileSync(cache, "");
  const file = refusal(await project.run("main.ts", { env: { HOME: home } }));
  assert.match(file, /EEXIST|exists/i);
  if (runtimeName !== "deno") return;
  const denied = refusal(await project.run("main.ts", onlyFfi));
  assert.equal(denied, `${start}${where}; ${elsewhere}`);
  const denoFlags = ["--allow-ffi", "--allow-env"];
  const unwritten = refusal(await project.run("main.ts", { denoFlags, env: { HOME: home } }));
  assert.match(unwritten, /--allow-(read|write)/);
});
