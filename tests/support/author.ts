/**
 * The package of bindings in `examples/author`: built by its own script, and in projects of its
 * users.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { tscPath, zigPath } from "../../scripts/toolchain.mjs";
import { runtimeName } from "./harness.ts";
import { jsrProject, npmProject, platform } from "./packages.ts";

const sample = fileURLToPath(new URL("../../examples/author", import.meta.url));

let built: string | undefined;

/** Where it was built, for every target. */
export function authorFolder(): string {
  if (built !== undefined) return built;
  const project = npmProject({});
  cpSync(sample, project, { recursive: true });
  if (runtimeName === "deno") {
    cpSync(join(jsrProject({}), "ffi"), join(project, "ffi"), { recursive: true });
    installJsr(project, ["ffi"]);
  }
  const flags = runtimeName === "deno" ? ["run", "-A", "--no-check"] : [];
  execFileSync(process.execPath, [...flags, "build.ts"], {
    cwd: project,
    env: { ...process.env, ZIG: zigPath(), TSC: tscPath() },
    stdio: "pipe",
  });
  return built = project;
}

/** A project of a user who has it from JSR. */
export function userOfJsr(files: Readonly<Record<string, string>>): string {
  const project = jsrProject(files);
  for (const name of ["mod.ts", "native", "deno.json"]) {
    cpSync(join(authorFolder(), name), join(project, "checksum", name), { recursive: true });
  }
  installJsr(project, ["ffi", "checksum"]);
  return project;
}

/** A project of a user who has these packages of it from npm. */
export function userOfNpm(
  files: Readonly<Record<string, string>>,
  names: readonly string[] = ["checksum", `checksum-${platform}`],
): string {
  const project = npmProject(files);
  for (const name of names) {
    const to = join(project, "node_modules", "@example", name);
    cpSync(join(authorFolder(), "npm", name), to, { recursive: true });
  }
  return project;
}

interface JsrManifest {
  readonly name: string;
  readonly exports: string | Readonly<Record<string, string>>;
}

/* For Deno by an import map; for Bun, which has JSR's packages from npm, below node_modules. */
function installJsr(project: string, folders: readonly string[]): void {
  const imports: Record<string, string> = {};
  for (const folder of folders) {
    const path = join(project, folder, "deno.json");
    const { name, exports } = JSON.parse(readFileSync(path, "utf8")) as JsrManifest;
    rmSync(path); // its own import map would hold in its folder
    const entries = typeof exports === "string" ? { ".": exports } : exports;
    for (const [entry, file] of Object.entries(entries)) {
      imports[name + entry.slice(1)] = `./${join(folder, file)}`;
    }
    if (runtimeName === "deno") continue;
    const installed = join(project, "node_modules", name);
    cpSync(join(project, folder), installed, { recursive: true });
    writeFileSync(join(installed, "package.json"), JSON.stringify({ name, exports: entries }));
  }
  if (runtimeName !== "deno") return;
  const path = join(project, "deno.json");
  const own = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  writeFileSync(path, JSON.stringify({ ...own, imports }));
}
