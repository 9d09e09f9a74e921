/**
 * libsiding: loaded and checked.
 *
 * @module
 */
import { carriedImage, remedy } from "./carrier.ts";
import { findEmbedding, loadEmbedding, platform, type Source } from "./embedding.ts";
import { SidingError } from "./errors.ts";
import { functions } from "./generated/functions.ts";
import { abiVersion, layouts } from "./generated/siding.ts";
import { importedImage } from "./imported_image.ts";
import { runtime } from "./runtime/current.ts";
import type { Native } from "./runtime/runtime.ts";

/** libsiding, loaded. */
export interface Loaded {
  /** Its functions. */
  readonly native: Native;
  /** The name under which the system has it: a path, or a name with a hash for one from memory. */
  readonly path: string;
  /** Where it comes from. */
  readonly source: Source;
}

const variable = "SIDING_LIBRARY";
let configuredPath: string | undefined;

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

const embedding = await findEmbedding({
  name: "libsiding",
  wanted: `libsiding for ${runtime.system} ${runtime.architecture}, ABI ${abiVersion}`,
  place: "this package",
  remedy: remedy(platform),
  variable,
  code: "ERR_SIDING_NATIVE",
  chosen: () => configuredPath ?? (runtime.environment(variable) || undefined),
  imported: () => importedImage(platform),
  carried: () => carriedImage(platform),
});

/* Bun loads no library for nothing */
const anyFunction = { siding_abi_version: functions.siding_abi_version };

function check(native: Native): void {
  const version = native.siding_abi_version();
  if (version !== abiVersion) throw new Error(`its ABI is ${version}`);
  const { call, event, bridgeOptions, poolOptions, stats } = layouts;
  const expected = [call.size, event.size, bridgeOptions.size, poolOptions.size, stats.size, 8];
  const sizes = new Uint32Array(expected.length);
  native.siding_abi_sizes(sizes, sizes.length);
  if (expected.some((size, index) => sizes[index] !== size)) {
    throw new Error(`its records measure ${sizes.join(", ")} bytes, not ${expected.join(", ")}`);
  }
}

function load(path: string, source: Source): Loaded {
  const native = runtime.load(path);
  check(native);
  return { native, path, source };
}

let loaded: Loaded | undefined;

/** The functions of libsiding, and where they came from; loaded and checked once. */
export function loadNative(): Loaded {
  return loaded ??= loadEmbedding(embedding, {
    map: (path) => void runtime.functions(path, anyFunction),
    load,
  });
}
