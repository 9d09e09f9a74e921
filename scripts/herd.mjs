// @ts-check
/**
 * herd7, which decides what a memory model allows. Where the system has none, Debian's own is
 * unpacked under build/, with the C library it was made for: no stable release has it yet.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { unpackFrom } from "./suite.mjs";
import { root } from "./toolchain.mjs";
import { program } from "./tools.mjs";

const wanted = "herdtools7";
const unpacked = join(root, "build", "herd");
const kept = ["./usr/bin/herd7", "./usr/share/herdtools7", "./usr/lib", "./usr/lib64"];

/**
 * What runs herd7, fetched first where that is possible.
 * @returns {Promise<string[] | undefined>} a command and its first arguments
 */
export async function ensureHerd() {
  const system = program("herd7");
  if (system !== undefined) return [system];
  return await unpackFrom(unpacked, "sid", withWhatItNeeds, kept) ? ownCommand() : undefined;
}

/** @param {import("./suite.mjs").Apt} apt */
async function withWhatItNeeds(apt) {
  const { stdout } = await apt("apt-cache", ["show", wanted]);
  const needed = (stdout.match(/^Depends: (.*)$/m)?.[1] ?? "").split(",");
  return [wanted, ...needed.map((text) => text.trim().split(" ")[0]).filter(Boolean)];
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
