import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Binary, readBinaries } from "../cli/binary/binary.ts";
import { packLz4 } from "../cli/pack/lz4.ts";
import { platforms } from "../cli/pack/target.ts";
import { platform } from "../src/embedding.ts";
import { unpack } from "../src/native_image.ts";
import { compileAnswer, folder, hashedSoname } from "./support/authored.ts";
import { type Outcome, runFile } from "./support/child.ts";
import { libraryOfC, programOfC } from "./support/compiler.ts";
import { fatLibrary, libraryFor } from "./support/cross.ts";
import { randomFrom, test } from "./support/harness.ts";

const command = fileURLToPath(new URL("../cli/siding.ts", import.meta.url));

function pack(...args: readonly string[]): Promise<Outcome> {
  return runFile(command, ["pack", ...args], { cwd: folder });
}

let count = 0;

/** A folder for what is packed, and the arguments that every author gives. */
function fresh(): { readonly out: string; readonly common: readonly string[] } {
  const out = join(folder, `packed${++count}`);
  return { out, common: ["--name", "@author/zebra", "--version", "2.0.1", "--out", out] };
}

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function binaryOf(bytes: Uint8Array): Binary {
  const [binary] = readBinaries(bytes);
  if (binary === undefined) throw new Error("there is none in it");
  return binary;
}

function read(...parts: readonly string[]): string {
  return readFileSync(join(...parts), "utf8");
}

const round = (bytes: Uint8Array): Uint8Array =>
  unpack({ name: "", isNamed: false, size: bytes.length, packed: packLz4(bytes).toBase64() });

test("what is packed comes out as it was", () => {
  const seed = Date.now() % 2 ** 32;
  console.log(`seed ${seed}`);
  const random = randomFrom(seed);
  for (let turn = 0; turn < 200; turn++) {
    const size = Math.floor(random() ** 3 * 100_000);
    const values = 1 + Math.floor(random() ** 4 * 256);
    const bytes = Uint8Array.from({ length: size }, () => random() * values);
    assert.deepEqual(round(bytes), bytes, `${size} bytes of ${values} values`);
  }
});

test("a library becomes a module, its bytes beside it, and a package with a file", async () => {
  const path = await compileAnswer(1, hashedSoname);
  const { out, common } = fresh();
  const outcome = await pack(...common, "--target", platform, path);
  assert.equal(outcome.code, 0, outcome.stderr);
  const image = JSON.parse(read(out, "native", `${platform}.json`));
  assert.match(image.name, /^libauthored-[0-9a-f]{16}\.so$/);
  assert.equal(image.isNamed, true);
  const bytes = unpack(image);
  assert.equal(binaryOf(bytes).soname?.text, image.name);
  const own = join(out, "npm", `zebra-${platform}`);
  const file = basename(path);
  assert.deepEqual(readdirSync(own).sort(), ["bun.js", "index.js", file, "package.json"].sort());
  assert.deepEqual(new Uint8Array(readFileSync(join(own, file))), bytes);
  assert.equal(JSON.parse(read(own, "package.json")).version, "2.0.1");
  const reference = read(out, "npm", "native", `${platform}.js`);
  assert.ok(reference.includes(`import("@author/zebra-${platform}")`), reference);
  assert.match(outcome.stdout, new RegExp(`"@author/zebra-${platform}": "2.0.1"`));
});

test("the same library is packed into the same bytes, another one into others", async () => {
  const one = await compileAnswer(2, hashedSoname);
  const other = await compileAnswer(3, hashedSoname);
  const texts = [];
  for (const path of [one, one, other]) {
    const { out, common } = fresh();
    await pack(...common, "--target", platform, path);
    texts.push(read(out, "native", `${platform}.json`));
  }
  assert.ok(texts[0] === texts[1]);
  const names = texts.map((text) => JSON.parse(text).name);
  assert.notEqual(names[1], names[2]);
});

test("a soname without a place for a hash is told, and stays", async () => {
  for (const soname of [undefined, "libauthored.so.1"]) {
    const { out, common } = fresh();
    const outcome = await pack(...common, "--target", platform, await compileAnswer(4, soname));
    assert.equal(outcome.code, 0, outcome.stderr);
    const image = JSON.parse(read(out, "native", `${platform}.json`));
    assert.equal(image.isNamed, false);
    assert.equal(binaryOf(unpack(image)).soname?.text, soname);
    const wanted = platform.endsWith("-gnu") ? /link with -Wl,-soname,lib.+-0{16}\.so\n$/ : /^$/;
    assert.match(outcome.stderr, wanted);
  }
});

