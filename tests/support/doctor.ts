/**
 * The command `siding doctor`, as a process.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type ChildOptions, expectExit, type Outcome, runFile } from "./child.ts";

const command = fileURLToPath(new URL("../../cli/siding.ts", import.meta.url));

/* what Bun says of itself under wine, whatever it runs */
const wineNoise = /^Internal error: directory mismatch for directory .*\n/gm;

/** Runs `siding` with these arguments. */
export async function siding(
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Outcome> {
  const outcome = await runFile(command, args, options);
  return { ...outcome, stderr: outcome.stderr.replace(wineNoise, "") };
}

/** Lines that the doctor prints; fails unless it ends with `code` and prints nothing else. */
export async function doctorLines(
  code: number,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<string[]> {
  const outcome = await siding(["doctor", ...args], options);
  expectExit(outcome, code);
  assert.equal(outcome.stderr, "");
  return outcome.stdout.trimEnd().split("\n");
}

/** The same as JSON. */
export async function doctorReport<Report>(
  code: number,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<Report> {
  return JSON.parse((await doctorLines(code, [...args, "--json"], options)).join("\n"));
}

/** The types of all that is in a value, as text. */
export function shapeOf(value: unknown): unknown {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}
