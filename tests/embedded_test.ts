import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { embedded, type NativeModule, open, SidingError } from "../mod.ts";
import { platform } from "../src/embedding.ts";
import { author, compileAnswer, definitions, folder, hashedSoname } from "./support/authored.ts";
import { expectExit, runFile } from "./support/child.ts";
import { rejection, runtimeName, test } from "./support/harness.ts";

const meta = { url: "https://example.com/@author/package/mod.ts" };
const siding = new URL("../mod.ts", import.meta.url).href;
const variable = "SIDING_TEST_AUTHORED";
const elsewhere = `set ${variable} to its path`;
const remedy = "update the package, or install it again with its optional dependencies";

const imported = (): Promise<NativeModule> => Promise.reject(new Error("it was imported"));

/** What `open` throws for a module that has this image. */
async function refused(image: unknown): Promise<SidingError> {
  const load = () => Promise.resolve({ image } as NativeModule);
  const library = await embedded(meta, { [platform]: load }, { variable });
  try {
    open(library, definitions);
  } catch (error) {
    assert.ok(error instanceof SidingError);
    return error;
  }
  throw new Error("it was opened");
}

function expectRefusal(
  error: SidingError,
  place: string,
  reason: RegExp,
  advice = `${remedy}, or ${elsewhere}`,
): void {
  assert.equal(error.code, "ERR_SIDING_LIBRARY_NOT_FOUND");
  const [start, end] = [`Cannot load the library for ${platform} from "${place}": `, `; ${advice}`];
  assert.ok(error.message.startsWith(start), error.message);
  assert.ok(error.message.endsWith(end), error.message);
  assert.match(error.message.slice(start.length, -end.length), reason);
  assert.ok(!error.message.includes("\n"), error.message);
}

test("the library of this platform comes out of its module, and no other is imported", async () => {
  const { load } = author(await compileAnswer(42, hashedSoname));
  const other = platform === "darwin-x64" ? "darwin-arm64" : "darwin-x64";
  const library = await embedded(meta, { [platform]: load, [other]: imported });
  const { answer } = open(library, definitions);
  assert.deepEqual([answer.sync(), await answer()], [42, 42]);
});

test("libraries from memory are not taken for each other, with a name or without", async () => {
  const answers = [1, 2, 3, 4, 5, 6];
  for (const answer of answers) {
    const { load } = author(
      await compileAnswer(answer, answer % 2 === 0 ? hashedSoname : undefined),
    );
    const library = open(await embedded(meta, { [platform]: load }), definitions);
    assert.deepEqual([library.answer.sync(), await library.answer()], [answer, answer]);
  }
});

test("what is opened twice is one image, with a name or without", async () => {
  for (const soname of [hashedSoname, undefined]) {
    const { load } = author(await compileAnswer(7, soname));
    const library = await embedded(meta, { [platform]: load });
    assert.equal(open(library, definitions).next.sync(), 1);
    assert.equal(open(library, definitions).next.sync(), 2);
  }
});

test("a library of the platform's package is loaded as a file", async () => {
  const path = await compileAnswer(43);
  const image = { name: "any", isNamed: false, file: pathToFileURL(path).href };
  const load = () => Promise.resolve({ image });
  const { answer } = open(await embedded(meta, { [platform]: load }), definitions);
  assert.equal(answer.sync(), 43);
  assert.ok(readFileSync("/proc/self/maps", "utf8").includes(path));
});

test("the variable goes before what the package has, which is not imported then", async () => {
  process.env[variable] = await compileAnswer(44);
  try {
    const library = await embedded(meta, { [platform]: imported }, { variable });
    assert.equal(open(library, definitions).answer.sync(), 44);
  } finally {
    delete process.env[variable];
  }
});

test("a package that has nothing for this platform says so in one line", async () => {
  const wanted = new RegExp(`^there is none for ${platform}$`);
  expectRefusal(await refused(undefined), meta.url, wanted);
  const library = await embedded(meta, {});
  const message = new RegExp(`there is none for ${platform}; ${remedy}$`);
  assert.throws(() => open(library, definitions), message);
});

test("a module that cannot be imported is told when the library is opened", async () => {
  const library = await embedded(meta, { [platform]: imported }, { variable });
  assert.throws(() => open(library, definitions), (error: SidingError) => {
    expectRefusal(error, meta.url, /^it was imported$/);
    assert.equal((error.cause as Error).message, "it was imported");
    return true;
  });
});

test("a library that is damaged, or none, says so in one line", async () => {
  const { library } = author(await compileAnswer(45));
  const { name } = library;
  const short = { name, isNamed: false, size: library.image.length, packed: "AAAA" };
  expectRefusal(await refused(short), meta.url, /^it is damaged, /, elsewhere);
  const none = /^its module is none that siding pack wrote$/;
  expectRefusal(await refused({ name, isNamed: false }), meta.url, none);
  const text = { name, isNamed: true, size: 4, packed: "QHRleHQ=" };
  expectRefusal(await refused(text), meta.url, /^\/proc\/self\/fd\/\d+: ./, elsewhere);
});

