/**
 * The libraries that a library needs.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Binary } from "../binary/binary.ts";
import { openLibrary } from "./opening.ts";
import type { NeededReport } from "./report.ts";

/** A path of a file with what stands for the file's own folder replaced. */
function resolved(path: string, folder: string): string {
  return path.replace(/^(\$ORIGIN|\$\{ORIGIN\}|@loader_path)(?=\/|$)/, () => folder);
}

/** Under which names the loader looks for what a file needs, in order. */
export function candidates({ folders }: Binary, name: string, path: string): readonly string[] {
  const own = dirname(path);
  const inFolders = (rest: string): string[] =>
    folders.map((folder) => `${resolved(folder, own)}/${rest}`);
  if (name.startsWith("@rpath/")) return inFolders(name.slice("@rpath/".length));
  return name.includes("/") ? [resolved(name, own)] : [...inFolders(name), name];
}

/** The reason why none of some names can be opened, or `null`. */
async function reasonOf(names: readonly string[]): Promise<string | null> {
  let reason = "there is no place to look for it";
  for (const name of names) {
    const opened = await openLibrary(name);
    if (typeof opened !== "string") return null;
    reason = opened;
    /* where it is not what is missing, it is there, and what is wrong with it is the reason */
    if (!opened.includes(`${name}: `) && !opened.includes(`'${name}'`)) break;
  }
  return reason;
}

/** Looks for all that a file needs, as its loader would. */
export async function findNeeded(binary: Binary, path: string): Promise<NeededReport[]> {
  const found: NeededReport[] = [];
  for (const name of binary.needed) {
    const reason = await reasonOf(candidates(binary, name, path));
    found.push({ name, state: reason === null ? "found" : "missing", reason });
  }
  return found;
}

/** The same where all of it is known to be there, or nothing is known. */
export function needed(binary: Binary | undefined, state: "found" | "unknown"): NeededReport[] {
  return (binary?.needed ?? []).map((name) => ({ name, state, reason: null }));
}
