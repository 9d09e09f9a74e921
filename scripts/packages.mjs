// @ts-check
/** Packages of Debian and npm, unpacked into folders: nothing is installed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const downloadMsMax = 300_000;

/**
 * Unpacks packages of Debian into a folder, unless that has been done.
 * @param {readonly string[]} names @param {string} folder
 */
export function unpackDebian(names, folder) {
  unpack(folder, (fresh) => {
    if (!tryRun("apt-get", ["download", ...names], fresh)) {
      must("apt-get", ["-qq", "update"], fresh);
      must("apt-get", ["-qq", "download", ...names], fresh);
    }
    for (const file of readdirSync(fresh).filter((name) => name.endsWith(".deb"))) {
      must("dpkg-deb", ["--extract", file, "."], fresh);
      rmSync(join(fresh, file));
    }
  });
}

/**
 * Unpacks a package of npm into a folder, unless that has been done.
 * @param {string} name @param {string} version @param {string} folder
 */
export function unpackNpm(name, version, folder) {
  unpack(folder, (fresh) => {
    must("npm", ["pack", "--silent", `${name}@${version}`], fresh);
    const [archive = ""] = readdirSync(fresh);
    must("tar", ["-xzf", archive, "--strip-components=1"], fresh);
    rmSync(join(fresh, archive));
  });
}

/**
 * What is in the folder is complete.
 * @param {string} folder @param {(fresh: string) => void} fill
 */
function unpack(folder, fill) {
  if (existsSync(folder)) return;
  const fresh = `${folder}.part`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  fill(fresh);
  renameSync(fresh, folder);
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function tryRun(command, args, cwd) {
  return start(command, args, cwd).status === 0;
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function must(command, args, cwd) {
  const { status, stderr, error } = start(command, args, cwd);
  if (status === 0) return;
  const shown = [command, ...args].join(" ");
  throw new Error(`Cannot run "${shown}": ${error?.message ?? stderr.trim()}`);
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function start(command, args, cwd) {
  return spawnSync(command, args, { cwd, encoding: "utf8", timeout: downloadMsMax });
}
