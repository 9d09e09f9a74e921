// @ts-check
/**
 * Packages of another Debian suite than the machine's own, by the mirrors and the keys that it uses
 * already. Needs no privilege, and leaves the system's lists alone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./toolchain.mjs";

/**
 * @typedef {{ code: number, stdout: string, stderr: string }} Captured
 * @typedef {(command: string, args: readonly string[]) => Promise<Captured>} Apt
 */

const settings = "/etc/apt";

/**
 * The programs of apt, for another suite.
 * @param {string} folder for its lists, and what it downloads
 * @param {string} suite @param {"deb" | "deb-src"} type
 * @returns {Apt | undefined} undefined: this is no Debian
 */
export function aptFor(folder, suite, type) {
  const sources = sourcesFor(suite, type);
  if (sources.length === 0) return undefined;
  mkdirSync(join(folder, "parts"), { recursive: true });
  mkdirSync(join(folder, "lists", "partial"), { recursive: true });
  sources.forEach(({ extension, text }, index) => {
    writeFileSync(join(folder, "parts", `${index}.${extension}`), text);
  });
  const options = [
    ["Dir::Etc::SourceList", "/dev/null"],
    ["Dir::Etc::SourceParts", join(folder, "parts")],
    ["Dir::State::Lists", join(folder, "lists")],
    ["Dir::Cache::pkgcache", ""],
    ["Dir::Cache::srcpkgcache", ""],
    ["Acquire::Languages", "none"],
    ["APT::Sandbox::User", "root"],
  ].flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return async (command, args) => {
    try {
      return await capture(command, [...options, ...args], { cwd: folder });
    } catch {
      return { code: 1, stdout: "", stderr: `no ${command} on this machine` };
    }
  };
}

/**
 * Unpacks packages of another suite, unless that has been done: what bears the folder's name is
 * complete.
 * @param {string} folder @param {string} suite
 * @param {(apt: Apt) => readonly string[] | Promise<readonly string[]>} chooseNames of the packages
 * @param {readonly string[]} paths of what is kept of them, as tar's patterns
 * @returns {Promise<boolean>} whether they are there
 */
export async function unpackFrom(folder, suite, chooseNames, paths) {
  if (existsSync(folder)) return true;
  const fresh = `${folder}.part`;
  rmSync(fresh, { recursive: true, force: true });
  const apt = aptFor(fresh, suite, "deb");
  if (apt === undefined) return false;
  try {
    return (await apt("apt-get", ["update"])).code === 0 &&
      (await apt("apt-get", ["download", ...await chooseNames(apt)])).code === 0 &&
      await extractAll(fresh, folder, paths);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** @param {string} fresh @param {string} folder @param {readonly string[]} paths */
async function extractAll(fresh, folder, paths) {
  const made = join(fresh, "root");
  mkdirSync(made);
  for (const name of readdirSync(fresh).filter((name) => name.endsWith(".deb"))) {
    const archive = join(fresh, `${name}.tar`);
    const { code } = await capture("sh", [
      "-c",
      'dpkg-deb --fsys-tarfile "$1" > "$2"',
      ...["sh", join(fresh, name), archive],
    ]);
    if (code !== 0) return false;
    /* a package may have none of them */
    await capture("tar", ["-xf", archive, "-C", made, "--wildcards", ...paths]);
  }
  await capture("mv", [made, folder]);
  return existsSync(folder);
}

// ---- its sources -------------------------------------------------------------------------------

/**
 * The machine's own sources of its release, turned to another suite.
 * @param {string} suite @param {string} type
 */
function sourcesFor(suite, type) {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const codename = release.match(/^VERSION_CODENAME=(.+)$/m)?.[1];
  if (!/^ID=debian$/m.test(release) || codename === undefined) return [];
  return sourceFiles()
    .map(({ extension, text }) => {
      const convert = extension === "sources" ? convertStanzas : convertLines;
      return { extension, text: convert(text, codename, suite, type) };
    })
    .filter(({ text }) => text !== "");
}

function sourceFiles() {
  const parts = join(settings, "sources.list.d");
  const names = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
  return [join(settings, "sources.list"), ...names]
    .filter((path) => existsSync(path) && /\.(list|sources)$/.test(path))
    .map((path) => ({ extension: path.split(".").pop(), text: readFileSync(path, "utf8") }));
}

/**
 * The deb822 form. Stanzas of other suites (security, third parties) are left out.
 * @param {string} text @param {string} codename @param {string} suite @param {string} type
 */
function convertStanzas(text, codename, suite, type) {
  return text.replaceAll(/^#.*\n/gm, "")
    .split(/\n\s*\n/)
    .filter((stanza) => new RegExp(`^Suites:(.*\\s)?${codename}(\\s|$)`, "m").test(stanza))
    .map((stanza) =>
      stanza.trim().replace(/^Types:.*$/m, `Types: ${type}`)
        .replace(/^Suites:.*$/m, `Suites: ${suite}`)
    )
    .join("\n\n");
}

/**
 * The one-line form: deb [options] address suite components.
 * @param {string} text @param {string} codename @param {string} suite @param {string} type
 */
function convertLines(text, codename, suite, type) {
  const line = new RegExp(`^deb\\s+(\\[.*?\\]\\s+)?(\\S+)\\s+${codename}\\s+(.*)$`);
  return text.split("\n")
    .map((entry) => entry.match(line))
    .filter((match) => match !== null)
    .map(([, options = "", address, components]) =>
      `${type} ${options}${address} ${suite} ${components}\n`
    )
    .join("");
}
