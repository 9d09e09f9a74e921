/** A million leases above 2,000 open descriptors, and what they leave behind. */
import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { devNull } from "node:os";
import process from "node:process";
import { Context, open, stats } from "../../../mod.ts";
import { openContextLib } from "../contexts.ts";

const isWindows = process.platform === "win32";
const DESCRIPTORS = 2000;
const HANDLES_MAX = 16;
const CYCLES = 1_000_000;
/** The heap of an engine has its size by then. */
const WARM_CYCLES = 500_000;
/** Four times as many as there are slots, so that most wait in line. */
const AT_ONCE = 256;
const COUNTER = 5;
const MEMORY_KIB_MAX = 256;
const RESIDENT_MIB_MAX = 12;
const KIB = 1024;
const MIB = 1024 * KIB;

/** What the process has. */
interface Held {
  /** Threads of the library, counted by the system where it can tell. */
  readonly threads: number;
  /** Descriptors; on Windows handles, of which the runtime opens some. */
  readonly descriptors: number;
  /** Native memory of the library in bytes. */
  readonly memory: number;
  /** Resident memory of the process in bytes. */
  readonly resident: number;
}

function descriptors(): number[] {
  return readdirSync("/dev/fd").map(Number);
}

/* The lowest that is free, in steps of 4; under wine nothing counts those in use. */
function handles(): number {
  const { create, close } = open("kernel32.dll", {
    create: {
      name: "CreateEventW",
      parameters: ["pointer", "i32", "i32", "pointer"],
      result: "pointer",
    },
    close: { name: "CloseHandle", parameters: ["pointer"], result: "i32" },
  });
  const handle = create.sync(null, 0, 0, null)!;
  close.sync(handle);
  return handle / 4;
}

function threads(): number {
  if (process.platform !== "linux") return stats().threads;
  const names = readdirSync("/proc/self/task").map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, "utf8");
    } catch {
      return ""; // it has ended: one of the runtime's
    }
  });
  return names.filter((name) => name.startsWith("siding")).length;
}

function held(): Held {
  const resident = process.memoryUsage.rss();
  const { memory } = stats();
  const opened = isWindows ? handles() : descriptors().length;
  return { threads: threads(), descriptors: opened, memory, resident };
}

/* No bridge is open yet, so its descriptors are above these. */
const below = Array.from({ length: DESCRIPTORS }, () => openSync(devNull, "r"));
const library = openContextLib();

/** The sum of what a counter in C gave to each call. */
async function run(cycles: number): Promise<number> {
  let begun = 0;
  let sum = 0;
  const lane = async (): Promise<void> => {
    while (begun++ < cycles) {
      const context = await Context.acquire();
      const count = await context.use(library).countAdd(COUNTER);
      sum += count;
      await context.release();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return sum;
}

const sumTo = (last: number): number => last * (last + 1) / 2;

assert.equal(await run(WARM_CYCLES), sumTo(WARM_CYCLES));
if (!isWindows) { // where the wake channel is no descriptor
  const own = descriptors().filter((descriptor) => descriptor > Math.max(...below));
  assert.ok(own.length > 2, "the wake channel lies above: a pair, and the listing's own");
}

const before = held();
assert.equal(await run(CYCLES), sumTo(WARM_CYCLES + CYCLES) - sumTo(WARM_CYCLES));
const after = held();

console.log(JSON.stringify({ before, after }));
assert.equal(after.threads, before.threads);
const opened = after.descriptors - before.descriptors;
assert.ok(isWindows ? opened <= HANDLES_MAX : opened === 0, `${opened} descriptors more`);
const grown = Math.abs(after.memory - before.memory);
assert.ok(grown <= MEMORY_KIB_MAX * KIB, `${grown} bytes of native memory`);
const resident = after.resident - before.resident;
assert.ok(resident <= RESIDENT_MIB_MAX * MIB, `${resident} bytes more are resident`);
const { inFlight, waiting, slots: { active, recycling, wedged } } = stats();
assert.deepEqual([inFlight, waiting, active, recycling, wedged], [0, 0, 0, 0, 0]);
for (const descriptor of below) closeSync(descriptor);
