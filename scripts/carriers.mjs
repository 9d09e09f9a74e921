// @ts-check
/** Renders the modules that stand in the place of src/carrier.ts in packages, and JSR's entries. */

/** @typedef {import("./targets.mjs").Target} Target */

/** @param {string} where */
function head(where) {
  return `/**
 * Where this copy of the package has its libsiding: ${where}. Made by \`scripts/release.mjs\`.
 *
 * @module
 */
import type { NativeImage } from "./native_image.ts";
`;
}

/**
 * For JSR: JSON for each platform, of which one is imported. The import is not literal, because
 * Deno downloads what literal ones name even where it is never imported, and no template either,
 * because bundlers look for what could match it.
 * @param {readonly Target[]} targets
 */
export function renderDataCarrier(targets) {
  const platforms = targets.map(({ platform }) => `  "${platform}",`);
  return `${head("JSON")}
const platforms: readonly string[] = [
${platforms.join("\n")}
];

/** What to do when libsiding cannot be found. */
export function remedy(platform: string): string {
  return platforms.includes(platform)
    ? \`import "@siding/ffi/native/\${platform}" first\`
    : "build it from the sources";
}

/** The library for a platform, such as \`linux-x64-gnu\`, or \`undefined\`. */
export async function carriedImage(platform: string): Promise<NativeImage | undefined> {
  if (!platforms.includes(platform)) return undefined;
  const path: string = \`../native/\${platform}.json\`;
  return (await import(path, { with: { type: "json" } })).default as NativeImage;
}
`;
}

/**
 * For npm: a module for each platform, as every package of bindings has them. The imports are
 * literal, so that a bundler takes them along; what they import is small.
 * @param {readonly Target[]} targets
 */
export function renderModulesCarrier(targets) {
  const imports = targets.map(({ platform }) =>
    `  "${platform}": () => import("../native/${platform}.ts"),`
  );
  return `${head("modules")}
const modules: Readonly<Record<string, () => Promise<{ readonly image: NativeImage }>>> = {
${imports.join("\n")}
};

/** What to do when libsiding cannot be found. */
export function remedy(platform: string): string {
  return \`install @siding/ffi again, with its optional dependency @siding/ffi-\${platform}\`;
}

/** The library for a platform, such as \`linux-x64-gnu\`, or \`undefined\`. */
export async function carriedImage(platform: string): Promise<NativeImage | undefined> {
  return (await modules[platform]?.())?.image;
}
`;
}

/** The entry of JSR's package that programs import the library by. @param {Target} target */
export function renderEntry({ platform }) {
  return `/**
 * libsiding for ${platform}. Made by \`scripts/release.mjs\`.
 *
 * Without it @siding/ffi loads the same when it is imported. Import it before that where nothing
 * can be loaded then: in \`deno compile\`, in bundles, and for programs that must run offline.
 *
 * @module
 */
import { addImage } from "../src/imported_image.ts";
import type { NativeImage } from "../src/native_image.ts";
import packed from "./${platform}.json" with { type: "json" };

/** The library. */
export const image: NativeImage = packed;
addImage("${platform}", image);
`;
}
