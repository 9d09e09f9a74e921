/**
 * The packages as users get them, with the library of this machine's platform alone.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeName } from "./harness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "siding-packages-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let made = false;
let projects = 0;

function packages(): string {
  if (made) return folder;
  const flags = runtimeName === "deno" ? ["run", "-A"] : [];
  const args = [...flags, "scripts/packages_here.mjs", folder];
  execFileSync(process.execPath, args, { cwd: root, stdio: "pipe" });
  made = true;
  return folder;
}

/** A folder with files of a user's own. */
export function makeProject(files: Readonly<Record<string, string>>): string {
  const project = join(folder, `project${projects++}`);
  for (const [name, text] of Object.entries(files)) {
    const path = join(project, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return project;
}

/** A project with the package for JSR below `ffi`. */
export function jsrProject(files: Readonly<Record<string, string>>): string {
  const jsr = join(packages(), "jsr");
  const project = makeProject(files);
  cpSync(jsr, join(project, "ffi"), { recursive: true });
  return project;
}

/** A project with these packages for npm installed. */
export function npmProject(
  files: Readonly<Record<string, string>>,
  names: readonly string[] = ["ffi", `ffi-${platform}`],
): string {
  const npm = join(packages(), "npm");
  const manifest = JSON.stringify({ type: "module", dependencies: { "@siding/ffi": "*" } });
  const project = makeProject({ "package.json": manifest, ...files });
  for (const name of names) {
    const to = join(project, "node_modules", "@siding", name);
    cpSync(join(npm, name), to, { recursive: true });
  }
  return project;
}

/** This platform in the names of modules and packages; tests run on no other system. */
export const platform: string = `linux-${process.arch}-gnu`;
