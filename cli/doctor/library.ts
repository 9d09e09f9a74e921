/**
 * Whether a library can be used on this machine, with some definitions.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { loadNative } from "../../src/loader.ts";
import { runtime } from "../../src/runtime/current.ts";
import { flagOf, isPermitted, type Wish } from "../../src/runtime/permissions.ts";
import { version } from "../version.ts";
import { type Binary, readBinaries } from "./binary.ts";
import { type WantedSymbols, wantedSymbols } from "./definitions.ts";
import { findNeeded, needed } from "./dependencies.ts";
import { platformName } from "./machine.ts";
import { type Opened, openLibrary } from "./opening.ts";
import type { BinaryReport, LibraryReport, NeededReport, SymbolsReport } from "./report.ts";

/** Names that a line has room for. */
const NAMES_MAX = 12;

/** What is wrong is told, one line each. */
type Problem = (text: string) => void;

const isPath = (name: string): boolean => /[/\\]/.test(name);

/** Whether the system says that there is no such file. */
function isNowhere(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOENT";
}

/** What is in a file; `undefined` for a name that only the loader finds. */
function binariesIn(path: string): readonly Binary[] | undefined {
  const wish: Wish = { name: "read", path };
  if (!isPermitted(wish)) throw new Error(`add ${flagOf(wish)}`);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (!isPath(path) && isNowhere(error)) return undefined;
    throw error;
  }
  return readBinaries(bytes);
}

/** That part of a file which is for this machine; tells why there is none. */
function fitting(path: string, binaries: readonly Binary[], problem: Problem): Binary | undefined {
  const { system, architecture } = runtime;
  const own = binaries.find((one) => one.system === system && one.architecture === architecture);
  if (own === undefined) {
    const names = binaries.map((one) => `${one.system} ${one.architecture}`).join(", ");
    problem(`Cannot use "${path}": it is for ${names}, this machine is ${system} ${architecture}`);
  } else if (own.kind !== "shared library") {
    problem(`Cannot use "${path}": it is no shared library (${own.kind})`);
  }
  return own;
}

interface Loaded {
  readonly opened?: Opened;
  readonly needed: readonly NeededReport[];
}

/** Opens it, and says what it needs; tells why it cannot be opened. */
async function load(path: string, binary: Binary | undefined, problem: Problem): Promise<Loaded> {
  const flag = runtime.missingPermission(path);
  const opened = flag === null ? await openLibrary(path) : `add ${flag}`;
  if (typeof opened !== "string") return { opened, needed: needed(binary, "found") };
  problem(`Cannot open "${path}": ${opened}`);
  if (flag !== null || binary === undefined) return { needed: needed(binary, "unknown") };
  return { needed: await findNeeded(binary, path) };
}

/** Whether there is a libsiding to open it with; tells why not. */
function hasSiding(problem: Problem): boolean {
  try {
    loadNative();
    return true;
  } catch (error) {
    problem((error as Error).message);
    return false;
  }
}

/** Asks the loader, else the file, else nobody. */
function asker(
  opened: Opened | undefined,
  binary: Binary | undefined,
): { has(symbol: string): Promise<boolean>; askedOf: SymbolsReport["askedOf"] } | undefined {
  if (opened !== undefined) return { has: (symbol) => opened.has(symbol), askedOf: "loader" };
  const symbols = binary?.symbols ?? null;
  if (symbols === null) return undefined;
  return { has: (symbol) => Promise.resolve(symbols.has(symbol)), askedOf: "file" };
}

async function absentOf(
  symbols: ReadonlySet<string>,
  has: (symbol: string) => Promise<boolean>,
): Promise<string[]> {
  const names = [...symbols].sort();
  const found = await Promise.all(names.map(has));
  return names.filter((_, index) => !found[index]);
}

/** Names for a line. */
function listed(names: readonly string[]): string {
  const rest = names.length - NAMES_MAX;
  const shown = names.slice(0, NAMES_MAX).map((name) => `"${name}"`).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

async function compare(
  path: string,
  { required, optional }: WantedSymbols,
  asked: ReturnType<typeof asker>,
  problem: Problem,
): Promise<SymbolsReport | null> {
  if (asked === undefined) {
    problem(`Cannot compare "${path}" with the definitions: nothing is known of its symbols`);
    return null;
  }
  const { has, askedOf } = asked;
  const absent = await absentOf(required, has);
  const absentOptional = await absentOf(optional.difference(required), has);
  if (absent.length > 0) {
    problem(`Cannot open "${path}" with the definitions: it has no ${listed(absent)}`);
  }
  return { count: required.union(optional).size, absent, absentOptional, askedOf };
}

function binaryReport({ format, kind, system, architecture }: Binary): BinaryReport {
  return { format, kind, system, architecture };
}

/** What was found so far; what throws is the end of it. */
type Found = Pick<LibraryReport, "binaries" | "loaded" | "needed" | "symbols">;

async function examine(
  path: string,
  module: string | undefined,
  found: (part: Partial<Found>) => void,
  problem: Problem,
): Promise<void> {
  const binaries = binariesIn(path);
  found({ binaries: (binaries ?? []).map(binaryReport) });
  const own = binaries && fitting(path, binaries, problem);
  const canLoad = (binaries === undefined || own?.kind === "shared library") && hasSiding(problem);
  const loaded = canLoad
    ? await load(fileOf(path, own), own, problem)
    : { needed: needed(own ?? binaries?.[0], "unknown") };
  found({ loaded: loaded.opened !== undefined, needed: loaded.needed });
  if (module === undefined) return;
  const wanted = await wantedSymbols(module);
  found({
    symbols: await compare(path, wanted, asker(loaded.opened, own ?? binaries?.[0]), problem),
  });
}

/* Without a separator the loader would look for a name elsewhere than in this folder. */
function fileOf(path: string, binary: Binary | undefined): string {
  return binary === undefined || isPath(path) ? path : `./${path}`;
}

/** Looks at a library, and at definitions that a module exports; what fails is in the report. */
export async function examineLibrary(
  path: string,
  module: string | undefined,
): Promise<LibraryReport> {
  const problems: string[] = [];
  let all: Found = { binaries: [], loaded: false, needed: [], symbols: null };
  try {
    await examine(
      path,
      module,
      (part) => all = { ...all, ...part },
      (text) => problems.push(text),
    );
  } catch (error) {
    const { message } = error as Error;
    problems.push(message.startsWith("Cannot ") ? message : `Cannot read "${path}": ${message}`);
  }
  return {
    about: "library",
    version,
    works: problems.length === 0,
    problems,
    path,
    platform: platformName(),
    ...all,
  };
}
