// @ts-check
/**
 * Optional tools that do not come with `npm ci`. On Debian and its relatives, as root, the missing
 * ones are installed; elsewhere they stay missing and what needs them is skipped and counted.
 *
 *   node scripts/tools.mjs
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { root } from "./toolchain.mjs";

const installMsMax = 300_000;
const muslLoader = `/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;

/** Where `platforms.mjs` unpacks a newer one: that of Debian 12 has no preadv2. */
export const newerQemu = join(root, "build", "qemu");

/**
 * @typedef {object} Tool
 * @property {string} package
 * @property {() => string | undefined} find what to run, or where it is
 */

/** @type {Readonly<Record<string, Tool>>} */
const tools = {
  "clang-format": { package: "clang-format-19", find: () => llvm("clang-format") },
  "clang-tidy": { package: "clang-tidy-19", find: () => llvm("clang-tidy") },
  "clang": { package: "clang-19", find: () => llvm("clang") },
  "fuzzer": { package: "libclang-rt-19-dev", find: () => fuzzer() },
  "spin": { package: "spin", find: () => program("spin") },
  "qemu": { package: "qemu-user", find: () => ownQemu() ?? program("qemu-aarch64") },
  "musl": { package: "musl", find: () => [muslLoader].find(existsSync) },
  "wine": { package: "wine64", find: () => ["/usr/lib/wine/wine64"].find(existsSync) },
  "gcc": { package: "gcc", find: () => program("gcc") },
  "libffi": { package: "libffi-dev", find: () => header("ffi.h") },
  "sqlite": { package: "libsqlite3-0", find: () => sharedLibrary("libsqlite3.so.0") },
  "sqlite headers": { package: "libsqlite3-dev", find: () => header("sqlite3.h") },
  "curl": { package: "libcurl4", find: () => sharedLibrary("libcurl.so.4") },
  "glib": { package: "libglib2.0-0", find: () => sharedLibrary("libglib-2.0.so.0") },
  "libevent": {
    package: "libevent-pthreads-2.1-7",
    find: () => sharedLibrary("libevent_pthreads-2.1.so.7"),
  },
  "libusb": { package: "libusb-1.0-0", find: () => sharedLibrary("libusb-1.0.so.0") },
  "umockdev": { package: "umockdev", find: () => program("umockdev-run") },
  "x11": { package: "libx11-6", find: () => sharedLibrary("libX11.so.6") },
  "xvfb": { package: "xvfb", find: () => program("Xvfb") },
  "zlib headers": { package: "zlib1g-dev", find: () => header("zlib.h") },
  "zstd headers": { package: "libzstd-dev", find: () => header("zstd.h") },
  "libpq headers": { package: "libpq-dev", find: () => header("postgresql/libpq-fe.h") },
  "chromium": { package: "chromium", find: () => program("chromium") },
  "postgres": { package: "postgresql", find: () => postgres() },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of ensureTools()) console.log(`tool missing: ${name}`);
}

/**
 * Installs what is missing where that is possible.
 * @param {readonly string[]} names of tools; default: all
 * @returns {string[]} what is missing still
 */
export function ensureTools(names = Object.keys(tools)) {
  const before = missing(names);
  if (before.length === 0 || !canInstall()) return before;
  const packages = before.map((name) => tools[name].package);
  apt(["update"]);
  // One by one when they do not go together, so that an unknown package costs only itself.
  if (!apt(["install", ...packages])) { for (const name of packages) apt(["install", name]); }
  const after = missing(names);
  const installed = before.filter((name) => !after.includes(name));
  console.log(`installed: ${installed.join(", ") || "nothing"}`);
  return after;
}

/**
 * Where a tool is: the path of a program, of a library, or of a header.
 * @param {string} name
 */
export function findTool(name) {
  return tools[name].find();
}

/** @param {readonly string[]} names */
function missing(names) {
  if (process.platform === "win32") return [...names];
  return names.filter((name) => tools[name].find() === undefined);
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") &&
    program("apt-get") !== undefined;
}

/** @param {string[]} args */
function apt(args) {
  const flags = ["-qq", "--yes", "--no-install-recommends"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const done = spawnSync("apt-get", [...flags, ...args], { env, timeout: installMsMax });
  return done.status === 0;
}

function ownQemu() {
  const own = join(newerQemu, "usr", "bin", "qemu-aarch64");
  return existsSync(own) ? own : undefined;
}

/** A program of the system, listed above or not. @param {string} name */
export function program(name) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Another major version formats and warns differently. @param {string} name */
function llvm(name) {
  const versioned = program(`${name}-19`);
  const plain = program(name);
  if (versioned !== undefined || plain === undefined) return versioned;
  const { stdout } = spawnSync(plain, ["--version"], { encoding: "utf8" });
  return /version 19\./.test(stdout) ? plain : undefined;
}

/** The library of clang's fuzzer. */
function fuzzer() {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const folder = "/usr/lib/llvm-19/lib/clang/19/lib/linux";
  return [join(folder, `libclang_rt.fuzzer-${machine}.a`)].find(existsSync);
}

/** @param {string} name */
function header(name) {
  return libraryFolders("/usr/include").map((folder) => join(folder, name)).find(existsSync);
}

/** The server, which Debian keeps in a folder of its version. */
function postgres() {
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base) : [];
  return versions.map((version) => join(base, version, "bin", "postgres")).find(existsSync) ??
    program("postgres");
}

/** @param {string} name */
function sharedLibrary(name) {
  return [...libraryFolders("/usr/lib"), "/usr/lib64", "/lib64"].map((folder) => join(folder, name))
    .find(existsSync);
}

/** @param {string} base */
function libraryFolders(base) {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  return [`${base}/${machine}-linux-gnu`, base];
}
