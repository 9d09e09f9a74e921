import assert from "node:assert/strict";
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { Context, fn, open, stats } from "../mod.ts";
import { test, until } from "./support/harness.ts";
import { openTestlib, sidingPath, testlibPath } from "./support/testlib.ts";

const isWindows = process.platform === "win32";
const answer = { test_answer: { parameters: [], result: "i32" } } as const;

test("C6: a library is found by path, URL, list of names, and per system", async () => {
  const systems = { linux: testlibPath, darwin: testlibPath, windows: testlibPath };
  const names = ["libnowhere.so.9", testlibPath, "libnever.so"];
  for (const path of [testlibPath, pathToFileURL(testlibPath), names, systems]) {
    const library = open(path, answer);
    assert.equal(await library.test_answer(), 42);
    assert.equal(library.test_answer.sync(), 42);
  }
});

test("C6: null is what the process has loaded, a bare name what the loader finds", async () => {
  const name = isWindows ? "GetCurrentProcessId" : "getpid";
  const definitions = { getpid: { name, parameters: [], result: "i32" } } as const;
  for (const path of isWindows ? ["kernel32.dll"] : [null, "libc.so.6"]) {
    const library = open(path, definitions);
    assert.equal(await library.getpid(), library.getpid.sync());
    assert.ok(library.getpid.sync() > 1);
  }
});

test("C6: symbols appear under their keys, by other names too", () => {
  const library = open(testlibPath, {
    ...answer,
    renamed: { name: "test_answer", parameters: [], result: "i32" },
  });
  assert.deepEqual(Object.keys(library).sort(), ["renamed", "test_answer"]);
  assert.equal(library.renamed.pointer, library.test_answer.pointer);
});

test("C6: definitions in Deno's shape may carry nonblocking", async () => {
  const { test_answer } = open(testlibPath, {
    test_answer: { parameters: [], result: "i32", nonblocking: true },
  });
  assert.equal(await test_answer(), 42);
});

test("C1: send runs the function and promises nothing", async () => {
  const library = openTestlib();
  const before = library.countGet.sync(30);
  for (let i = 0; i < 10_000; i++) assert.equal(library.countAdd.send(30), undefined);
  await until(() => library.countGet.sync(30) === before + 10_000, "all ran");
});

test("C3: send keeps its place in the order of a context", async () => {
  const library = openTestlib();
  await using context = await Context.acquire({ name: "sender" });
  const { countAdd } = context.use(library);
  const before = library.countGet.sync(31);
  for (let i = 0; i < 500; i++) countAdd.send(31);
  assert.equal(await countAdd(31), before + 501);
});

test("C6: stats tell the wake channel, the library and the calls in flight", async () => {
  const library = openTestlib();
  const calls = [library.sleep(20), library.sleep(20)];
  assert.equal(stats().inFlight, 2);
  assert.equal(stats().wakeChannel, isWindows ? "callback" : "socket");
  assert.equal(resolve(stats().library!), resolve(sidingPath));
  assert.ok(stats().bridges >= 1);
  await Promise.all(calls);
  assert.equal(stats().inFlight, 0);
  assert.ok(stats().threads >= 1);
});

test("C1: fn takes the name of its definition for errors", async () => {
  const library = openTestlib();
  const named = fn(library.add.pointer, {
    name: "plus",
    parameters: ["i32", "i32"],
    result: "i32",
  });
  assert.throws(() => named(1, "2" as never), { message: /Cannot call plus: argument 1/ });
  assert.equal(await named(1, 2), 3);
});

test("a global library lends its symbols to those loaded later", () => {
  const definitions = { test_answer: { parameters: [], result: "i32" } } as const;
  open(testlibPath, definitions, { global: true });
  assert.equal(open(null, definitions).test_answer.sync(), 42);
});
