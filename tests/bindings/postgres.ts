/**
 * A PostgreSQL server of the test's own: in a temporary folder, on a socket of the file system, as
 * a user without privileges.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

const START_MS_MAX = 60_000;
const user = "siding";

/** A server that runs. */
export interface Server {
  /** What a client connects with. */
  readonly connection: string;
  readonly folder: string;
  /** Stops it and removes its folder; a second time does nothing. */
  stop(): void;
}

/** Folders that may hold the programs of the server, the newest version first. */
function programFolders(): string[] {
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base).map(Number) : [];
  const found = versions.sort((a, b) => b - a).map((version) => `${base}/${version}/bin`);
  return [...found, ...(process.env["PATH"] ?? "").split(delimiter)];
}

/** Where the programs are, or `undefined`. */
export function findServer(): string | undefined {
  const programs = ["initdb", "pg_ctl", "postgres"];
  return programFolders().find((folder) =>
    programs.every((program) => existsSync(join(folder, program)))
  );
}

/** The server refuses to run as root: then it runs as somebody else. */
function unprivileged(): readonly [uid: number, gid: number] | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"));
  const entry = lines.find(([name]) => name === "postgres") ??
    lines.find(([name]) => name === "nobody");
  if (entry === undefined) throw new Error("there is no user for the server to run as");
  return [Number(entry[2]), Number(entry[3])];
}

function runAs(ids: readonly [number, number] | undefined, program: string, args: string[]): void {
  const [command, ...before] = ids === undefined
    ? [program]
    : ["setpriv", `--reuid=${ids[0]}`, `--regid=${ids[1]}`, "--clear-groups", program];
  const options = { cwd: "/", encoding: "utf8", timeout: START_MS_MAX, stdio: "pipe" } as const;
  const done = spawnSync(command!, [...before, ...args], options);
  if (done.status === 0) return;
  throw new Error(`${program} ended with ${done.status}: ${done.stderr}${done.error ?? ""}`);
}

/** Starts a server. */
export function startServer(): Server {
  const programs = findServer();
  if (programs === undefined) throw new Error("there is no PostgreSQL server");
  const folder = mkdtempSync("/tmp/siding-pg-"); // a short path: a socket's has 107 characters
  const ids = unprivileged();
  if (ids !== undefined) chownSync(folder, ...ids);
  const data = join(folder, "data");
  const control = (...args: string[]): void =>
    runAs(ids, join(programs, "pg_ctl"), ["-D", data, "-w", ...args]);
  let running = false;
  const stop = (): void => {
    if (!existsSync(folder)) return;
    if (running) control("stop", "-m", "fast");
    rmSync(folder, { recursive: true });
  };
  process.on("exit", stop);
  try {
    const initArgs = ["-D", data, "-U", user, "-A", "trust", "-N", "-E", "UTF8", "--locale=C"];
    runAs(ids, join(programs, "initdb"), initArgs);
    const options = `-F -k ${folder} -c listen_addresses= -c max_connections=10`;
    control("start", "-s", "-l", join(folder, "log"), "-o", options);
    running = true;
  } catch (error) {
    stop();
    throw error;
  }
  return { connection: `host=${folder} user=${user} dbname=postgres`, folder, stop };
}