test("a library whose file is not there, or none, says so in one line", async () => {
  const path = join(folder, "gone.so");
  const image = { name: "gone.so", isNamed: false, file: pathToFileURL(path).href };
  expectRefusal(await refused(image), path, /gone\.so/);
  writeFileSync(path, "no library");
  expectRefusal(await refused(image), path, /^it is no library$/);
});

test("what the variable names has to be a library of this platform", async () => {
  const path = join(folder, "chosen.so");
  writeFileSync(path, "no library");
  process.env[variable] = path;
  try {
    const advice = "name that of this version and platform, or none";
    expectRefusal(await refused(undefined), path, /^it is no library$/, advice);
  } finally {
    delete process.env[variable];
  }
});

test("a lazy library is loaded, and refused, when it is first used", async () => {
  const { load } = author(await compileAnswer(46));
  const found = open(await embedded(meta, { [platform]: load }), definitions, { lazy: true });
  assert.equal(found.answer.sync(), 46);
  const missing = open(await embedded(meta, {}), definitions, { lazy: true });
  assert.throws(() => missing.answer, SidingError);
});

test("a symbol that an embedded library has not is named", async () => {
  const { load } = author(await compileAnswer(47, hashedSoname));
  const library = await embedded(meta, { [platform]: load });
  const wrong = { nothing: { parameters: [], result: "void" } } as const;
  assert.throws(() => open(library, wrong), /it has no symbol "nothing"/);
  const type = { answer: { parameters: ["no type"], result: "i32" } } as never;
  assert.throws(() => open(library, type), new RegExp(`the library of "${meta.url}"`));
});

test("embedded refuses what is no import.meta, and what are no modules", async () => {
  for (const wrong of [undefined, null, {}, "file:///mod.ts"]) {
    const error = await rejection(embedded(wrong as never, {}));
    assert.match(String(error), /^TypeError: Cannot embed a library: .+ is no import\.meta$/);
  }
  const error = await rejection(embedded(meta, null as never));
  assert.match(String(error), /^TypeError: Cannot embed a library: null are no modules$/);
});

/** A program that opens the library of a module, with the literal import of an author. */
function program(module: string, main: string): string {
  const path = join(folder, `${crypto.randomUUID()}.ts`);
  const source = `
    import { embedded, open } from ${JSON.stringify(siding)};
    const definitions = { answer: { parameters: [], result: "i32" } };
    const library = await embedded(import.meta, {
      "${platform}": () => import(${JSON.stringify(module)}),
    });
    ${main}`;
  writeFileSync(path, source);
  return path;
}

test("from memory a library takes no permission but FFI", async () => {
  const { path } = author(await compileAnswer(48, hashedSoname));
  const main = program(path, "console.log(open(library, definitions).answer.sync());");
  const outcome = await runFile(main, [], { denoFlags: ["--allow-ffi"] });
  expectExit(outcome, 0);
  assert.equal(outcome.stdout, "48\n");
});

if (runtimeName === "deno") {
  test("without that permission, the line of an embedded library has the flag", async () => {
    const { path } = author(await compileAnswer(49));
    const main = program(
      path,
      "try { open(library, definitions) } catch (error) { console.log(error.message) }",
    );
    const native = fileURLToPath(new URL("../zig-out/lib/libsiding.so", import.meta.url));
    const outcome = await runFile(main, [], { denoFlags: [`--allow-ffi=${native}`] });
    expectExit(outcome, 0);
    const place = pathToFileURL(main).href;
    assert.equal(
      outcome.stdout,
      `Cannot load the library from "${place}": add --allow-ffi\n`,
    );
  });
}

const THREADS = 4;
const threadModule = new URL("./support/thread.ts", import.meta.url).href;

/* Each thread opens the library and says so; the main one then counts its images. */
const threads = `
  const { isMainThread, postToParent } = await import(${JSON.stringify(threadModule)});
  if (isMainThread) {
    const { readFileSync } = await import("node:fs");
    const start = () => new Promise((resolve, reject) => {
      const worker = new Worker(import.meta.url, { type: "module" });
      worker.onmessage = ({ data }) => resolve({ worker, answer: data });
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    const first = open(library, definitions).answer.sync();
    const workers = await Promise.all(Array.from({ length: ${THREADS} }, start));
    const inodes = readFileSync("/proc/self/maps", "utf8").split("\\n")
      .filter((line) => line.includes("/memfd:" + name)).map((line) => line.split(/ +/)[4]);
    const images = new Set(inodes).size;
    console.log(JSON.stringify([first, workers.map(({ answer }) => answer), images]));
    workers.forEach(({ worker }) => worker.terminate());
  } else {
    postToParent(open(library, definitions).answer.sync());
  }`;

test("all threads of a process have one image of a library with a name", async () => {
  const { library: { name }, path } = author(await compileAnswer(50, hashedSoname));
  const outcome = await runFile(program(path, `const name = "${name}"; ${threads}`));
  expectExit(outcome, 0);
  const [first, answers, images] = JSON.parse(outcome.stdout);
  assert.deepEqual([first, answers], [50, Array(THREADS).fill(50)]);
  /* musl knows libraries by their files alone */
  assert.equal(images, platform.endsWith("-gnu") ? 1 : THREADS + 1);
});
