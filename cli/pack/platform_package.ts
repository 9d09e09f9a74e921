/**
 * The package for npm with the library of one platform.
 *
 * @module
 */
import type { PackedLibrary } from "./library.ts";

/** What it has in common with the package that it belongs to. */
export interface PackageIdentity {
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
}

/** Its files with their content, by name. */
export function platformPackage(
  identity: PackageIdentity,
  library: PackedLibrary,
): Readonly<Record<string, string | Uint8Array>> {
  return {
    "package.json": `${JSON.stringify(manifest(identity, library), null, 2)}\n`,
    "index.js": renderEntry(library),
    "bun.js": renderBunEntry(library),
    [library.file]: library.image,
  };
}

function manifest(
  { name, version, license }: PackageIdentity,
  { target, file }: PackedLibrary,
): Readonly<Record<string, unknown>> {
  return {
    name: `${name}-${target.platform}`,
    version,
    description: `The library of ${name} for ${target.platform}`,
    ...license === undefined ? {} : { license },
    ...target.machine,
    type: "module",
    exports: { ".": { bun: "./bun.js", default: "./index.js" } },
    files: ["index.js", "bun.js", file],
  };
}

function renderEntry({ file, name, isNamed }: PackedLibrary): string {
  return `export const image = {
  name: "${name}",
  isNamed: ${isNamed},
  file: new URL("./${file}", import.meta.url).href,
};
`;
}

/* Bun's bundler takes along what is imported as a file, and names it from where the bundle is. */
function renderBunEntry({ file, name, isNamed }: PackedLibrary): string {
  return `import { pathToFileURL } from "node:url";
import path from "./${file}" with { type: "file" };

const url = path.startsWith(".") ? new URL(path, import.meta.url) : pathToFileURL(path);
export const image = { name: "${name}", isNamed: ${isNamed}, file: url.href };
`;
}
