/**
 * The package of bindings in `examples/author`: built by its own script, and in projects of its
 * users.
 *
 * @module
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bunPath, root, tscPath, zigPath } from "../../scripts/toolchain.mjs";
import { runtimeName } from "./harness.ts";
import { publishToJsr } from "./jsr_registry.ts";
import { publishToNpm } from "./npm_registry.ts";
import { jsrTarball, jsrTree } from "./packages.ts";
import { type Files, npmProject, type Project, startProject } from "./project.ts";
import { packJsrForNpm, packNpm, type Tarball } from "./tarball.ts";

let built: Promise<string> | undefined;

/** Where it was built, for every target. */
export function authorFolder(): Promise<string> {
  return built ??= build();
}

async function build(): Promise<string> {
  await using project = await npmProject({});
  publishToJsr(project.registry, [jsrTree()]);
  cpSync(join(root, "examples", "author"), project.folder, { recursive: true });
  await project.command([bunPath(), "install"]);
  const flags = runtimeName === "deno" ? ["run", "-A"] : [];
  const compilers = { ZIG: zigPath(), TSC: tscPath() };
  await project.command([process.execPath, ...flags, "build.ts"], compilers);
  writeJsr(project.folder);
  return project.folder;
}

/* What is published there, as `deno publish` does it: modules have no import map in JSR. */
function writeJsr(folder: string): void {
  const text = readFileSync(join(folder, "deno.json"), "utf8");
  const { imports, publish } = JSON.parse(text) as {
    readonly imports: Readonly<Record<string, string>>;
    readonly publish: { readonly include: readonly string[] };
  };
  const jsr = join(folder, "jsr");
  for (const name of ["deno.json", ...publish.include]) {
    cpSync(join(folder, name), join(jsr, name), { recursive: true });
  }
  const path = join(jsr, "mod.ts");
  const unfurled = readFileSync(path, "utf8")
    .replace(/(?<= from ")[^"]+/, (name) => imports[name]!);
  writeFileSync(path, unfurled);
}

let jsrForNpm: Promise<Tarball> | undefined;

/** A project of a user who has it from JSR. */
export async function userOfJsr(files: Files): Promise<Project> {
  const folder = join(await authorFolder(), "jsr");
  const project = await startProject(files);
  const { registry, env } = project;
  publishToJsr(registry, [jsrTree()]);
  if (runtimeName === "deno") {
    publishToJsr(registry, [folder]);
    const imports = { "@example/checksum": "jsr:@example/checksum@^1.0.0" };
    writeFileSync(join(project.folder, "deno.json"), JSON.stringify({ imports }));
  } else {
    publishToNpm(registry, [await jsrTarball()]);
    publishToNpm(registry, [await (jsrForNpm ??= packJsrForNpm(folder, env))]);
    await project.command([bunPath(), "add", "@example/checksum@npm:@jsr/example__checksum"]);
  }
  return project;
}

let tarballs: Promise<readonly Tarball[]> | undefined;

async function packAll(): Promise<readonly Tarball[]> {
  const npm = join(await authorFolder(), "npm");
  const names = readdirSync(npm).filter((name) => name.startsWith("checksum"));
  return await Promise.all(names.map((name) => packNpm(join(npm, name))));
}

/** A project of a user who has it from npm, installed with these flags. */
export async function userOfNpm(files: Files, ...flags: readonly string[]): Promise<Project> {
  tarballs ??= packAll();
  const project = await npmProject(files);
  for (const tarball of await tarballs) publishToNpm(project.registry, [tarball]);
  await project.command([bunPath(), "add", ...flags, "@example/checksum"]);
  return project;
}
