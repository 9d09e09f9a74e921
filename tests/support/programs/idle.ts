/** What wakes a process that watches 10,000 idle descriptors for 10 s. */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Station, stats } from "../../../mod.ts";
import { close, eventfd, libc } from "../descriptors.ts";

interface Switches {
  /** Of each thread of libsiding. */
  readonly ours: Readonly<Record<string, number>>;
  /** Of the JavaScript thread. */
  readonly mine: number;
}

/* How often threads have gone to sleep. */
function switches(): Switches {
  const count = (id: string): readonly [name: string, count: number] => {
    const status = readFileSync(`/proc/self/task/${id}/status`, "utf8");
    const [, name] = /^Name:\t(.*)/.exec(status)!;
    return [name!, Number(/^voluntary_ctxt_switches:\t(\d+)/m.exec(status)![1])];
  };
  const threads = readdirSync("/proc/self/task").map((id) => [id, ...count(id)] as const);
  const ours = threads.filter(([, name]) => name.startsWith("siding"));
  const [, mine] = count(`${process.pid}`);
  return {
    ours: Object.fromEntries(ours.map(([id, name, times]) => [`${name} ${id}`, times])),
    mine,
  };
}

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const station = new Station();
const event = eventfd();
const copies = Array.from({ length: 10_000 }, () => libc.dup.sync(event));
for (const copy of copies) station.watch(copy, { trigger: "edge" });
await pass(100); // all has gone to sleep
const [before, { wakes }] = [switches(), stats()];
await pass(10_000);
const after = switches();
console.log(JSON.stringify({
  before: before.ours,
  after: after.ours,
  kicks: stats().wakes - wakes,
  mine: after.mine - before.mine,
}));
await station.close();
close(event, ...copies);
