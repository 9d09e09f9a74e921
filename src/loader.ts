/**
 * Finds, loads and checks libsiding.
 *
 * @module
 */
import { SidingError } from "./errors.ts";
import { abiVersion, layouts } from "./generated/siding.ts";
import { runtime } from "./runtime/current.ts";
import type { Native } from "./runtime/runtime.ts";

const fileNames = { linux: "libsiding.so", darwin: "libsiding.dylib", windows: "siding.dll" };

function candidatePath(): string {
  const chosen = runtime.environment("SIDING_LIBRARY");
  if (chosen !== undefined && chosen !== "") return chosen;
  const url = new URL(`../zig-out/lib/${fileNames[runtime.system]}`, import.meta.url);
  const path = decodeURIComponent(url.pathname);
  return runtime.system === "windows" ? path.slice(1) : path;
}

function unusable(path: string, reason: string, cause?: unknown): SidingError {
  const wanted = `libsiding for ${runtime.system} ${runtime.architecture}, ABI ${abiVersion}`;
  const remedy = "build it with `npm run build`, or set SIDING_LIBRARY to its path";
  const message = `Cannot load ${wanted} from "${path}": ${reason}; ${remedy}`;
  return new SidingError("ERR_SIDING_NATIVE", message, { cause });
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

function open(path: string): Native {
  const flag = runtime.missingPermission(path);
  if (flag !== null) {
    const message = `Cannot load libsiding from "${path}": add ${flag}`;
    throw new SidingError("ERR_SIDING_PERMISSION", message);
  }
  try {
    return runtime.load(path);
  } catch (error) {
    throw unusable(path, oneLine(error), error);
  }
}

function check(native: Native, path: string): void {
  const version = native.siding_abi_version();
  if (version !== abiVersion) throw unusable(path, `its ABI is ${version}`);
  const { call, event, bridgeOptions, poolOptions, stats } = layouts;
  const expected = [call.size, event.size, bridgeOptions.size, poolOptions.size, stats.size, 8];
  const sizes = new Uint32Array(expected.length);
  native.siding_abi_sizes(sizes, sizes.length);
  if (expected.some((size, index) => sizes[index] !== size)) {
    throw unusable(
      path,
      `its records measure ${sizes.join(", ")} bytes, not ${expected.join(", ")}`,
    );
  }
}

let loaded: { readonly native: Native; readonly path: string } | undefined;

/** The functions of libsiding, and where they came from; loaded and checked once. */
export function loadNative(): { readonly native: Native; readonly path: string } {
  if (loaded === undefined) {
    const path = candidatePath();
    const native = open(path);
    check(native, path);
    loaded = { native, path };
  }
  return loaded;
}
