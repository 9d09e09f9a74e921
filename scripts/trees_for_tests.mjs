// @ts-check
/**
 * Writes the trees of the packages, as `scripts/release.mjs` does, without its checks.
 *
 *   node scripts/trees_for_tests.mjs FOLDER
 */
import { join } from "node:path";
import process from "node:process";
import { targets } from "./targets.mjs";
import { buildPlatforms, packLibraries, readJson, writeJsr, writeNpm } from "./trees.mjs";

const [folder = "build/trees"] = process.argv.slice(2);
const packed = join(folder, "packed");

await buildPlatforms(folder, targets);
await packLibraries(folder, targets, packed);
writeJsr(join(folder, "jsr"), packed, targets);
await writeNpm(join(folder, "npm"), packed, targets, readJson("package.json").version);
