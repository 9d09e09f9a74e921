import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import process from "node:process";
import type { MachineReport } from "../cli/doctor.ts";
import { abiVersion } from "../src/generated/siding.ts";
import { doctorLines, doctorReport, shapeOf, siding } from "./support/doctor.ts";
import { foreignHeader } from "./support/elf.ts";
import { runtimeName, test } from "./support/harness.ts";
import { sidingPath, testlibPath } from "./support/testlib.ts";

const SCREEN_LINES = 24;

const folder = mkdtempSync(join(tmpdir(), "siding-doctor-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/* only Deno has permissions */
const testOnDeno = runtimeName === "deno" ? test : (): void => {};

/** A file of these bytes. */
function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const figures = { count: "number", medianUs: "number", p99Us: "number", maxUs: "number" };
const permission = { flag: "string", purpose: "string", granted: "boolean", required: "boolean" };

test("on a machine where all is well the doctor says so, on one screen", async () => {
  const lines = await doctorLines(0);
  assert.ok(lines.length <= SCREEN_LINES, lines.join("\n"));
  const labels = lines.map((line) => line.slice(0, 14).trim()).filter(Boolean);
  assert.deepEqual(labels, [
    ...["siding", "platform", "runtime", "library", "ABI", "wake channel", "trampolines"],
    ...["permissions", "self-test", "verdict"],
  ]);
  assert.match(lines.at(-1)!, /^verdict +Siding works here$/);
  assert.ok(lines.every((line) => !line.includes("\x1b")), "no colours into a pipe");
});

test("its report for programs has a fixed shape, and is true", async () => {
  const report = await doctorReport<MachineReport>(0);
  assert.deepEqual(shapeOf(report), {
    about: "string",
    version: "string",
    works: "boolean",
    problems: [],
    platform: "string",
    processors: "number",
    runtime: { name: "string", version: "string" },
    abi: "number",
    library: { path: "string", source: "string" },
    wakeChannel: "string",
    trampolines: "string",
    glibc: report.platform.endsWith("-gnu") ? "string" : "null",
    selfTest: {
      calls: figures,
      pipelined: { count: "number", inFlight: "number", perSecond: "number" },
      callbacks: figures,
      timer: figures,
    },
    permissions: runtimeName === "deno" ? [permission, permission] : [],
  });
  assert.equal(report.about, "machine");
  assert.equal(report.works, true);
  assert.equal(report.abi, abiVersion);
  const { path, source } = report.library!;
  assert.deepEqual([normalize(path), source], [sidingPath, "package"]);
  assert.equal(report.runtime.name, runtimeName);
  for (const part of Object.values(report.selfTest!)) assert.ok(part.count > 0);
  const { calls, timer } = report.selfTest!;
  for (const { medianUs, p99Us, maxUs } of [calls!, timer!]) {
    assert.ok(0 < medianUs && medianUs <= p99Us && p99Us <= maxUs);
  }
});

test("SIDING_LIBRARY is where the library came from", async () => {
  const env = { SIDING_LIBRARY: sidingPath };
  const { library } = await doctorReport<MachineReport>(0, [], { env });
  assert.deepEqual(library, { path: sidingPath, source: "chosen" });
});

test("a libsiding that cannot be loaded is told in the loader's words, with the rest", async () => {
  const paths = [
    "/nowhere/libsiding.so",
    file("foreign.so", foreignHeader()),
    file("text.so", "no library at all\n"),
    testlibPath,
  ];
  for (const path of paths) {
    const env = { SIDING_LIBRARY: path };
    const lines = await doctorLines(1, [], { env });
    const [verdict] = lines.slice(-1).map((line) => line.replace(/^verdict +/, ""));
    assert.ok(lines.some((line) => /^library +not loaded$/.test(line)), lines.join("\n"));
    assert.ok(lines.some((line) => /^runtime +(Bun|Deno) \d/.test(line)), lines.join("\n"));
    const report = await doctorReport<MachineReport>(1, [], { env });
    for (const line of [verdict!, ...report.problems]) {
      assert.match(line, /^Cannot load libsiding for /);
      assert.ok(line.includes(`, ABI ${abiVersion} from "${path}": `), line);
      assert.ok(line.endsWith("; name that of this version and platform, or none"), line);
    }
    assert.deepEqual([report.works, report.problems.length], [false, 1]);
    const { library, wakeChannel, trampolines, selfTest } = report;
    assert.deepEqual([library, wakeChannel, trampolines, selfTest], [null, null, null, null]);
  }
});

testOnDeno("without a permission the doctor asks nothing and names the flag", async () => {
  const denied = await doctorReport<MachineReport>(1, [], { denoFlags: ["--allow-env=HOME"] });
  assert.deepEqual(denied.problems, [
    `Cannot load libsiding from "${sidingPath}": add --allow-ffi=${sidingPath}`,
  ]);
  const [ffi, env] = denied.permissions;
  assert.deepEqual(ffi, {
    flag: "--allow-ffi",
    purpose: "to call C",
    granted: false,
    required: true,
  });
  assert.equal(env!.flag, "--allow-env=SIDING_LIBRARY");
  assert.deepEqual([env!.granted, env!.required], [false, false]);
  assert.equal(denied.library, null);
});

testOnDeno("with nothing but --allow-ffi all is well", async () => {
  const report = await doctorReport<MachineReport>(0, [], { denoFlags: ["--allow-ffi"] });
  assert.deepEqual(report.permissions.map(({ granted }) => granted), [true, false]);
});

testOnDeno(
  "with FFI for some paths the library is loaded, and the flag for the rest named",
  async () => {
    const denoFlags = [`--allow-ffi=${sidingPath}`];
    const report = await doctorReport<MachineReport>(1, [], { denoFlags });
    assert.deepEqual(report.library, { path: sidingPath, source: "package" });
    assert.equal(report.selfTest, null);
    assert.equal(report.problems.length, 1);
    assert.match(report.problems[0]!, /^Cannot open "[^"]+": add --allow-ffi$/);
    assert.equal(report.permissions[0]!.granted, false);
  },
);

test("wrong arguments are an exit code of their own, and told beside the usage", async () => {
  const wrong = [[], ["doktor"], ["toString"], ["doctor", "--jsn"], ["doctor", "--json=yes"]];
  for (const args of wrong) {
    const { code, stdout, stderr } = await siding(args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^siding( doctor)?: .+\nusage: siding /);
  }
});

test("help is no error", async () => {
  for (const args of [["--help"], ["doctor", "--help"]]) {
    const { code, stdout, stderr } = await siding(args);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^usage: siding /);
  }
});
