// @ts-check
/** Renders the module that stands in the place of src/carrier.ts in packages. */

/** @typedef {import("./targets.mjs").Target} Target */

/**
 * A module for each platform, of which one is imported. The imports are literal, because others
 * need a permission in Deno, and are not there offline, in a bundle or in an executable.
 * @param {readonly Target[]} targets
 * @param {string} remedy what to do when libsiding cannot be loaded; it may name \`platform\`
 */
export function renderModulesCarrier(targets, remedy) {
  const imports = targets.map(({ platform }) =>
    `  "${platform}": () => import("../native/${platform}.ts"),`
  );
  return `/**
 * Where this copy of the package has its libsiding: modules. Made by \`scripts/release.mjs\`.
 *
 * @module
 */
import type { NativeImage } from "./native_image.ts";

const modules: Readonly<Record<string, () => Promise<{ readonly image: NativeImage }>>> = {
${imports.join("\n")}
};

/** What to do when libsiding cannot be loaded. */
export function remedy(platform: string): string {
  return \`${remedy}\`;
}

/** The library for a platform, such as \`linux-x64-gnu\`, or \`undefined\`. */
export async function carriedImage(platform: string): Promise<NativeImage | undefined> {
  return (await modules[platform]?.())?.image;
}
`;
}
