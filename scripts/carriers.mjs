// @ts-check
/** Renders the modules that stand in the place of src/carrier.ts in packages. */

/** @typedef {import("./pack.mjs").Target} Target */

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
 * For JSR: a module for each platform, of which one is imported. The imports are literal, because
 * others need a permission in Deno, and are not there offline, in a bundle or in an executable.
 * @param {readonly Target[]} targets
 */
export function renderModulesCarrier(targets) {
  const imports = targets.map(({ platform }) =>
    `  "${platform}": () => import("../native/${platform}.ts"),`
  );
  return `${head("modules", 'import type { NativeImage } from "./native_image.ts";\n')}
const modules: Readonly<Record<string, () => Promise<{ readonly image: NativeImage }>>> = {
${imports.join("\n")}
};

/** What to do when libsiding cannot be loaded. */
export function remedy(_platform: string): string {
  return "update @siding/ffi";
}

/** The library for a platform, such as \`linux-x64-gnu\`, or \`undefined\`. */
export async function carriedImage(platform: string): Promise<NativeImage | undefined> {
  return (await modules[platform]?.())?.image;
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

export async function carriedImage(platform) {
  const name = files[platform];
  if (name === undefined) return undefined;
  const file = import.meta.resolve(\`${scope}\${platform}/\${name}\`);
  return { name, isNamed: false, file };
}
`;
}

/**
 * For Bun: literal imports of files, which its bundler takes along. It drops the branches of other
 * systems, and leaves to run time what is not installed.
 * @param {string} scope @param {readonly Target[]} targets
 */
export function renderFilesCarrier(scope, targets) {
  const branches = targets.map(({ platform, file, machine }) => {
    const [, cpu] = platform.split("-");
    return `  if (process.platform === "${machine.os}" && process.arch === "${cpu}") {
    if (platform === "${platform}") {
      try {
        return imageOf(await import("${scope}${platform}/${file}", { with: { type: "file" } }));
      } catch (error) {
        throw new Error('Cannot find "${scope}${platform}"', { cause: error });
      }
    }
  }
`;
  });
  return `${head("a package for the platform, as a file", "")}
${packagesRemedy}
export async function carriedImage(platform) {
${branches.join("")}  return undefined;
}

/* what Bun bundles it names from where the bundle is */
function imageOf({ default: path }) {
  const file = path.startsWith(".") ? new URL(path, import.meta.url) : Bun.pathToFileURL(path);
  return { name: path.split("/").pop(), isNamed: false, file: file.href };
}
`;
}
