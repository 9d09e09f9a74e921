/**
 * A user's program that loads the package and calls C, and what it prints.
 *
 * @module
 */
import assert from "node:assert/strict";
import { expectExit, type Outcome } from "./child.ts";
import { testlibPath } from "./testlib.ts";

/** What it prints: a call's result, C's answers from a callback, and how it was loaded. */
export interface Printed {
  readonly sum: number;
  readonly answers: readonly number[];
  readonly path: string;
  readonly trampolines: string;
}

const REFUSED = 3;

/** Source of the program, after these lines. */
export function loads(...lines: readonly string[]): string {
  return `
${lines.join("\n")}
import process from "node:process";
import { callback, configure, open, stats } from "@siding/ffi";
const ask = { parameters: ["i32"], result: "i32" } as const;
const definitions = {
  add: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
  ask: { name: "test_ask_i32", parameters: [{ function: ask }, "i32", "bool"], result: "i32" },
} as const;
try {
  const library = process.argv[2];
  if (library !== undefined) configure({ library });
  const testlib = open(${JSON.stringify(testlibPath)}, definitions);
  const sum = testlib.add.sync(20, 22);
  using doubled = callback.call(ask, (value) => value * 2, { fallback: -1 });
  const answers = [testlib.ask.sync(doubled, 4, false), await testlib.ask(doubled, 5, true)];
  const { library: path, trampolines } = stats();
  console.log(JSON.stringify({ sum, answers, path, trampolines }));
} catch (error) {
  const { name, code, message } = error as Error & { code: string };
  console.log(name, code + ":", message);
  process.exit(${REFUSED});
}
`;
}

/** What the program prints that has loaded the package. */
export function printed(outcome: Outcome): Printed {
  expectExit(outcome, 0);
  const result = JSON.parse(outcome.stdout) as Printed;
  assert.equal(result.sum, 42);
  assert.deepEqual(result.answers, [8, 10]);
  assert.match(result.trampolines, /^(static|dynamic)$/);
  return result;
}

/** The one line that the program prints which cannot load the package. */
export function refusal(outcome: Outcome): string {
  expectExit(outcome, REFUSED);
  const lines = outcome.stdout.trimEnd().split("\n");
  assert.equal(lines.length, 1, outcome.stdout + outcome.stderr);
  return lines[0]!;
}
