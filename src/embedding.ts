/**
 * Libraries that packages bring along, libsiding among them: how they are found and loaded.
 *
 * @module
 */
import { cacheFile, cacheFolder } from "./cache_file.ts";
import { SidingError, type SidingErrorCode } from "./errors.ts";
import { filePath } from "./file_url.ts";
import { misfit } from "./library_file.ts";
import { memoryFile } from "./memory_file.ts";
import { type NativeImage, unpack } from "./native_image.ts";
import { runtime } from "./runtime/current.ts";

const libc = runtime.libc();

/** This platform in the names of modules and packages, such as `linux-x64-gnu`. */
export const platform: string = [runtime.system, runtime.architecture, libc]
  .filter((part) => part !== undefined).join("-");

/** A library of a package, as its package tells of it. */
export interface Origin {
  /** What errors call the library, and what they call it where they tell which one is wanted. */
  readonly name: string;
  readonly wanted: string;
  /** What errors call the package. */
  readonly place: string;
  /** What errors advise where it has none. */
  readonly remedy: string;
  /** The environment variable by which another one can be chosen. */
  readonly variable: string | undefined;
  /** Code of the error when it cannot be loaded. */
  readonly code: SidingErrorCode;
  /** Path that the user has chosen in its place. */
  readonly chosen: () => string | undefined;
  /** What the program has imported of the package for this platform. */
  readonly imported?: () => NativeImage | undefined;
  /** What the package has for this platform. */
  readonly carried: () => Promise<NativeImage | undefined>;
}

/** A library of a package, found: importing is asynchronous, and opening must not be. */
export interface Embedding {
  readonly origin: Origin;
  readonly image?: NativeImage | undefined;
  /** Path of the image where it is a file that the system's loader finds. */
  readonly path?: string | undefined;
  /** Why there is no image. */
  readonly cause?: unknown;
}

/**
 * Where a library comes from: it was chosen, or is a file of its package, or comes out of a module
 * by a memory file or a file of the cache.
 */
export type Source = "chosen" | "package" | "memory" | "cache";

/** How a library is loaded. */
export interface Loading<T> {
  /** Has the system load it; throws where it does not. */
  map(path: string): void;
  /** The same, and gives what the library is to its user. */
  load(path: string, source: Source): T;
}

/** Finds what a package has; never throws, because nobody may want it. */
export async function findEmbedding(origin: Origin): Promise<Embedding> {
  if (origin.chosen() !== undefined || origin.imported?.() !== undefined) return { origin };
  try {
    const image = await origin.carried();
    return { origin, image, path: pathOf(image) };
  } catch (cause) {
    return { origin, cause };
  }
}

/** What is to be loaded: a file, or what the package has in memory. */
interface Found {
  readonly origin: Origin;
  readonly path: string | undefined;
  readonly image: NativeImage | undefined;
  /** Whether the user named that file. */
  readonly isChosen: boolean;
}

function find({ origin, image, path }: Embedding): Found {
  const chosen = origin.chosen();
  if (chosen !== undefined) return { origin, path: chosen, image: undefined, isChosen: true };
  return { origin, path, image: origin.imported?.() ?? image, isChosen: false };
}

/** Loads a library; throws one `SidingError` with cause and remedy. */
export function loadEmbedding<T>(embedding: Embedding, loading: Loading<T>): T {
  const found = find(embedding);
  const { path, image, isChosen } = found;
  const { cause } = embedding;
  if (path === undefined && image === undefined && cause !== undefined) {
    throw unusable(found, cause);
  }
  permit(found);
  try {
    if (path !== undefined) return loading.load(path, isChosen ? "chosen" : "package");
    if (image === undefined) throw new Error(`there is none for ${platform}`);
    return runtime.system === "linux"
      ? loadFromMemory(image, loading)
      : loading.load(cacheFile(cacheFolder(), image.name, bytesOf(image)), "cache");
  } catch (error) {
    throw unusable(found, error);
  }
}

function unusable(found: Found, cause: unknown): SidingError {
  const { origin, path } = found;
  const reason = path !== undefined && misfit(path) || oneLine(cause);
  const what = `${origin.wanted} from ${placeOf(found)}`;
  const message = `Cannot load ${what}: ${reason}; ${adviceFor(found)}`;
  return new SidingError(origin.code, message, { cause });
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

function placeOf({ origin, path }: Found): string {
  return path === undefined ? origin.place : `"${path}"`;
}

function adviceFor({ origin, path, image, isChosen }: Found): string {
  if (isChosen) return "name that of this version and platform, or none";
  const { remedy, variable } = origin;
  if (variable === undefined) return remedy;
  const elsewhere = `set ${variable} to its path`;
  return path === undefined && image !== undefined ? elsewhere : `${remedy}, or ${elsewhere}`;
}

function permit(found: Found): void {
  const flag = runtime.missingPermission(found.path ?? null);
  if (flag === null) return;
  const what = `${found.origin.name} from ${placeOf(found)}`;
  throw new SidingError("ERR_SIDING_PERMISSION", `Cannot load ${what}: add ${flag}`);
}

/* The system's loader knows nothing of files inside the program. */
function pathOf(image: NativeImage | undefined): string | undefined {
  if (image === undefined) return undefined;
  if ("file" in image) {
    const path = filePath(new URL(image.file));
    return runtime.isInside(path) ? undefined : path;
  }
  if (typeof image.packed === "string") return undefined;
  throw new Error("its module is none that siding pack wrote");
}

function bytesOf(image: NativeImage): Uint8Array<ArrayBuffer> {
  if (!("file" in image)) return unpack(image);
  const bytes = runtime.files().read(filePath(new URL(image.file)));
  if (bytes === undefined) throw new Error(`there is no "${image.file}"`);
  return bytes;
}

/*
 * By name, a library that any thread of this process has loaded is found again. Two threads that
 * load it at once map it twice, and then both find the first: the loader's list has an order.
 * musl knows what it loaded by file only, as glibc does a library without a name: there each thread
 * has an image of its own.
 */
function loadFromMemory<T>(image: NativeImage, { map, load }: Loading<T>): T {
  const put = (): string => memoryFile(image.name, bytesOf(image));
  if (libc !== "gnu" || !image.isNamed) return load(put(), "memory");
  try {
    return load(image.name, "memory");
  } catch {
    map(put());
  }
  return load(image.name, "memory");
}
