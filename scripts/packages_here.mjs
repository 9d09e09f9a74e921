// @ts-check
/**
 * Writes the packages with the library of this machine's platform alone, for tests.
 *
 *   node scripts/packages_here.mjs FOLDER
 */
import { join } from "node:path";
import process from "node:process";
import { targets } from "./targets.mjs";
import { isMusl } from "./toolchain.mjs";
import { buildPlatforms, packLibraries, readJson, writeJsr, writeNpm } from "./trees.mjs";

const [folder = "build/packages"] = process.argv.slice(2);
const system = process.platform === "win32" ? "windows" : process.platform;
const libc = system !== "linux" ? "" : isMusl() ? "-musl" : "-gnu";
const here = targets.filter(({ platform }) => platform === `${system}-${process.arch}${libc}`);
if (here.length === 0) throw new Error(`Cannot pack: there is no library for ${process.platform}`);

await buildPlatforms(folder, here);
const packed = join(folder, "packed");
await packLibraries(folder, here, packed);
writeJsr(join(folder, "jsr"), packed, here);
await writeNpm(join(folder, "npm"), packed, here, readJson("package.json").version);
