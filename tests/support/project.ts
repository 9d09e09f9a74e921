/**
 * A user's folder, with registries and caches that nobody else uses.
 *
 * @module
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { bunPath, root } from "../../scripts/toolchain.mjs";
import { type ChildOptions, expectExit, type Outcome, runCommand, runFile } from "./child.ts";
import { runtimeName } from "./harness.ts";
import { publishToJsr } from "./jsr_registry.ts";
import { publishToNpm } from "./npm_registry.ts";
import { folder as shared, jsrTarball, jsrTree, npmTarballs, versionOf } from "./packages.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { packJsrForNpm, TOOL_MS_MAX } from "./tarball.ts";

/** Texts of files by name. */
export type Files = Readonly<Record<string, string>>;

/** Variables of an environment. */
export type Environment = Readonly<Record<string, string>>;

/** A user's folder. */
export interface Project extends AsyncDisposable {
  readonly folder: string;
  /** JSR's, npm's, and that by which JSR serves package managers of npm. */
  readonly registry: Registry;
  /** Runs a file of it by this runtime. */
  run(name: string, options?: ChildOptions, ...args: readonly string[]): Promise<Outcome>;
  /** Runs a command in it that must end well; gives what it prints. */
  command(command: readonly string[], env?: Environment): Promise<string>;
  /** By it programs find the registries, and caches of the project's own. */
  readonly env: Environment;
}

let projects = 0;

/** Makes a folder of a user who has installed nothing yet. */
export async function startProject(files: Files): Promise<Project> {
  const folder = join(shared, `project${projects++}`);
  const registry = await startRegistry();
  const { url } = registry;
  const npmrc = `registry=${url}/\n@jsr:registry=${url}/\n`;
  for (const [name, text] of Object.entries({ ".npmrc": npmrc, ...files })) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const env = {
    DENO_DIR: join(folder, "deno-cache"),
    JSR_URL: url,
    BUN_INSTALL_CACHE_DIR: join(folder, "bun-cache"),
    NO_PROXY: "127.0.0.1",
  };
  return {
    folder,
    registry,
    run: (name, options = {}, ...args) =>
      runFile(join(folder, name), args, {
        cwd: folder,
        ...options,
        env: { ...env, ...options.env },
      }),
    env,
    command: async ([program = "", ...args], more = {}) => {
      const options = { cwd: folder, env: { ...env, ...more }, timeoutMs: TOOL_MS_MAX };
      const outcome = await runCommand(program, args, options);
      expectExit(outcome, 0);
      return outcome.stdout;
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/**
 * A project that has the package from JSR. The change is made before Deno gets it, which compares
 * hashes, and where Bun has it installed.
 */
export async function jsrProject(
  files: Files,
  change: (folder: string) => void = () => {},
): Promise<Project> {
  const project = await startProject(files);
  if (runtimeName === "deno") {
    const tree = jsrTree();
    change(tree);
    await publishJsrTrees(project, { "@siding/ffi": tree });
  } else {
    const tarball = await jsrTarball();
    publishToNpm(project.registry, [tarball]);
    await project.command([bunPath(), "add", `@siding/ffi@npm:${tarball.manifest.name}`]);
    change(join(project.folder, "node_modules", "@siding", "ffi"));
  }
  return project;
}

/** Publishes versions of the package, and has the project import each by a name of its own. */
export async function publishJsrTrees(
  { folder, registry, command }: Project,
  trees: Readonly<Record<string, string>>,
): Promise<void> {
  const folders = Object.values(trees);
  const requests = Object.entries(trees).map(([name, tree]) => [name, versionOf(tree)] as const);
  if (runtimeName === "deno") {
    publishToJsr(registry, folders);
    const imports = requests.map(([name, version]) => [name, `jsr:@siding/ffi@${version}`]);
    const config = JSON.stringify({ imports: Object.fromEntries(imports) });
    return writeFileSync(join(folder, "deno.json"), config);
  }
  publishToNpm(registry, await Promise.all(folders.map((tree) => packJsrForNpm(tree))));
  const added = requests.map(([name, version]) => `${name}@npm:@jsr/siding__ffi@${version}`);
  await command([bunPath(), "add", ...added]);
}

/** A project for which the packages come from npm. */
export async function npmProject(files: Files): Promise<Project> {
  const project = await startProject(files);
  for (const tarball of await npmTarballs()) publishToNpm(project.registry, [tarball]);
  return project;
}

/** A project that has this checkout for the package. */
export async function checkoutProject(files: Files): Promise<Project> {
  const imports = { "@siding/ffi": pathToFileURL(join(root, "mod.ts")).href };
  const project = await startProject({ "deno.json": JSON.stringify({ imports }), ...files });
  const scope = join(project.folder, "node_modules", "@siding");
  mkdirSync(scope, { recursive: true });
  symlinkSync(root, join(scope, "ffi"));
  return project;
}
