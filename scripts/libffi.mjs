// Makes libffi's source archive available to `zig build`.
//
// build.zig.zon names upstream's archive. Where that address is out of reach, Debian 13 has the
// same archive, byte for byte, as the source package `libffi`. It is put into Zig's package cache
// under the same hash, so that `zig build` finds it there and asks nobody.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { capture, root, zigPath } from "./toolchain.mjs";

const archiveName = "libffi_3.4.8.orig.tar.gz";
const archiveSha256 = "cbb7f0b3b095dc506387ec1e35b891bfb4891d05b90a495bc69a10f2293f80ff";
const debianSuite = "trixie";
const aptSources = "/etc/apt";

/**
 * Puts libffi's source where Zig finds it; one line is printed for each attempt.
 * @returns whether it is there
 */
export async function ensureLibffi() {
  const { url, hash } = pinnedPackage();
  if (await isCached(hash)) {
    return true;
  }
  const ways = [
    ["upstream", () => zigFetch(url, hash)],
    [`Debian ${debianSuite} source package`, () => fetchFromDebian(hash)],
  ];
  for (const [name, attempt] of ways) {
    const problem = await attempt();
    console.log(`libffi: ${name}: ${problem ?? "fetched"}`);
    if (problem === undefined) {
      return true;
    }
  }
  return false;
}

function pinnedPackage() {
  const manifest = readFileSync(join(root, "build.zig.zon"), "utf8");
  const field = (name) => manifest.match(new RegExp(`\\.${name} = "([^"]+)"`))[1];
  return { url: field("url"), hash: field("hash") };
}

async function isCached(hash) {
  if (existsSync(join(root, "zig-pkg", hash))) {
    return true;
  }
  const { stdout } = await capture(zigPath(), ["env"]);
  const cache = stdout.match(/\.global_cache_dir = "((?:[^"\\]|\\.)*)"/)?.[1];
  return cache !== undefined && existsSync(join(JSON.parse(`"${cache}"`), "p", `${hash}.tar.gz`));
}

/** All ways return undefined, or in one line why they failed. */
async function zigFetch(source, hash) {
  const { code, stdout, stderr } = await capture(zigPath(), ["fetch", source]);
  if (code !== 0) {
    return firstLine(stderr);
  }
  return stdout.trim() === hash ? undefined : `unexpected package hash "${stdout.trim()}"`;
}

async function fetchFromDebian(hash) {
  const sources = debianSources();
  if (sources.length === 0) {
    return "no Debian package sources on this machine";
  }
  const folder = mkdtempSync(join(tmpdir(), "siding-libffi-"));
  try {
    return await downloadSource(folder, sources) ?? await zigFetchVerified(folder, hash);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function zigFetchVerified(folder, hash) {
  const archive = join(folder, archiveName);
  if (!existsSync(archive)) {
    return `the package has no ${archiveName}`;
  }
  const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
  return sha256 === archiveSha256 ? zigFetch(archive, hash) : `unexpected checksum ${sha256}`;
}

/** Runs apt with private sources and lists: it needs no privilege and leaves the system alone. */
async function downloadSource(folder, sources) {
  mkdirSync(join(folder, "parts"));
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
  ].flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  for (const command of [["update"], ["source", "--download-only", "libffi"]]) {
    const problem = await apt([...options, ...command], folder);
    if (problem !== undefined) {
      return problem;
    }
  }
}

async function apt(args, cwd) {
  try {
    const { code, stderr } = await capture("apt-get", args, { cwd });
    return code === 0 ? undefined : firstLine(stderr);
  } catch {
    return "no apt-get on this machine";
  }
}

/** The machine's own sources of its release, turned to the source packages of Debian 13. */
function debianSources() {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const codename = release.match(/^VERSION_CODENAME=(.+)$/m)?.[1];
  if (!/^ID=debian$/m.test(release) || codename === undefined) {
    return [];
  }
  return sourceFiles()
    .map(({ extension, text }) => {
      const convert = extension === "sources" ? convertStanzas : convertLines;
      return { extension, text: convert(text, codename) };
    })
    .filter(({ text }) => text !== "");
}

function sourceFiles() {
  const parts = join(aptSources, "sources.list.d");
  const names = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
  return [join(aptSources, "sources.list"), ...names]
    .filter((path) => existsSync(path) && /\.(list|sources)$/.test(path))
    .map((path) => ({ extension: path.split(".").pop(), text: readFileSync(path, "utf8") }));
}

/** The deb822 form. Stanzas of other suites (security, third parties) are left out. */
function convertStanzas(text, codename) {
  return text.replaceAll(/^#.*\n/gm, "")
    .split(/\n\s*\n/)
    .filter((stanza) => new RegExp(`^Suites:(.*\\s)?${codename}(\\s|$)`, "m").test(stanza))
    .map((stanza) =>
      stanza.trim()
        .replace(/^Types:.*$/m, "Types: deb-src")
        .replace(/^Suites:.*$/m, `Suites: ${debianSuite}`)
    )
    .join("\n\n");
}

/** The one-line form: deb [options] address suite components. */
function convertLines(text, codename) {
  const line = new RegExp(`^deb\\s+(\\[.*?\\]\\s+)?(\\S+)\\s+${codename}\\s+(.*)$`);
  return text.split("\n")
    .map((entry) => entry.match(line))
    .filter((match) => match !== null)
    .map(([, options = "", address, components]) =>
      `deb-src ${options}${address} ${debianSuite} ${components}\n`
    )
    .join("");
}

function firstLine(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => /^E:|error:/.test(line)) ?? lines[0] ?? "failed";
  return reason.replace(/^.*error: /, "").trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await ensureLibffi() ? 0 : 1;
}
