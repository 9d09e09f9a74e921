/**
 * Where the tests run when it is not on the machine itself but on what it emulates, or on another
 * C library: `scripts/test_platform.mjs` says so in the environment.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { zigPath } from "../../scripts/toolchain.mjs";

type Command = readonly [program: string, ...args: string[]];

const { SIDING_TEST_SLOWNESS, SIDING_TEST_LAUNCHER, SIDING_TEST_CC, SIDING_TEST_IMPOSSIBLE } =
  process.env;

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

/** The command that compiles C for the platform. */
export function compiler(args: readonly string[]): Command {
  return SIDING_TEST_CC === undefined ? [zigPath(), "cc", ...args] : [SIDING_TEST_CC, ...args];
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
