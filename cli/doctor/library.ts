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
import { type Binary, readBinaries } from "../binary/binary.ts";
import { wantedSymbols } from "./definitions.ts";
import { findNeeded, needed } from "./dependencies.ts";
import { platformName } from "./machine.ts";
import { type Opened, openLibrary } from "./opening.ts";
import { firstLine, type Tell } from "./problems.ts";
import type { BinaryReport, LibraryReport, NeededReport } from "./report.ts";
import { compareSymbols, whoKnows } from "./symbols.ts";

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
function fitting(path: string, binaries: readonly Binary[], tell: Tell): Binary | undefined {
  const { system, architecture } = runtime;
  const own = binaries.find((one) => one.system === system && one.architecture === architecture);
  if (own === undefined) {
    const names = binaries.map((one) => `${one.system} ${one.architecture}`).join(", ");
    tell(`Cannot use "${path}": it is for ${names}, this machine is ${system} ${architecture}`);
  } else if (own.kind !== "shared library") {
    tell(`Cannot use "${path}": it is no shared library (${own.kind})`);
  }
  return own;
}

interface Loaded {
  readonly opened?: Opened;
  readonly needed: readonly NeededReport[];
}

/** Opens it, and says what it needs; tells why it cannot be opened. */
async function load(path: string, binary: Binary | undefined, tell: Tell): Promise<Loaded> {
  const flag = runtime.missingPermission(path);
  const opened = flag === null ? await openLibrary(path) : `add ${flag}`;
  if (typeof opened !== "string") return { opened, needed: needed(binary, "found") };
  tell(`Cannot open "${path}": ${opened}`);
  if (flag !== null || binary === undefined) return { needed: needed(binary, "unknown") };
  return { needed: await findNeeded(binary, path) };
}

/** Whether there is a libsiding to open it with; tells why not. */
function hasSiding(tell: Tell): boolean {
  try {
    loadNative();
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
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
  tell: Tell,
): Promise<void> {
  const binaries = binariesIn(path);
  found({ binaries: (binaries ?? []).map(binaryReport) });
  const own = binaries && fitting(path, binaries, tell);
  const canLoad = (binaries === undefined || own?.kind === "shared library") && hasSiding(tell);
  const loaded = canLoad
    ? await load(fileOf(path, own), own, tell)
    : { needed: needed(own ?? binaries?.[0], "unknown") };
  found({ loaded: loaded.opened !== undefined, needed: loaded.needed });
  if (module === undefined) return;
  const wanted = await wantedSymbols(module);
  found({
    symbols: await compareSymbols(
      path,
      wanted,
      whoKnows(loaded.opened, own ?? binaries?.[0]),
      tell,
    ),
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
  const platform = platformName(); // asks the loader, which may be busy later
  const problems: string[] = [];
  let all: Found = { binaries: [], loaded: false, needed: [], symbols: null };
  try {
    await examine(
      path,
      module,
      (part) => all = { ...all, ...part },
      (problem) => problems.push(firstLine(problem)),
    );
  } catch (error) {
    const line = firstLine(error);
    problems.push(line.startsWith("Cannot ") ? line : `Cannot read "${path}": ${line}`);
  }
  return {
    about: "library",
    version,
    works: problems.length === 0,
    problems,
    path,
    platform,
    ...all,
  };
}
