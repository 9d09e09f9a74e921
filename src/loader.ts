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
import { importedImage } from "./imported_image.ts";
import { misfit } from "./library_file.ts";
import { openMemoryFile } from "./memory_file.ts";
import { type NativeImage, type PlainImage, unpack } from "./native_image.ts";
import { runtime } from "./runtime/current.ts";
import type { Native } from "./runtime/runtime.ts";

/** libsiding, loaded. */
export interface Loaded {
  /** Its functions. */
  readonly native: Native;
  /** The name under which the system has it: a path, or a name with a hash for one from memory. */
  readonly path: string;
}

let configuredPath: string | undefined;

function chosenPath(): string | undefined {
  return configuredPath ?? (runtime.environment("SIDING_LIBRARY") || undefined);
}

/** Has libsiding loaded from this file; throws `SidingError` where another one has been. */
export function chooseLibrary(path: string): void {
  if (loaded !== undefined && loaded.path !== path) {
    throw new SidingError(
      "ERR_SIDING_NATIVE",
      `Cannot load libsiding from "${path}": "${loaded.path}" is loaded already`,
    );
  }
  configuredPath = path;
}

const libc = runtime.libc();
const platform = [runtime.system, runtime.architecture, libc].filter((part) => part !== undefined)
  .join("-");

/** What this copy of the package has: importing is asynchronous, and `open` must not be. */
interface Carried {
  readonly path?: string | undefined;
  readonly image?: NativeImage | PlainImage | undefined;
  /** Why neither could be had. */
  readonly cause?: unknown;
}

async function findCarried(): Promise<Carried> {
  if (chosenPath() !== undefined || importedImage(platform) !== undefined) return {};
  try {
    const path = await carriedPath(platform);
    return path === undefined ? { image: await carriedImage(platform) } : { path };
  } catch (cause) {
    return { cause };
  }
}

const carried = await findCarried();

/** What is to be loaded: a file, or what this package has in memory. */
interface Found {
  readonly path?: string | undefined;
  readonly image?: NativeImage | PlainImage | undefined;
  /** Whether the user named that file. */
  readonly isChosen?: boolean;
}

function find(): Found {
  const chosen = chosenPath();
  if (chosen !== undefined) return { path: chosen, isChosen: true };
  return { path: carried.path, image: importedImage(platform) ?? carried.image };
}

function originOf({ path }: Found): string {
  return path === undefined ? "this package" : `"${path}"`;
}

function adviceFor({ image, isChosen }: Found): string {
  if (isChosen === true) return "name that of this version and platform, or none";
  const elsewhere = "set SIDING_LIBRARY to its path";
  return image === undefined ? `${remedy(platform)}, or ${elsewhere}` : elsewhere;
}

function unusable(found: Found, reason: string, cause?: unknown): SidingError {
  const wanted = `libsiding for ${runtime.system} ${runtime.architecture}, ABI ${abiVersion}`;
  const message = `Cannot load ${wanted} from ${originOf(found)}: ${reason}; ${adviceFor(found)}`;
  return new SidingError("ERR_SIDING_NATIVE", message, { cause });
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

function permit(found: Found): void {
  const flag = runtime.missingPermission(found.path ?? null);
  if (flag === null) return;
  throw new SidingError(
    "ERR_SIDING_PERMISSION",
    `Cannot load libsiding from ${originOf(found)}: add ${flag}`,
  );
}

function loadFrom(path: string): Loaded {
  return { native: runtime.load(path), path };
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
function loadFromMemory(image: NativeImage | PlainImage): Loaded {
  const hasNames = libc === "gnu";
  if (hasNames && isLoaded(image.name)) return loadFrom(image.name);
  const file = openMemoryFile(image.name, unpack(image));
  if (!hasNames) return loadFrom(file.path);
  try {
    runtime.functions(file.path, anyFunction);
  } finally {
    file.close();
  }
  return loadFrom(image.name);
}

function loadFromCache(image: NativeImage | PlainImage): Loaded {
  const path = cacheFile(cacheFolder(), image.name, unpack(image));
  return loadFrom(path);
}

function open({ path, image }: Found): Loaded {
  if (path !== undefined) return loadFrom(path);
  if (image === undefined) throw new Error(`there is none for ${platform}`);
  return runtime.system === "linux" ? loadFromMemory(image) : loadFromCache(image);
}

function check(native: Native, found: Found): void {
  const version = native.siding_abi_version();
  if (version !== abiVersion) throw unusable(found, `its ABI is ${version}`);
  const { call, event, bridgeOptions, poolOptions, stats } = layouts;
  const expected = [call.size, event.size, bridgeOptions.size, poolOptions.size, stats.size, 8];
  const sizes = new Uint32Array(expected.length);
  native.siding_abi_sizes(sizes, sizes.length);
  if (expected.some((size, index) => sizes[index] !== size)) {
    const measured = `its records measure ${sizes.join(", ")} bytes`;
    throw unusable(found, `${measured}, not ${expected.join(", ")}`);
  }
}

function load(): Loaded {
  const found = find();
  const { path, image } = found;
  if (path === undefined && image === undefined && carried.cause !== undefined) {
    throw unusable(found, oneLine(carried.cause), carried.cause);
  }
  permit(found);
  let opened: Loaded;
  try {
    opened = open(found);
  } catch (error) {
    const reason = path === undefined ? undefined : misfit(path);
    throw unusable(found, reason ?? oneLine(error), error);
  }
  check(opened.native, found);
  return opened;
}

let loaded: Loaded | undefined;

/** The functions of libsiding, and where they came from; loaded and checked once. */
export function loadNative(): Loaded {
  return loaded ??= load();
}
