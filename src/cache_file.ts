/**
 * Libraries kept in a file of the user's cache, where a system loads none from memory.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";

const roots: Readonly<Record<typeof runtime.system, readonly [variable: string, folder: string]>> =
  {
    darwin: ["HOME", "Library/Caches"],
    linux: ["HOME", ".cache"],
    windows: ["LOCALAPPDATA", ""],
  };

/** This user's folder for libraries; throws `Error` where the environment does not tell. */
export function cacheFolder(): string {
  const [variable, below] = roots[runtime.system];
  const root = runtime.environment(variable);
  if (root === undefined || root === "") {
    throw new Error(`${variable}, which says where the cache is, is not set or not permitted`);
  }
  return [root, below, "siding"].filter((part) => part !== "").join("/");
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function has(path: string, bytes: Uint8Array): boolean {
  const found = runtime.files().read(path);
  return found !== undefined && isSame(found, bytes);
}

/**
 * Path of a file in `folder` with this name and these bytes; throws `Error`, and what the runtime
 * throws. A file that is there is compared, and replaced where it differs.
 */
export function cacheFile(folder: string, name: string, bytes: Uint8Array): string {
  const files = runtime.files();
  files.makeFolder(folder);
  if (!files.isPrivate(folder)) {
    throw new Error(`others may write into "${folder}": give it to this user alone, mode 700`);
  }
  const path = `${folder}/${name}`;
  if (has(path, bytes)) return path;
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    files.create(aside, bytes);
    files.rename(aside, path); // at once: nobody loads half a library
  } catch (error) {
    files.remove(aside);
    /* another process may have been sooner, and Windows replaces no library that is in use */
    if (!has(path, bytes)) throw error;
  }
  return path;
}
