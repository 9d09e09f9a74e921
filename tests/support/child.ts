/**
 * Programs of `tests/support/programs` as processes of the runtime that runs the test.
 *
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeName } from "./harness.ts";
import { launched, limitMs } from "./platform.ts";

/** How a process ended. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end. */
  readonly ms: number;
}

/** How to start one. */
export interface ChildOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory; this process's own unless given. */
  readonly cwd?: string;
  /** After this long it is killed. */
  readonly timeoutMs?: number;
  /** Flags of `deno run` in place of `-A`. */
  readonly denoFlags?: readonly string[];
}

/* Quiet about its FFI, with what the web has, and with little that waits for V8 to collect it. */
const nodeFlags: readonly string[] = [
  "--disable-warning=ExperimentalWarning",
  "--max-semi-space-size=2",
  `--import=${new URL("node_globals.ts", import.meta.url)}`,
];

const CHILD_MS_MAX = 60_000;

/** Path of a program. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
}

/* what each runtime is told before the name of a program */
function runtimeFlags(denoFlags: readonly string[]): readonly string[] {
  if (runtimeName === "deno") return ["run", "--no-prompt", ...denoFlags];
  return runtimeName === "node" ? nodeFlags : [];
}

/** Runs a program to its end. */
export function runProgram(
  name: string,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<Outcome> {
  return runFile(programPath(name), args, options);
}

/** The same for any file. */
export function runFile(
  path: string,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<Outcome> {
  const { denoFlags = ["-A"] } = options;
  const flags = runtimeFlags(denoFlags);
  const [program, ...rest] = launched(process.execPath, [...flags, path, ...args]);
  return runCommand(program, rest, options);
}

/** Runs any other program to its end. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Outcome> {
  const { env = {}, cwd, timeoutMs = CHILD_MS_MAX } = options;
  const start = performance.now();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs(timeoutMs));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, ms: performance.now() - start });
    });
  });
}

/** Fails with all that is known of a process unless it ended with `code` and without a signal. */
export function expectExit(outcome: Outcome, code: number): void {
  if (outcome.code === code && outcome.signal === null) return;
  throw new Error(`expected exit code ${code}, got ${JSON.stringify(outcome, null, 2)}`);
}

/** Runs `count` tasks, at most `width` at a time; gives their results in order. */
export async function inParallel<T>(
  count: number,
  width: number,
  task: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return results;
}
