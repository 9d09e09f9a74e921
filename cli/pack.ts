/**
 * Packs the C library of a package of bindings: `deno run -RW jsr:@siding/ffi/pack`,
 * `bunx @siding/ffi pack`. For each target it writes a module with the library in it, which
 * `embedded` of `@siding/ffi` takes, and a package for npm.
 *
 * @example
 * ```ts ignore
 * import { pack } from "@siding/ffi/pack";
 *
 * await pack(["--name", "zebra", "--target", "linux-x64-gnu", "build/libzebra.so"]);
 * ```
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type PackedLibrary, readLibrary } from "./pack/library.ts";
import { renderData, renderModule, renderReference } from "./pack/native_module.ts";
import { type PackageIdentity, platformPackage } from "./pack/platform_package.ts";
import { platforms, targetOf } from "./pack/target.ts";

const usage = `usage: siding pack --target TARGET FILE [--target TARGET FILE]...
                   [--name NAME] [--version VERSION] [--out FOLDER]

Writes for each target, below FOLDER (the current one):
  native/TARGET.ts      a module for embedded(), with the library in TARGET.json beside it
  npm/NAME-TARGET/      the library in a package of npm
  npm/native/TARGET.js  what is native/TARGET.ts in the package NAME of npm

NAME, VERSION and the license are those of ./package.json unless given.
TARGET: ${platforms.join(", ")}
exit code: 0 packed, 1 a file cannot be packed, 2 wrong arguments`;

const parseOptions = {
  allowPositionals: true,
  options: {
    target: { type: "string", multiple: true },
    name: { type: "string" },
    version: { type: "string" },
    out: { type: "string" },
    help: { type: "boolean" },
  },
} as const;

interface Job {
  readonly identity: PackageIdentity;
  readonly out: string;
  readonly libraries: readonly (readonly [target: string, path: string])[];
}

/**
 * Does what the command line says, prints what it wrote, and gives the exit code: 0 where all is
 * packed, 1 where a file cannot be, 2 for wrong arguments. Rejects with nothing.
 */
export function pack(args: readonly string[]): Promise<number> {
  return Promise.resolve(run(args));
}

function run(args: readonly string[]): number {
  let job: Job | undefined;
  try {
    job = jobOf(args);
  } catch (error) {
    console.error(`siding pack: ${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (job === undefined) {
    console.log(usage);
    return 0;
  }
  const outcomes = job.libraries.map(([target, path]) => packOne(job, target, path));
  if (outcomes.includes(false)) return 1;
  printDependencies(job);
  return 0;
}

/* What is to be done, or nothing where help is asked for; throws for wrong arguments. */
function jobOf(args: readonly string[]): Job | undefined {
  const { values, positionals } = parseArgs({ ...parseOptions, args: [...args] });
  if (values.help === true) return undefined;
  const targets = values.target ?? [];
  if (targets.length === 0) throw new Error("no --target is given");
  if (new Set(targets).size < targets.length) throw new Error("a target is given twice");
  if (targets.length !== positionals.length) {
    throw new Error(`${targets.length} targets and ${positionals.length} files are given`);
  }
  targets.forEach(targetOf);
  const own = ownManifest();
  const { name = own.name, version = own.version } = values;
  if (name === undefined || !/^(@[\w.~-]+\/)?[\w.~-]+$/.test(name)) {
    throw new Error(`--name is missing, or no name of a package: "${name ?? ""}"`);
  }
  if (version === undefined) throw new Error("--version is missing");
  return {
    identity: { name, version, license: own.license },
    out: values.out ?? ".",
    libraries: targets.map((target, index) => [target, positionals[index]!]),
  };
}

function ownManifest(): Partial<PackageIdentity> {
  return existsSync("package.json") ? JSON.parse(readFileSync("package.json", "utf8")) : {};
}

function packOne({ identity, out }: Job, platform: string, path: string): boolean {
  try {
    const library = readLibrary(targetOf(platform), path);
    const data = renderData(library);
    write(join(out, "native", `${platform}.json`), data);
    write(join(out, "native", `${platform}.ts`), renderModule(identity.name, library));
    write(join(out, "npm", "native", `${platform}.js`), renderReference(identity.name, library));
    writePackage(join(out, "npm", folderOf(identity.name, platform)), identity, library);
    console.log(`${platform}: ${library.name}, ${kib(library.image)}, packed ${kib(data)}`);
    if (library.target.libc === "gnu" && !library.isNamed) warnOfName(platform, library.file);
    return true;
  } catch (error) {
    console.error(`siding pack: Cannot pack "${path}": ${(error as Error).message}`);
    return false;
  }
}

function writePackage(folder: string, identity: PackageIdentity, library: PackedLibrary): void {
  for (const [name, content] of Object.entries(platformPackage(identity, library))) {
    write(join(folder, name), content);
  }
  if (existsSync("LICENSE")) write(join(folder, "LICENSE"), readFileSync("LICENSE"));
}

function warnOfName(platform: string, file: string): void {
  const stem = file.split(".", 1)[0];
  console.warn(
    `${platform}: each JavaScript thread that loads it from memory has an image of its own, ` +
      `for its soname has no place for a hash: link with -Wl,-soname,${stem}-${"0".repeat(16)}.so`,
  );
}

function printDependencies({ identity: { name, version }, libraries }: Job): void {
  const packages = libraries.map(([platform]) => [`${name}-${platform}`, version]);
  const dependencies = JSON.stringify(Object.fromEntries(packages), null, 2);
  console.log(`package.json of ${name} needs: "optionalDependencies": ${dependencies}`);
}

function folderOf(name: string, platform: string): string {
  return `${name.split("/").at(-1)}-${platform}`;
}

function kib({ length }: { readonly length: number }): string {
  return `${(length / 1024).toFixed(1)} KiB`;
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

if (import.meta.main) process.exit(await pack(process.argv.slice(2)));
