/**
 * Finds, loads and checks libsiding.
 *
 * @module
 */
import { cacheFile, cacheFolder } from "./cache_file.ts";
import { carriedImage, carriedPath, remedy } from "./carrier.ts";
import { SidingError } from "./errors.ts";
import { functions } from "./generated/functions.ts";
import { abiVersion, layouts } from "./generated/siding.ts";
import { openMemoryFile } from "./memory_file.ts";
import { type NativeImage, unpack } from "./native_image.ts";
import { runtime } from "./runtime/current.ts";
import type { Native } from "./runtime/runtime.ts";

/**
 * Where a libsiding comes from: `SIDING_LIBRARY`, a file of a package or checkout, or a module of
 * this package, by a memory file or a file of the cache.
 */
export type Source = "chosen" | "package" | "memory" | "cache";

/** libsiding, loaded. */
export interface Loaded {
  /** Its functions. */
  readonly native: Native;
  /** The name under which the system has it: a path, or a name with a hash for one from memory. */
  readonly path: string;
  /** Where it comes from. */
  readonly source: Source;
}

function chosenPath(): string | undefined {
  return runtime.environment("SIDING_LIBRARY") || undefined;
}

const libc = runtime.libc();
const platform = [runtime.system, runtime.architecture, libc].filter((part) => part !== undefined)
  .join("-");

/** What this copy of the package has: importing is asynchronous, and `open` must not be. */
interface Carried {
  readonly path?: string | undefined;
  readonly image?: NativeImage | undefined;
  /** Why neither could be had. */
  readonly cause?: unknown;
}

async function findCarried(): Promise<Carried> {
  if (chosenPath() !== undefined) return {};
  try {
    const path = await carriedPath(platform);
    return path === undefined ? { image: await carriedImage(platform) } : { path };
  } catch (cause) {
    return { cause };
  }
}

const carried = await findCarried();

function unusable(origin: string, reason: string, cause?: unknown): SidingError {
  const wanted = `libsiding for ${runtime.system} ${runtime.architecture}, ABI ${abiVersion}`;
  const advice = `${remedy(platform)}, or set SIDING_LIBRARY to its path`;
  const message = `Cannot load ${wanted} from ${origin}: ${reason}; ${advice}`;
  return new SidingError("ERR_SIDING_NATIVE", message, { cause });
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

function permit(origin: string, path: string | null): void {
  const flag = runtime.missingPermission(path);
  if (flag === null) return;
  throw new SidingError(
    "ERR_SIDING_PERMISSION",
    `Cannot load libsiding from ${origin}: add ${flag}`,
  );
}

function loadFrom(path: string, source: Source): Loaded {
  return { native: runtime.load(path), path, source };
}

/* Bun loads no library for nothing */
const anyFunction = { siding_abi_version: functions.siding_abi_version };

function isLoaded(name: string): boolean {
  try {
    runtime.functions(name, anyFunction);
    return true;
  } catch {
    return false;
  }
}

/*
 * By name, a library that any thread of this process has loaded is found again. Two threads that
 * load it at once map it twice, and then both find the first: the loader's list has an order.
 * musl knows what it loaded by file only: there each thread has an image of its own, and its file.
 */
function loadFromMemory(image: NativeImage): Loaded {
  const hasNames = libc === "gnu";
  if (hasNames && isLoaded(image.name)) return loadFrom(image.name, "memory");
  const file = openMemoryFile(image.name, unpack(image));
  if (!hasNames) return loadFrom(file.path, "memory");
  try {
    runtime.functions(file.path, anyFunction);
  } finally {
    file.close();
  }
  return loadFrom(image.name, "memory");
}

function loadFromCache(image: NativeImage): Loaded {
  const path = cacheFile(cacheFolder(), image.name, unpack(image));
  return loadFrom(path, "cache");
}

function open(path: string | undefined, image: NativeImage | undefined): Loaded {
  if (path !== undefined) return loadFrom(path, path === carried.path ? "package" : "chosen");
  if (image === undefined) throw new Error(`there is none for ${platform}`);
  return runtime.system === "linux" ? loadFromMemory(image) : loadFromCache(image);
}

function check(native: Native, origin: string): void {
  const version = native.siding_abi_version();
  if (version !== abiVersion) throw unusable(origin, `its ABI is ${version}`);
  const { call, event, bridgeOptions, poolOptions, stats } = layouts;
  const expected = [call.size, event.size, bridgeOptions.size, poolOptions.size, stats.size, 8];
  const sizes = new Uint32Array(expected.length);
  native.siding_abi_sizes(sizes, sizes.length);
  if (expected.some((size, index) => sizes[index] !== size)) {
    throw unusable(
      origin,
      `its records measure ${sizes.join(", ")} bytes, not ${expected.join(", ")}`,
    );
  }
}

function load(): Loaded {
  const { image } = carried;
  const path = chosenPath() ?? carried.path;
  const origin = path === undefined ? "this package" : `"${path}"`;
  if (path === undefined && image === undefined && carried.cause !== undefined) {
    throw unusable(origin, oneLine(carried.cause), carried.cause);
  }
  permit(origin, path ?? null);
  let opened: Loaded;
  try {
    opened = open(path, image);
  } catch (error) {
    throw unusable(origin, oneLine(error), error);
  }
  check(opened.native, origin);
  return opened;
}

let loaded: Loaded | undefined;

/** The functions of libsiding, and where they came from; loaded and checked once. */
export function loadNative(): Loaded {
  return loaded ??= load();
}
