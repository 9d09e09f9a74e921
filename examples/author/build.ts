// Builds the library for every target, and of it the packages for JSR (this folder, with native/)
// and for npm (below npm/). ZIG and TSC: where the compilers are.
//
//   bun build.ts      deno run -A build.ts
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pack } from "@siding/ffi/pack";

const { ZIG: zig = "zig", TSC: tsc = "tsc" } = process.env;

const targets = {
  "linux-x64-gnu": ["x86_64-linux-gnu.2.28", "libchecksum.so"],
  "linux-arm64-gnu": ["aarch64-linux-gnu.2.28", "libchecksum.so"],
  "linux-x64-musl": ["x86_64-linux-musl", "libchecksum.so"],
  "linux-arm64-musl": ["aarch64-linux-musl", "libchecksum.so"],
  "windows-x64": ["x86_64-windows-gnu", "checksum.dll"],
  "windows-arm64": ["aarch64-windows-gnu", "checksum.dll"],
  "darwin-x64": ["x86_64-macos", "libchecksum.dylib"],
  "darwin-arm64": ["aarch64-macos", "libchecksum.dylib"],
} as const;

const platforms = Object.keys(targets) as (keyof typeof targets)[];

/** Builds the library for a platform; gives its path. */
function buildLibrary(platform: keyof typeof targets): string {
  const [triple, file] = targets[platform];
  const path = `build/${platform}/${file}`;
  mkdirSync(`build/${platform}`, { recursive: true });
  /* siding pack puts a hash of the content in the place of the zeros */
  const named = file.endsWith(".so") ? ["-Wl,-soname,libchecksum-0000000000000000.so"] : [];
  const flags = ["-shared", "-O2", "-s", "-fvisibility=hidden", ...named];
  execFileSync(zig, ["cc", "-target", triple, ...flags, "-o", path, "checksum.c"]);
  return path;
}

/** Makes npm's package; its modules of native/ find the packages of the platforms. */
function compileForNpm(): void {
  const folder = "npm/checksum";
  execFileSync(tsc, [
    ...["--outDir", folder, "--declaration", "--rewriteRelativeImportExtensions"],
    ...["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"],
    ...["--skipLibCheck", "--ignoreConfig", "mod.ts"],
  ], { stdio: "inherit" });
  rmSync(`${folder}/native`, { recursive: true });
  cpSync("npm/native", `${folder}/native`, { recursive: true });
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const packages = platforms.map((platform) => [`${manifest.name}-${platform}`, manifest.version]);
  manifest.optionalDependencies = Object.fromEntries(packages);
  writeFileSync(`${folder}/package.json`, JSON.stringify(manifest, null, 2));
}

const libraries = platforms.flatMap((platform) => ["--target", platform, buildLibrary(platform)]);
process.exitCode = await pack(libraries);
if (process.exitCode === 0) compileForNpm();
