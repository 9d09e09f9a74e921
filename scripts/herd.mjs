// @ts-check
/**
 * herd7, which decides what a memory model allows. Where the system has none, Debian's own is
 * unpacked under build/, with the C library it was made for: no stable release has it yet, so it
 * comes from the suite below, by the mirror and the key that this machine's Debian already uses.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { root } from "./toolchain.mjs";
import { program } from "./tools.mjs";

const suite = "sid";
const wanted = "herdtools7";
const folder = join(root, "build/herd");
const unpacked = join(folder, "root");
const stepMsMax = 120_000;

/**
 * What runs herd7, installed first where that is possible.
 * @returns {string[] | undefined} a command and its first arguments
 */
export function ensureHerd() {
  const system = program("herd7");
  if (system !== undefined) return [system];
  if (!existsSync(unpacked)) unpack();
  return ownCommand();
}

function ownCommand() {
  const loader = filesOf(["usr/lib64", "usr/lib"]).find((path) => /\/ld-linux[^/]*$/.test(path));
  const libc = filesOf(filesOf(["usr/lib"])).find((path) => path.endsWith("/libc.so.6"));
  if (loader === undefined || libc === undefined) return undefined;
  const command = [
    join(unpacked, loader),
    "--library-path",
    join(unpacked, libc, ".."),
    join(unpacked, "usr/bin/herd7"),
    "-I",
    join(unpacked, "usr/share/herdtools7/herd"),
  ];
  const { status } = spawnSync(command[0], [...command.slice(1), "-version"]);
  return status === 0 ? command : undefined;
}

/** What lies in folders of what was unpacked. @param {string[]} folders */
function filesOf(folders) {
  return folders.flatMap((path) => {
    try {
      return readdirSync(join(unpacked, path)).map((name) => join(path, name));
    } catch {
      return [];
    }
  });
}

function unpack() {
  const source = ownSource();
  if (source === undefined) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "lists/partial"), { recursive: true });
  writeFileSync(join(folder, "own.sources"), source);
  if (apt("apt-get", ["update"]) === undefined) return;
  const description = apt("apt-cache", ["show", wanted]) ?? "";
  const needed = (description.match(/^Depends: (.*)$/m)?.[1] ?? "").split(",");
  const packages = [wanted, ...needed.map((text) => text.trim().split(" ")[0]).filter(Boolean)];
  apt("apt-get", ["download", ...packages]);
  const archives = readdirSync(folder).filter((name) => name.endsWith(".deb"));
  const parts = join(folder, "parts");
  const isWhole = archives.length === packages.length &&
    archives.every((name) => spawnSync("dpkg-deb", ["-x", join(folder, name), parts]).status === 0);
  if (isWhole) keep(parts);
  for (const name of ["lists", "cache", "parts", ...archives]) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Its other programs are large. @param {string} parts */
function keep(parts) {
  const programs = join(parts, "usr/bin");
  for (const name of readdirSync(programs)) if (name !== "herd7") rmSync(join(programs, name));
  renameSync(parts, unpacked);
}

/** With lists and caches of our own: the system's are left as they are.
 *  @param {string} command @param {string[]} args */
function apt(command, args) {
  const settings = [
    `Dir::Etc::sourcelist=${join(folder, "own.sources")}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::lists=${join(folder, "lists")}`,
    `Dir::Cache=${join(folder, "cache")}`,
    "Acquire::Languages=none",
    "APT::Sandbox::User=root",
  ];
  const flags = ["-qq", ...settings.flatMap((setting) => ["-o", setting])];
  const options = { cwd: folder, timeout: stepMsMax, encoding: /** @type {const} */ ("utf8") };
  const { status, stdout } = spawnSync(command, [...flags, ...args], options);
  return status === 0 ? stdout : undefined;
}

/** The machine's Debian, for the other suite; undefined: it has none. */
function ownSource() {
  const release = textOf("/etc/os-release");
  const codename = release.match(/^VERSION_CODENAME=(\w+)$/m)?.[1];
  if (!/^ID=debian$/m.test(release) || codename === undefined) return undefined;
  return [...paragraphs(), ...lines()].find(({ suites }) => suites.includes(codename))?.text;
}

/** Of files in the newer form. */
function paragraphs() {
  const texts = sourceFiles(".sources").flatMap((path) => textOf(path).split(/\n\s*\n/));
  return texts.map((text) => ({
    suites: (text.match(/^Suites: *(.*)$/m)?.[1] ?? "").split(/\s+/),
    text: text.replace(/^Types:.*$/m, "Types: deb")
      .replace(/^Suites:.*$/m, `Suites: ${suite}`)
      .replace(/^Components:.*$/m, "Components: main"),
  }));
}

/** Of files with one source a line. */
function lines() {
  const texts = ["/etc/apt/sources.list", ...sourceFiles(".list")].flatMap((path) =>
    textOf(path).split("\n")
  );
  return texts.flatMap((line) => {
    const [, options = "", uri, own] = line.match(/^deb +(\[.*?\])? *(\S+) +(\S+) .*\bmain\b/) ??
      [];
    const key = options.match(/signed-by=([^\s\]]+)/)?.[1];
    const fields = ["Types: deb", `URIs: ${uri}`, `Suites: ${suite}`, "Components: main"];
    if (key !== undefined) fields.push(`Signed-By: ${key}`);
    return own === undefined ? [] : [{ suites: [own], text: `${fields.join("\n")}\n` }];
  });
}

/** @param {string} ending */
function sourceFiles(ending) {
  const parts = "/etc/apt/sources.list.d";
  const names = existsSync(parts) ? readdirSync(parts) : [];
  return names.filter((name) => name.endsWith(ending)).map((name) => join(parts, name));
}

/** @param {string} path */
function textOf(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
