import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as ours from "../mod.ts";
import type { Callback, Library } from "../mod.ts";
import { ask } from "./support/callbacks.ts";
import {
  crowdCall,
  type CrowdCounts,
  crowdCounts,
  crowdDefinitions,
  crowdFaults,
  fallback,
  indexOf,
  valueOf,
} from "./support/crowds.ts";
import { rejection, test, until } from "./support/harness.ts";
import { libraryName, testlibPath } from "./support/testlib.ts";

type Copy = typeof ours;

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "siding-copy-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const definitions = {
  answer: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
} as const;

const called = {
  ...crowdDefinitions,
  askI32: {
    name: "test_ask_i32",
    parameters: [{ function: ask as typeof ask }, "i32", "bool"],
    result: "i32",
  },
} as const;

let loaded: Promise<Copy> | undefined;

/** A second copy of the package, with a libsiding of its own. */
function otherCopy(): Promise<Copy> {
  return loaded ??= loadOther();
}

async function loadOther(): Promise<Copy> {
  for (const part of ["mod.ts", "src", join("zig-out", "lib", libraryName("siding"))]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  return await import(pathToFileURL(join(folder, "mod.ts")).href) as Copy;
}

interface Storm {
  readonly library: Library<typeof called>;
  readonly asked: Callback<typeof crowdCall>;
  counts(): CrowdCounts[];
  posts(): number;
}

/** Foreign threads that call a callback of each kind and a bound call of a copy. */
function startStorm(copy: Copy, calls: number): Storm {
  const library = copy.open(testlibPath, called);
  const [asking, posting, binding] = [1, 2, 3].map(() => library.crowdKey.sync()) as [
    number,
    number,
    number,
  ];
  let posts = 0;
  const asked = copy.callback.call(crowdCall, (value) => valueOf(asking, indexOf(value)), {
    fallback,
  });
  const posted = copy.callback.post(crowdCall, () => void posts++, { returns: { parameter: 0 } });
  const bound = copy.bind(library.crowdAnswer, binding);
  const crowds = [
    library.crowdStart.sync(asked, asking, 2, calls, 1),
    library.crowdStart.sync(posted, posting, 2, calls, 1),
    library.crowdStart.sync(bound, binding, 2, calls, 1),
  ];
  const counts = (): CrowdCounts[] => crowds.map((crowd) => crowdCounts(library, crowd));
  return { library, asked, counts, posts: () => posts };
}

test("X3: callbacks of two copies: each reaches its own, also within one another", async () => {
  const other = await otherCopy();
  const calls = 2000;
  const [first, second] = [startStorm(ours, calls), startStorm(other, calls)];
  assert.throws(() => first.library.crowdStart.sync(second.asked as never, 1, 1, 1, 1), TypeError);
  for (const { counts, posts, library } of [first, second]) {
    await until(() => counts().every(({ running }) => running === 0), "C has called");
    const bad = Math.floor(calls / 97) * 2;
    const outcomes = counts().map(({ answered, thrown, closed }) => ({ answered, thrown, closed }));
    const all = { answered: 2 * calls, thrown: 0, closed: 0 };
    assert.deepEqual(outcomes, [{ ...all, answered: 2 * calls - bad, thrown: bad }, all, all]);
    await until(() => posts() === 2 * calls - bad, "all are delivered");
    assert.deepEqual(crowdFaults(library), []);
  }
  using inner = other.callback.call(ask, (value) => value * 2, { fallback: -1 });
  using outer = ours.callback.call(
    ask,
    (value) => second.library.askI32.sync(inner, value + 1, false) + 1,
    { fallback: -1 },
  );
  assert.equal(first.library.askI32.sync(outer, 20, false), 43, "inline in one another");
  assert.equal(await first.library.askI32(outer, 20, true), 43);
});

test("X3: two copies in one process lease, call and end without one another", async () => {
  const other = await otherCopy();
  assert.notEqual(other.Context, ours.Context);
  const [first, second] = [ours, other].map((copy) => copy.open(testlibPath, definitions));
  const before = ours.stats().slots.active;
  const contexts = await Promise.all(
    Array.from({ length: 8 }, () => other.Context.acquire({ name: "other" })),
  );
  assert.ok(ours.stats().slots.active <= before, "they are not ours");
  assert.equal(other.stats().slots.active, 8);
  await using context = await ours.Context.acquire({ name: "ours" });
  const sums = await Promise.all([
    ...contexts.map((one, index) => one.use(second!).answer(index, 1)),
    ...contexts.map((_, index) => context.use(first!).answer(index, 1)),
  ]);
  assert.deepEqual(sums, [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.throws(() => context.use(second!), TypeError);
  const [kept, lost] = [ours, other].map((copy) =>
    copy.callback.call(ask, (value) => value + 1, { fallback: -3 })
  );
  const asks = ours.open(testlibPath, called);
  const { pointer } = lost!;
  assert.equal(await asks.askI32(pointer, 1, true), 2, "a pointer is a pointer");
  other.shutdown();
  assert.equal(await asks.askI32(pointer, 1, true), -3);
  assert.equal(await asks.askI32(kept!, 1, true), 2);
  const error = await rejection((async () => await second!.answer(1, 2))()) as { code: string };
  assert.equal(error.code, "ERR_SIDING_CLOSED");
  assert.equal(await context.use(first!).answer(20, 22), 42);
  assert.equal(await first!.answer(20, 22), 42);
});
