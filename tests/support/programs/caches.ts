/** Fills a cache, as other processes do at the same time. */
import process from "node:process";
import { cacheFile } from "../../../src/cache_file.ts";
import { CACHED_FILES, cachedBytes } from "../cached.ts";

const folder = process.argv[2]!;
for (let i = 0; i < CACHED_FILES; i++) cacheFile(folder, `library${i}.so`, cachedBytes);
