// Makes libffi's source archive available to `zig build`.
//
// build.zig.zon names upstream's archive. Where that address is out of reach, Debian 13 has the
// same archive, byte for byte, as the source package `libffi`. It is put into Zig's package cache
// under the same hash, so that `zig build` finds it there and asks nobody.

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { aptFor } from "./suite.mjs";
import { capture, root, zigPath } from "./toolchain.mjs";

const archiveName = "libffi_3.4.8.orig.tar.gz";
const archiveSha256 = "cbb7f0b3b095dc506387ec1e35b891bfb4891d05b90a495bc69a10f2293f80ff";
const debianSuite = "trixie";

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
  const folder = mkdtempSync(join(tmpdir(), "siding-libffi-"));
  try {
    return await downloadSource(folder) ?? await zigFetchVerified(folder, hash);
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

async function downloadSource(folder) {
  const apt = aptFor(folder, debianSuite, "deb-src");
  if (apt === undefined) {
    return "no Debian package sources on this machine";
  }
  for (const args of [["update"], ["source", "--download-only", "libffi"]]) {
    const { code, stderr } = await apt("apt-get", args);
    if (code !== 0) {
      return firstLine(stderr);
    }
  }
}

function firstLine(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => /^E:|error:/.test(line)) ?? lines[0] ?? "failed";
  return reason.replace(/^.*error: /, "").trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await ensureLibffi() ? 0 : 1;
}
