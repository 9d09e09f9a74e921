// @ts-check
/** Renders the modules that stand in the place of src/carrier.ts in packages. */

/**
 * @typedef {import("./pack.mjs").PackedLibrary} PackedLibrary
 * @typedef {import("./pack.mjs").Target} Target
 */

/** @param {string} where @param {string} imports */
function head(where, imports) {
  return `/**
 * Where this copy of the package has its libsiding: ${where}.
 * Made by \`scripts/release.mjs\`.
 *
 * @module
 */
${imports}`;
}

/**
 * For JSR: JSON for each platform, of which one is imported. The import is not literal, because
 * Deno downloads what literal ones name even where it is never imported, and no template either,
 * because bundlers look for what could match it.
 * @param {readonly Target[]} targets
 */
export function renderModulesCarrier(targets) {
  const platforms = targets.map(({ platform }) => `  "${platform}",`);
  return `${head("JSON", 'import type { NativeImage } from "./native_image.ts";\n')}
const platforms: readonly string[] = [
${platforms.join("\n")}
];

/** What to do when libsiding cannot be found. */
export function remedy(platform: string): string {
  return platforms.includes(platform)
    ? \`import "@siding/ffi/native/\${platform}" first\`
    : "build it from the sources";
}

/** Path of the library for a platform, such as \`linux-x64-gnu\`, or \`undefined\`. */
export function carriedPath(_platform: string): Promise<string | undefined> {
  return Promise.resolve(undefined);
}

/** The library for a platform, or \`undefined\`. */
export async function carriedImage(platform: string): Promise<NativeImage | undefined> {
  if (!platforms.includes(platform)) return undefined;
  const path: string = \`../native/\${platform}.json\`;
  return (await import(path, { with: { type: "json" } })).default as NativeImage;
}
`;
}

const packagesRemedy = `export function remedy(platform) {
  return \`install @siding/ffi again, with its optional dependency @siding/ffi-\${platform}\`;
}
`;

/**
 * For npm: the path of the library in the package of this platform.
 * @param {string} scope how names of those packages begin @param {readonly Target[]} targets
 */
export function renderPackagesCarrier(scope, targets) {
  const files = targets.map(({ platform, file }) => `  "${platform}": "${file}",`);
  return `${head("a package for the platform", "")}
${packagesRemedy}
const files = {
${files.join("\n")}
};

export async function carriedPath(platform) {
  const file = files[platform];
  if (file === undefined) return undefined;
  const { pathname } = new URL(import.meta.resolve(\`${scope}\${platform}/\${file}\`));
  const path = decodeURIComponent(pathname);
  return platform.startsWith("windows") ? path.slice(1) : path;
}

export async function carriedImage(_platform) {
  return undefined;
}
`;
}

/**
 * For Bun: literal imports of files, which its bundler takes along. It drops the branches of other
 * systems, and leaves to run time what is not installed. What a single executable has inside Bun
 * would write into a folder for temporary files: on Linux it is loaded from memory instead.
 * @param {string} scope @param {readonly PackedLibrary[]} libraries
 */
export function renderFilesCarrier(scope, libraries) {
  const branches = libraries.map(({ target: { platform, file, machine } }) => {
    const [, cpu] = platform.split("-");
    return `  if (process.platform === "${machine.os}" && process.arch === "${cpu}") {
    if (platform === "${platform}") {
      try {
        return pathOf(await import("${scope}${platform}/${file}", { with: { type: "file" } }));
      } catch (error) {
        throw new Error('Cannot find "${scope}${platform}"', { cause: error });
      }
    }
  }
`;
  });
  const names = libraries.filter(({ target }) => target.platform.startsWith("linux"))
    .map(({ target, name }) => `  "${target.platform}": "${name}",`);
  return `${head("a package for the platform, as a file", "")}
${packagesRemedy}
export async function carriedPath(platform) {
  const file = await findFile(platform);
  return isInside(file, platform) ? undefined : file;
}

export async function carriedImage(platform) {
  const file = await findFile(platform);
  if (!isInside(file, platform)) return undefined;
  return { name: names[platform], bytes: await Bun.file(file).bytes() };
}

async function findFile(platform) {
${branches.join("")}  return undefined;
}

/* what Bun bundles it names from where the bundle is */
function pathOf({ default: file }) {
  return file.startsWith(".") ? Bun.fileURLToPath(new URL(file, import.meta.url)) : file;
}

const names = {
${names.join("\n")}
};

/* by this path an executable knows what is inside itself */
function isInside(file, platform) {
  return file !== undefined && file.startsWith("/$bunfs/") && platform in names;
}
`;
}
