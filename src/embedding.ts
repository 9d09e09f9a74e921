/**
 * Libraries that packages bring along, libsiding among them: how they are found and loaded.
 *
 * @module
 */
import { cacheFile, cacheFolder } from "./cache_file.ts";
import { SidingError, type SidingErrorCode } from "./errors.ts";
import { filePath } from "./file_url.ts";
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
  /** What errors advise. */
  readonly remedy: string;
  /** Code of the error when it cannot be loaded. */
  readonly code: SidingErrorCode;
  /** Path that the user has chosen in its place. */
  readonly chosen: () => string | undefined;
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
  if (origin.chosen() !== undefined) return { origin };
  try {
    const image = await origin.carried();
    return { origin, image, path: pathOf(image) };
  } catch (cause) {
    return { origin, cause };
  }
}

/** Loads a library; throws one `SidingError` with cause and remedy. */
export function loadEmbedding<T>(embedding: Embedding, loading: Loading<T>): T {
  const { origin, image, cause } = embedding;
  const chosen = origin.chosen();
  const path = chosen ?? embedding.path;
  const place = path === undefined ? origin.place : `"${path}"`;
  if (path === undefined && cause !== undefined) throw unusable(origin, place, cause);
  permit(origin, place, path ?? null);
  try {
    if (path !== undefined) return loading.load(path, chosen === undefined ? "package" : "chosen");
    if (image === undefined) throw new Error(`there is none for ${platform}`);
    return runtime.system === "linux"
      ? loadFromMemory(image, loading)
      : loading.load(cacheFile(cacheFolder(), image.name, bytesOf(image)), "cache");
  } catch (error) {
    throw unusable(origin, place, error);
  }
}

function unusable(origin: Origin, place: string, cause: unknown): SidingError {
  const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n", 1);
  const message = `Cannot load ${origin.wanted} from ${place}: ${reason}; ${origin.remedy}`;
  return new SidingError(origin.code, message, { cause });
}

function permit({ name }: Origin, place: string, path: string | null): void {
  const flag = runtime.missingPermission(path);
  if (flag === null) return;
  throw new SidingError("ERR_SIDING_PERMISSION", `Cannot load ${name} from ${place}: add ${flag}`);
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
