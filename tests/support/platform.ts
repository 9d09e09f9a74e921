/**
 * Where the tests run when it is not on the machine itself but on what it emulates, or on another
 * C library: `scripts/test_platform.mjs` says so in the environment.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { zigPath } from "../../scripts/toolchain.mjs";

type Command = readonly [program: string, ...args: string[]];

/* A program with few permissions may not look, and is not told: it runs on the machine itself. */
function environment(): Readonly<Record<string, string | undefined>> {
  try {
    const { SIDING_TEST_SLOWNESS, SIDING_TEST_LAUNCHER, SIDING_TEST_CC, SIDING_TEST_IMPOSSIBLE } =
      process.env;
    return { SIDING_TEST_SLOWNESS, SIDING_TEST_LAUNCHER, SIDING_TEST_CC, SIDING_TEST_IMPOSSIBLE };
  } catch {
    return {};
  }
}

const { SIDING_TEST_SLOWNESS, SIDING_TEST_LAUNCHER, SIDING_TEST_CC, SIDING_TEST_IMPOSSIBLE } =
  environment();

const slowness = Number(SIDING_TEST_SLOWNESS ?? 1);

/** A limit on time, given in milliseconds of a machine that is not emulated. */
export function limitMs(ms: number): number {
  return ms * slowness;
}

/** The command that runs a program of the platform. */
export function launched(program: string, args: readonly string[] = []): Command {
  const command: Command = [program, ...args];
  return SIDING_TEST_LAUNCHER === undefined ? command : [SIDING_TEST_LAUNCHER, ...command];
}

/* Where no compiler runs, the machine's own answers at an address. */
async function compileThere(source: string, flags: readonly string[]): Promise<Uint8Array> {
  const body = JSON.stringify({ flags, source });
  const response = await fetch(SIDING_TEST_CC!, { method: "POST", body });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new Error(`Cannot compile: ${await response.text()}`);
}

/** What the C compiler for the platform makes of a source: a program, or a shared library. */
export async function compile(source: string, flags: readonly string[]): Promise<Uint8Array> {
  if (SIDING_TEST_CC?.startsWith("http:")) return await compileThere(source, flags);
  const folder = mkdtempSync(join(tmpdir(), "siding-cc-"));
  try {
    const [input, output] = [join(folder, "source.c"), join(folder, "output")];
    writeFileSync(input, source);
    const [program, ...args] = SIDING_TEST_CC === undefined ? [zigPath(), "cc"] : [SIDING_TEST_CC];
    const stdio = ["ignore", "inherit", "inherit"] as const;
    execFileSync(program!, [...args, ...flags, "-o", output, input], { stdio: [...stdio] });
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/* A line each: the name, a tab, the reason. */
const impossible: ReadonlySet<string> = new Set(
  SIDING_TEST_IMPOSSIBLE === undefined
    ? []
    : readFileSync(SIDING_TEST_IMPOSSIBLE, "utf8").split("\n").map((line) => line.split("\t")[0]!),
);

/** Whether the platform cannot run the test of this name. */
export function isImpossible(name: string): boolean {
  return impossible.has(name);
}
