/** 600 calls that block for `ms` each, on a pool of `threads`: how long, and how many at once. */
import process from "node:process";
import { configure } from "../../../mod.ts";
import { openTestlib } from "../testlib.ts";

const [threads, ms] = process.argv.slice(2).map(Number) as [number, number];
configure({ threads });
const library = openTestlib();
const start = performance.now();
await Promise.all(Array.from({ length: 600 }, () => library.sleepTogether(ms)));
const took = performance.now() - start;
console.log(JSON.stringify({ took, peak: library.togetherPeak.sync() }));
