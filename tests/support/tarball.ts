/**
 * Packages packed as the tools that publish them do it.
 *
 * @module
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bunPath, denoPath } from "../../scripts/toolchain.mjs";
import { expectExit, type Outcome, runCommand } from "./child.ts";

/** Longest time for the tools of packages, which may check types. */
export const TOOL_MS_MAX = 300_000;

/** What a package says of itself. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** A package of npm, packed. */
export interface Tarball {
  readonly path: string;
  readonly manifest: Manifest;
}

/** Packs a package of npm; the tarball comes beside its folder. */
export async function packNpm(folder: string): Promise<Tarball> {
  const manifest = readManifest(join(folder, "package.json"));
  const path = `${folder}.tgz`;
  await must(bunPath(), ["pm", "pack", "--quiet", "--filename", path], folder);
  return { path, manifest };
}

/**
 * Packs a package of JSR as JSR offers it to package managers of npm; `env`: where the packages of
 * JSR are that it imports.
 */
export async function packJsrForNpm(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Tarball> {
  const { name, ...rest } = readManifest(join(folder, "deno.json"));
  const manifest = { ...rest, name: `@jsr/${name.slice(1).replace("/", "__")}` };
  const copy = `${folder}-for-npm`;
  cpSync(folder, copy, { recursive: true });
  writeFileSync(join(copy, "deno.json"), JSON.stringify(manifest));
  const path = `${copy}.tgz`;
  await must(denoPath(), ["pack", "--allow-slow-types", "--quiet", "-o", path], copy, env);
  /* its dependencies too, as the package has them that was made */
  const { stdout } = await must("tar", ["-xOzf", path, "package/package.json"], copy);
  return { path, manifest: JSON.parse(stdout) as Manifest };
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}

async function must(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const outcome = await runCommand(program, args, { cwd, env, timeoutMs: TOOL_MS_MAX });
  expectExit(outcome, 0);
  return outcome;
}
