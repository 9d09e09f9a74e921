import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { LibraryReport } from "../cli/doctor.ts";
import { readBinaries } from "../cli/binary/binary.ts";
import { compileLibrary, fatLibrary, libraryFor } from "./support/cross.ts";
import { doctorLines, doctorReport, shapeOf, siding } from "./support/doctor.ts";
import { foreignHeader } from "./support/elf.ts";
import { randomFrom, runtimeName, test } from "./support/harness.ts";
import { sidingPath, testlibPath } from "./support/testlib.ts";

const folder = mkdtempSync(join(tmpdir(), "siding-doctor-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/* only Deno has permissions */
const testOnDeno = runtimeName === "deno" ? test : (): void => {};

/** A file with this content. */
function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A module with an export. */
function moduleOf(name: string, definitions: unknown): string {
  return file(
    `${name}.ts`,
    `export const definitions = ${JSON.stringify(definitions)} as const;\n`,
  );
}

const here = { format: "ELF", kind: "shared library", system: "linux", architecture: process.arch };
const call = { parameters: [], result: "i32" };

test("a library that is well is loaded with all that it needs, and says nothing else", async () => {
  const lines = await doctorLines(0, [testlibPath]);
  assert.match(lines.at(-1)!, /^verdict +this library can be used here$/);
  assert.ok(lines.some((line) => /^needs +all found: /.test(line)), lines.join("\n"));
  const report = await doctorReport<LibraryReport>(0, [testlibPath]);
  assert.deepEqual(report.binaries, [here]);
  assert.deepEqual([report.loaded, report.works, report.symbols], [true, true, null]);
  assert.ok(report.needed.length > 0);
  assert.ok(report.needed.every(({ state }) => state === "found"));
});

test("its report for programs has a fixed shape with definitions", async () => {
  const module = moduleOf("shape", { test_add: call, test_gone: { ...call, optional: true } });
  const report = await doctorReport<LibraryReport>(0, [testlibPath, "--definitions", module]);
  const [binary] = report.binaries.map(shapeOf);
  assert.deepEqual(shapeOf({ ...report, needed: report.needed.slice(0, 1) }), {
    about: "string",
    version: "string",
    works: "boolean",
    problems: [],
    path: "string",
    platform: "string",
    binaries: [binary],
    loaded: "boolean",
    needed: [{ name: "string", state: "string", reason: "null" }],
    symbols: { count: "number", absent: [], absentOptional: ["string"], askedOf: "string" },
  });
  assert.deepEqual(binary, {
    format: "string",
    kind: "string",
    system: "string",
    architecture: "string",
  });
});

test("symbols that definitions name and a library lacks are listed", async () => {
  const module = moduleOf("absent", {
    add: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
    gone: call,
    other: { ...call, name: "gone_too" },
    text: {
      name: "test_text_null",
      parameters: [],
      result: { cstring: "owned", free: "gone_free" },
    },
    variable: { type: "i32" },
    maybe: { ...call, optional: true },
  });
  const report = await doctorReport<LibraryReport>(1, [testlibPath, "--definitions", module]);
  assert.deepEqual(report.symbols, {
    count: 7,
    absent: ["gone", "gone_free", "gone_too", "variable"],
    absentOptional: ["maybe"],
    askedOf: "loader",
  });
  assert.deepEqual(report.problems, [
    `Cannot open "${testlibPath}" with the definitions: it has no ` +
    '"gone", "gone_free", "gone_too", "variable"',
  ]);
  assert.equal(report.loaded, true);
});

test("symbols of a library that it needs count as its own, as for open", async () => {
  const module = moduleOf("libc", { getpid: call });
  const { symbols } = await doctorReport<LibraryReport>(0, [
    testlibPath,
    ...["--definitions", module],
  ]);
  assert.deepEqual(symbols, { count: 1, absent: [], absentOptional: [], askedOf: "loader" });
});

test("a module without definitions, a wrong one and a missing one are told", async () => {
  const cases = [
    [file("none.ts", "export const number = 1;\n"), /it exports no definitions$/],
    [file("throws.ts", 'throw new Error("not now");\n'), /^Cannot import ".*": not now$/],
    [moduleOf("wrong", { f: { parameters: ["i33"], result: "i32" } }), /^Cannot define "f": .*i33/],
    [join(folder, "nowhere.ts"), /^Cannot import ".*nowhere\.ts": /],
  ] as const;
  for (const [module, problem] of cases) {
    const report = await doctorReport<LibraryReport>(1, [testlibPath, "--definitions", module]);
    assert.equal(report.problems.length, 1);
    assert.match(report.problems[0]!, problem);
    assert.deepEqual([report.loaded, report.symbols], [true, null]);
  }
});

test("a library that is missing is named, and by whom it is needed", async () => {
  const gone = await compileLibrary(
    join(folder, "gone", "libgone.so"),
    "int gone(void) { return 1; }",
    [
      "-Wl,-soname,libgone.so",
    ],
  );
  const path = await compileLibrary(
    join(folder, "needs.so"),
    "int gone(void); int needs(void) { return gone(); }",
    [gone],
  );
  rmSync(gone);
  const report = await doctorReport<LibraryReport>(1, [path]);
  const missing = report.needed.filter(({ state }) => state === "missing");
  assert.deepEqual(missing.map(({ name }) => name), ["libgone.so"]);
  assert.match(missing[0]!.reason!, /libgone\.so/);
  assert.equal(report.problems.length, 1);
  const [problem = ""] = report.problems;
  assert.ok(problem.startsWith(`Cannot open "${path}": `), problem);
  assert.match(problem, /libgone\.so/);
  assert.equal(report.loaded, false);
  const lines = await doctorLines(1, [path]);
  assert.ok(lines.some((line) => /^needs +libgone\.so is missing: /.test(line)), lines.join("\n"));
});

test("what a file needs is looked for where it says, and what that lacks is told", async () => {
  const gone = await compileLibrary(
    join(folder, "lib", "libdeep.so"),
    "int deep(void) { return 1; }",
    [
      "-Wl,-soname,libdeep.so",
    ],
  );
  const near = await compileLibrary(
    join(folder, "lib", "libnear.so"),
    "int deep(void); int near(void) { return deep(); }",
    [gone, "-Wl,-soname,libnear.so", "-Wl,-rpath,$ORIGIN"],
  );
  const path = await compileLibrary(
    join(folder, "far.so"),
    "int near(void); int far(void) { return near(); }",
    [near, "-Wl,-rpath,$ORIGIN/lib"],
  );
  const well = await doctorReport<LibraryReport>(0, [path]);
  assert.deepEqual(well.needed.map(({ name, state }) => [name, state]), [["libnear.so", "found"]]);
  rmSync(gone);
  const { needed } = await doctorReport<LibraryReport>(1, [path]);
  assert.deepEqual(needed.map(({ name, state }) => [name, state]), [["libnear.so", "missing"]]);
  assert.match(needed[0]!.reason!, /libdeep\.so/);
});

test("a library that never comes back from loading is given up, and the doctor ends", async () => {
  const path = await compileLibrary(
    join(folder, "never.so"),
    `int pause(void);
    __attribute__((constructor)) static void never(void) { for (;;) pause(); }`,
  );
  const report = await doctorReport<LibraryReport>(1, [path]);
  assert.deepEqual(report.problems, [
    `Cannot open "${path}": its loading has not ended after 5000 ms`,
  ]);
});

test("libraries of other platforms are told apart, and their lists of symbols asked", async () => {
  const module = moduleOf("answer", { answer: call, hidden: call });
  const otherCpu = process.arch === "arm64" ? "x86_64" : "aarch64";
  const other = process.arch === "arm64" ? "x64" : "arm64";
  const targets = [
    [`${otherCpu}-linux-gnu`, { format: "ELF", system: "linux", architecture: other }],
    ["x86_64-windows-gnu", { format: "PE", system: "windows", architecture: "x64" }],
    ["aarch64-windows-gnu", { format: "PE", system: "windows", architecture: "arm64" }],
    ["x86_64-macos", { format: "Mach-O", system: "darwin", architecture: "x64" }],
    ["aarch64-macos", { format: "Mach-O", system: "darwin", architecture: "arm64" }],
  ] as const;
  for (const [target, binary] of targets) {
    const path = await libraryFor(target, folder);
    const report = await doctorReport<LibraryReport>(1, [path, "--definitions", module]);
    assert.deepEqual(report.binaries, [{ ...binary, kind: "shared library" }]);
    assert.deepEqual(report.symbols, {
      count: 2,
      absent: ["hidden"],
      absentOptional: [],
      askedOf: "file",
    });
    assert.deepEqual(report.problems, [
      `Cannot use "${path}": it is for ${binary.system} ${binary.architecture}, ` +
      `this machine is linux ${process.arch}`,
      `Cannot open "${path}" with the definitions: it has no "hidden"`,
    ]);
    assert.ok(report.needed.every(({ state }) => state === "unknown"));
  }
  const both = fatLibrary(
    [await libraryFor("x86_64-macos", folder), await libraryFor("aarch64-macos", folder)],
    join(folder, "fat.dylib"),
  );
  const { binaries, problems } = await doctorReport<LibraryReport>(1, [both]);
  assert.deepEqual(binaries.map(({ architecture }) => architecture), ["x64", "arm64"]);
  assert.match(problems[0]!, /it is for darwin x64, darwin arm64, this machine is linux /);
});

test("what is no shared library is told, damaged files included", async () => {
  const whole = readFileSync(testlibPath);
  const cases = [
    [file("text", "no library\n"), /^Cannot read ".*": it is neither ELF nor PE nor Mach-O$/],
    [file("empty", ""), /it is neither ELF nor PE nor Mach-O$/],
    [file("short.so", whole.subarray(0, 100)), /^Cannot read ".*": it is cut off or damaged$/],
    [file("half.so", whole.subarray(0, whole.length / 2)), /it is cut off or damaged$/],
    [file("foreign.so", foreignHeader()), /^Cannot use ".*": it is for linux /],
    [folder, /^Cannot read ".*": EISDIR/],
    [join(folder, "nowhere.so"), /^Cannot read ".*nowhere\.so": ENOENT/],
    ["no-such-library.so", /^Cannot open "no-such-library\.so": .*no-such-library\.so/],
    [process.execPath, /^Cannot use ".*": it is no shared library \(program\)$/],
  ] as const;
  for (const [path, problem] of cases) {
    const report = await doctorReport<LibraryReport>(1, [path]);
    assert.equal(report.problems.length, 1, JSON.stringify(report, null, 2));
    assert.match(report.problems[0]!, problem);
    assert.equal(report.loaded, false);
  }
});

test("headers with wrong bytes are read or refused, and nothing else", async () => {
  const seed = Date.now() >>> 0;
  console.log(`seed ${seed}`);
  const random = randomFrom(seed);
  const windows = await libraryFor("x86_64-windows-gnu", folder);
  const mac = await libraryFor("aarch64-macos", folder);
  const fat = fatLibrary([mac], join(folder, "one.dylib"));
  for (const path of [testlibPath, windows, mac, fat]) {
    const whole = readFileSync(path);
    for (let round = 0; round < 500; round++) {
      const bytes = whole.slice(0, random() < 0.2 ? random() * whole.length : undefined);
      const changes = 1 + random() * 20;
      for (let left = changes; left > 0; left--) {
        bytes[Math.floor(random() * Math.min(bytes.length, 4096))] = random() * 256;
      }
      try {
        assert.ok(readBinaries(bytes).length >= 0);
      } catch (error) {
        assert.match((error as Error).message, /^it is (cut off|neither)/, String(error));
      }
    }
  }
});

test("a name that only the loader finds is looked for by the loader", async () => {
  const report = await doctorReport<LibraryReport>(0, ["libc.so.6"]);
  assert.deepEqual([report.binaries, report.loaded, report.needed], [[], true, []]);
});

testOnDeno(
  "a library wants permission to read and FFI, and no other; flags are named",
  async () => {
    const module = moduleOf("permitted", { test_add: call });
    const args = [testlibPath, "--definitions", module];
    const ask = (code: number, ...denoFlags: string[]): Promise<LibraryReport> =>
      doctorReport<LibraryReport>(code, args, { denoFlags });
    const paths = `${sidingPath},${testlibPath}`;
    const read = `--allow-read=${testlibPath},${module}`;
    assert.equal((await ask(0, `--allow-ffi=${paths}`, read)).symbols!.askedOf, "loader");
    const cases = [
      [["--allow-ffi"], [`Cannot read "${testlibPath}": add --allow-read=${testlibPath}`]],
      [
        ["--allow-ffi", `--allow-read=${testlibPath}`],
        [`Cannot import "${module}": add --allow-read=${module}`],
      ],
      [["--allow-read"], [
        `Cannot load libsiding from "${sidingPath}": add --allow-ffi=${sidingPath}`,
      ]],
      [
        ["--allow-read", `--allow-ffi=${sidingPath}`],
        [`Cannot open "${testlibPath}": add --allow-ffi=${testlibPath}`],
      ],
    ] as const;
    for (const [flags, problems] of cases) {
      assert.deepEqual((await ask(1, ...flags)).problems, problems);
    }
  },
);

test("definitions without a library, and two libraries, are wrong arguments", async () => {
  for (
    const args of [["--definitions", "a.ts"], ["a.so", "b.so"], [""], ["a.so", "--definitions"]]
  ) {
    const { code, stdout, stderr } = await siding(["doctor", ...args]);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, /^siding doctor: .+\nusage: siding doctor /);
  }
});
