import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { platforms, targetOf } from "../cli/pack/target.ts";
import { authorFolder, userOfJsr, userOfNpm } from "./support/author.ts";
import { expectExit, type Outcome, runCommand } from "./support/child.ts";
import { runtimeName, test } from "./support/harness.ts";
import { platform } from "./support/packages.ts";

const SIZE = 300_000;
const BLOCK = 65_536;

/* What is printed: checksums of what is known, of a file, of a pipe that blocks, and callbacks. */
const program = `
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { checksum, checksumOfFile, watchChecksum } from "@example/checksum";

const [file, pipe] = process.argv.slice(2);
const known = checksum(new TextEncoder().encode("123456789"));
const bytes = Uint8Array.from({ length: ${SIZE} }, (_, index) => index * 7 % 251);
writeFileSync(file, bytes);
const whole = await checksumOfFile(file) === checksum(bytes);

execFileSync("/usr/bin/mkfifo", [pipe]);
let isDone = false;
const piped = checksumOfFile(pipe).finally(() => isDone = true);
for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
const waited = !isDone;
await writeFile(pipe, "123456789");

const told = [];
const watched = await watchChecksum(file, (size) => told.push(size) > 0) === checksum(bytes);
const stopped = await watchChecksum(file, (size) => size < 100_000);
const failure = await checksumOfFile("/no/such/file").catch(({ code, errno }) => [code, errno]);
const images = readFileSync("/proc/self/maps", "utf8").split("\\n")
  .filter((line) => line.includes("checksum")).map((line) => line.split(/ +/)[5]);
const image = [...new Set(images)].join();
console.log(JSON.stringify({
  known, whole, piped: await piped, waited, told, watched, stopped, failure, image,
}));
`;

const KNOWN = 0xcbf43926;

/** Checks what the program printed; gives the path of the image. */
function imageOf(outcome: Outcome): string {
  expectExit(outcome, 0);
  const { image, ...printed } = JSON.parse(outcome.stdout);
  const blocks = Array.from(
    { length: Math.ceil(SIZE / BLOCK) },
    (_, index) => Math.min((index + 1) * BLOCK, SIZE),
  );
  assert.deepEqual(printed, {
    known: KNOWN,
    whole: true,
    piped: KNOWN,
    waited: true,
    told: blocks,
    watched: true,
    stopped: null,
    failure: ["ERR_SIDING_SYSTEM", 2],
  });
  return image;
}

const args = ["file", "pipe"];

const named = /^\/memfd:libchecksum-[0-9a-f]{16}\.so/;

test("an author's library is packed for every target", async () => {
  const folder = await authorFolder();
  for (const target of platforms.map(targetOf)) {
    const read = (path: string): string => readFileSync(join(folder, path), "utf8");
    const image = JSON.parse(read(`native/${target.platform}.json`));
    assert.match(image.name, /^(lib)?checksum-[0-9a-f]{16}\.(so|dll|dylib)$/);
    assert.equal(image.isNamed, target.system === "linux");
    assert.match(read(`native/${target.platform}.ts`), /^import packed from ".+\.json"/m);
    const manifest = JSON.parse(read(`npm/checksum-${target.platform}/package.json`));
    const { name, version, os, cpu, libc } = manifest;
    assert.deepEqual([name, version], [`@example/checksum-${target.platform}`, "1.2.3"]);
    assert.deepEqual({ os, cpu, libc }, { libc: undefined, ...target.machine });
    const files = readdirSync(join(folder, "npm", `checksum-${target.platform}`));
    assert.deepEqual(files.sort(), [...manifest.files, "package.json"].sort());
  }
});

test("an author's package from JSR calls, waits and calls back, out of memory", async () => {
  await using project = await userOfJsr({ "main.ts": program });
  assert.match(imageOf(await project.run("main.ts", {}, ...args)), named);
});

test("an author's package from npm does so with the file of its platform's package", async () => {
  await using project = await userOfNpm({ "main.ts": program });
  const folder = join(project.folder, "node_modules", "@example", `checksum-${platform}`);
  assert.equal(
    imageOf(await project.run("main.ts", {}, ...args)),
    join(folder, "libchecksum.so"),
  );
  const names = project.registry.requests.map((path) => path.split("/").at(-1)!);
  const libraries = names.filter((name) => /^checksum-\D.*\.tgz$/.test(name));
  assert.deepEqual(libraries, [`checksum-${platform}-1.2.3.tgz`]);
});

test("without that package, an author's says so in one line", async () => {
  const main = `
    import { checksum } from "@example/checksum";
    try { checksum(new Uint8Array(1)); } catch (error) { console.log(error.message); }`;
  await using project = await userOfNpm({ "main.ts": main });
  rmSync(join(project.folder, "node_modules", "@example", `checksum-${platform}`), {
    recursive: true,
  });
  const outcome = await project.run("main.ts");
  expectExit(outcome, 0);
  const start = `Cannot load the library for ${platform} from "file://`;
  assert.ok(outcome.stdout.startsWith(start), outcome.stdout);
  const end = "; update the package, or install it again with its optional dependencies, " +
    "or set CHECKSUM_LIBRARY to its path\n";
  assert.ok(outcome.stdout.endsWith(`Cannot import "@example/checksum-${platform}"${end}`));
});

test("an author's variable names a library that was just built", async () => {
  await using project = await userOfJsr({ "main.ts": program });
  const path = join(await authorFolder(), "build", platform, "libchecksum.so");
  const env = { CHECKSUM_LIBRARY: path };
  assert.equal(imageOf(await project.run("main.ts", { env }, ...args)), path);
});

if (runtimeName === "bun") {
  test("an executable of Bun has an author's library, and runs from anywhere", async () => {
    const entry = `import "@jsr/siding__ffi/native/${platform}";\n`;
    await using fromNpm = await userOfNpm({ "main.ts": program });
    await using fromJsr = await userOfJsr({ "main.ts": entry + program });
    for (const { folder, command } of [fromNpm, fromJsr]) {
      await command([process.execPath, "build", "main.ts", "--compile", "--outfile", "single"]);
      rmSync(join(folder, "node_modules"), { recursive: true });
      const elsewhere = join(folder, "elsewhere");
      mkdirSync(elsewhere);
      const options = { cwd: elsewhere, env: { PATH: "" } };
      assert.match(imageOf(await runCommand(join(folder, "single"), args, options)), named);
    }
  });
}
