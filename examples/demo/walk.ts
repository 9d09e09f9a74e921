// A directory tree as a list of files.
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const FILES_MAX = 100_000;

/** One file. */
export interface Entry {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Time of the last change, in milliseconds since 1970. */
  readonly modified: number;
  /** Kind and permissions. */
  readonly mode: number;
}

/** The directory that was asked for, or a large one that most machines have. */
export function chooseTree(asked: string | undefined): string {
  if (asked === undefined) return ["/usr", homedir()].find((path) => existsSync(path)) ?? ".";
  if (!existsSync(asked)) throw new Error(`Cannot walk "${asked}": there is no such directory`);
  return asked;
}

/** The files below `tree`, the first 100,000; what may not be read is left out. */
export function walk(tree: string): Entry[] {
  const entries: Entry[] = [];
  const folders = [tree];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { path, isFolder } of list(folder)) {
      if (isFolder) folders.push(path);
      else addFile(entries, path);
      if (entries.length === FILES_MAX) return entries;
    }
  }
  if (entries.length === 0) throw new Error(`Cannot walk "${tree}": it holds no file to read`);
  return entries;
}

function list(folder: string): { path: string; isFolder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((one) => ({
      path: join(folder, one.name),
      isFolder: one.isDirectory(),
    }));
  } catch {
    return [];
  }
}

function addFile(entries: Entry[], path: string): void {
  try {
    const { size, mtimeMs, mode } = lstatSync(path);
    entries.push({ path, size, modified: Math.trunc(mtimeMs), mode });
  } catch {
    // It has just gone, or is not ours to see.
  }
}