test("the name, the version and the license are those of package.json", async () => {
  const { out } = fresh();
  mkdirSync(out);
  const manifest = { name: "zebra", version: "3.4.5", license: "ISC" };
  writeFileSync(join(out, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(out, "LICENSE"), "as you like");
  const args = ["pack", "--target", platform, await compileAnswer(5)];
  const outcome = await runFile(command, args, { cwd: out });
  assert.equal(outcome.code, 0, outcome.stderr);
  const own = join(out, "npm", `zebra-${platform}`);
  const { name, version, license } = JSON.parse(read(own, "package.json"));
  assert.deepEqual({ name, version, license }, { ...manifest, name: `zebra-${platform}` });
  assert.equal(read(own, "LICENSE"), "as you like");
});

/** The numbers of processors in ELF. */
const PPC = 20;
const ELF_MACHINE_AT = 18;

test("a file that is not for its target is refused in one line, and written nowhere", async () => {
  const [linux, windows, mac, arm] = await Promise.all(
    ["x86_64-linux-musl", "aarch64-windows-gnu", "x86_64-macos", "aarch64-macos"].map((target) =>
      libraryFor(target, folder)
    ),
  ) as [string, string, string, string];
  const elf = readFileSync(linux);
  const rare = elf.slice();
  new DataView(rare.buffer, rare.byteOffset).setUint16(ELF_MACHINE_AT, PPC, true);
  const program = await programOfC("int main(void) { return 0; }");
  const files: readonly (readonly [path: string, target: string, reason: string])[] = [
    [linux, "linux-arm64-gnu", "it is for linux x64, not for linux-arm64-gnu"],
    [linux, "darwin-x64", "it is for linux x64, not for darwin-x64"],
    [windows, "windows-x64", "it is for windows arm64, not for windows-x64"],
    [mac, "darwin-arm64", "it is for darwin x64, not for darwin-arm64"],
    [
      put("rare.so", rare),
      "linux-x64-gnu",
      `it is for linux machine ${PPC}, not for linux-x64-gnu`,
    ],
    [
      fatLibrary([mac, arm], join(folder, "fat.dylib")),
      "darwin-x64",
      "it is for several processors: take out one with lipo -thin",
    ],
    [program, platform, "it is no shared library, its kind is program"],
    [put("cut.so", elf.subarray(0, 100)), "linux-x64-gnu", "it is cut off or damaged"],
    [put("none.so", new Uint8Array(128)), platform, "it is neither ELF nor PE nor Mach-O"],
    [put("short.so", new Uint8Array(3)), platform, "it is neither ELF nor PE nor Mach-O"],
  ];
  for (const [path, target, reason] of files) {
    const { out, common } = fresh();
    const outcome = await pack(...common, "--target", target, path);
    assert.equal(outcome.stderr, `siding pack: Cannot pack "${path}": ${reason}\n`);
    assert.equal(outcome.code, 1);
    assert.ok(!existsSync(out));
  }
});

test("libraries of Windows and macOS have the hash in the name of their file alone", async () => {
  const { out, common } = fresh();
  const dll = put("zebra.dll", readFileSync(await libraryFor("x86_64-windows-gnu", folder)));
  const dylib = put("libzebra.1.dylib", readFileSync(await libraryFor("aarch64-macos", folder)));
  const outcome = await pack(
    ...common,
    "--target",
    "windows-x64",
    "--target",
    "darwin-arm64",
    dll,
    dylib,
  );
  assert.equal(outcome.code, 0, outcome.stderr);
  const names = ["windows-x64", "darwin-arm64"].map((target) => {
    const { name, isNamed } = JSON.parse(read(out, "native", `${target}.json`));
    assert.equal(isNamed, false);
    return name;
  });
  assert.match(names[0], /^zebra-[0-9a-f]{16}\.dll$/);
  assert.match(names[1], /^libzebra\.1-[0-9a-f]{16}\.dylib$/);
});

test("a library that needs the other C library is refused", async () => {
  const other = platform.endsWith("-gnu")
    ? platform.replace("gnu", "musl")
    : platform.replace("musl", "gnu");
  const source = await libraryOfC("int getpid(void); int answer(void) { return getpid(); }");
  const { needed } = binaryOf(readFileSync(source));
  const { common } = fresh();
  const outcome = await pack(...common, "--target", other, source);
  const libc = needed.find((name) => name.startsWith("libc."));
  const reason = `it needs ${libc}, which ${other} has not`;
  assert.equal(outcome.stderr, `siding pack: Cannot pack "${source}": ${reason}\n`);
});

test("wrong arguments are told, with the usage", async () => {
  const { common } = fresh();
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /: no --target is given\n/],
    [["--target", "vax"], /: 1 targets and 0 files are given\n/],
    [["--target", "vax", "a.so"], /: there is no target "vax": linux-x64-gnu, /],
    [["--target", platform, "a.so", "--target", platform, "b.so"], /: a target is given twice\n/],
    [["--target", platform, "a.so", "--name", "a b"], /: --name is missing, or no name .*"a b"\n/],
    [["--nonsense"], /nonsense/],
  ];
  for (const [args, reason] of wrong) {
    const outcome = await pack(...common, ...args);
    assert.equal(outcome.code, 2, outcome.stderr);
    assert.match(outcome.stderr, reason);
    assert.match(outcome.stderr, /^usage: siding pack /m);
  }
  const help = await pack("--help");
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  for (const target of platforms) assert.ok(help.stdout.includes(target), target);
});
