/**
 * Modules that carry a library: `native/<platform>.ts`, which has it from JSON beside it, and, for
 * npm, a module of the same name that finds it in the package of the platform.
 *
 * @module
 */
import type { PackedImage } from "../../src/native_image.ts";
import type { PackedLibrary } from "./library.ts";
import { packLz4 } from "./lz4.ts";

/** The library as JSON, which runtimes read faster than a module. */
export function renderData({ image, name, isNamed }: PackedLibrary): string {
  const packed = packLz4(image).toBase64();
  return `${JSON.stringify({ name, isNamed, size: image.length, packed } satisfies PackedImage)}\n`;
}

/** Source of the module that has it from there. */
export function renderModule(packageName: string, { target }: PackedLibrary): string {
  return `/**
 * The library of ${packageName} for ${target.platform}. Made by \`siding pack\`.
 *
 * @module
 */
import packed from "./${target.platform}.json" with { type: "json" };

/** The library. */
export const image: {
  readonly name: string;
  readonly isNamed: boolean;
  readonly size: number;
  readonly packed: string;
} = packed;
`;
}

/**
 * Source of the module that has it from a package. The import is literal and may fail, so that a
 * bundler takes along what is installed and leaves the rest to run time.
 */
export function renderReference(packageName: string, { target }: PackedLibrary): string {
  const from = `${packageName}-${target.platform}`;
  return `/**
 * The library of ${packageName} for ${target.platform}. Made by \`siding pack\`.
 *
 * @module
 */
let found;
try {
  found = await import("${from}");
} catch (cause) {
  throw new Error('Cannot import "${from}"', { cause });
}

/** The library. */
export const { image } = found;
`;
}
