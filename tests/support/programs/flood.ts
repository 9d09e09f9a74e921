/** Submits 1,000,000 calls in one turn with at most 4,096 in flight. */
import { configure, stats } from "../../../mod.ts";
import { openTestlib } from "../testlib.ts";

const CALLS = 1_000_000;

configure({ calls: 4096 });
const { add } = openTestlib();
const seen = new Uint8Array(CALLS);
const report = { completed: 0, repeated: 0, wrong: 0, memoryMax: 0 };

function count(index: number, sum: number): void {
  if (seen[index] === 1) report.repeated++;
  seen[index] = 1;
  if (sum !== (index ^ 1) + index) report.wrong++;
  if (report.completed++ % 1000 === 0) {
    report.memoryMax = Math.max(report.memoryMax, stats().memory);
  }
}

const calls: Promise<void>[] = [];
for (let i = 0; i < CALLS; i++) calls.push(add(i ^ 1, i).then((sum) => count(i, sum)));
report.memoryMax = Math.max(report.memoryMax, stats().memory);
await Promise.all(calls);
console.log(JSON.stringify(report));
