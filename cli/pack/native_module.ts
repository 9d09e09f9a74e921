/**
 * Modules that carry a library: `native/<platform>.ts` with the library in it, and, for npm, a
 * module of the same name that finds it in the package of the platform.
 *
 * @module
 */
import type { PackedLibrary } from "./library.ts";
import { packLz4 } from "./lz4.ts";

/** Source of the module that has the library in it. */
export function renderModule(
  packageName: string,
  { target, image, name, isNamed }: PackedLibrary,
): string {
  return `/**
 * The library of ${packageName} for ${target.platform}. Made by \`siding pack\`.
 *
 * @module
 */

/** The library. */
export const image: {
  readonly name: string;
  readonly isNamed: boolean;
  readonly size: number;
  readonly packed: string;
} = {
  name: "${name}",
  isNamed: ${isNamed},
  size: ${image.length},
  packed: "${packLz4(image).toBase64()}",
};
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
