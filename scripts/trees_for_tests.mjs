// @ts-check
/**
 * Writes the trees of the packages, as `scripts/release.mjs` does, without its checks.
 *
 *   node scripts/trees_for_tests.mjs FOLDER
 */
import { join } from "node:path";
import process from "node:process";
import { packLibraries, targets } from "./pack.mjs";
import { buildPlatforms, readJson, writeJsr, writeNpm } from "./trees.mjs";

const [folder = "build/trees"] = process.argv.slice(2);

await buildPlatforms(folder, targets);
const libraries = packLibraries(join(folder, "cross"), targets);
writeJsr(join(folder, "jsr"), libraries);
await writeNpm(join(folder, "npm"), libraries, readJson("package.json").version);
