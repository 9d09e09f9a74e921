/**
 * What must be so when nobody does anything: all slots are back, and nothing has grown.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { stats } from "../../mod.ts";
import { Broken, hold } from "./tally.ts";

const QUIET_MS_MAX = 15_000;
const LOOK_MS = 20;
const KIB = 1024;
const MEMORY_KIB_MAX = 256;
/** Runtimes keep memory of Workers that have ended for some time, so this is coarse. */
const RESIDENT_MIB_MAX = 192;

/** What the process has. */
export interface Held {
  /** Native threads of the pool. */
  readonly threads: number;
  readonly descriptors: number;
  /** Native memory of the library, in KiB. */
  readonly memory: number;
  /** Resident memory of the process, in MiB. */
  readonly resident: number;
}

/* What is not as it must be. */
function unrest(threadsMin: number): string | undefined {
  const { slots, waiting, inFlight, abandoned, bridges, boundCalls, threads, queued } = stats();
  const { active, recycling, wedged, shared } = slots;
  const counts = { active, recycling, wedged, shared, waiting, inFlight, abandoned, boundCalls };
  const busy = Object.entries({ ...counts, queued }).filter(([, count]) => count !== 0);
  if (bridges !== 1) busy.push(["bridges", bridges]);
  if (threads > threadsMin) busy.push(["threads", threads]);
  return busy.length === 0 ? undefined : busy.map(([name, n]) => `${name} ${n}`).join(", ");
}

/** Waits until all is quiet. */
export async function quiet(threadsMin: number): Promise<Held> {
  const end = performance.now() + QUIET_MS_MAX;
  let busy = unrest(threadsMin);
  while (busy !== undefined) {
    if (performance.now() > end) throw new Broken("slots and threads come back", busy);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    busy = unrest(threadsMin);
  }
  return held();
}

function held(): Held {
  const isLinux = process.platform === "linux";
  const resident = isLinux
    ? Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / KIB
    : process.memoryUsage().rss / KIB / KIB;
  return {
    threads: stats().threads,
    descriptors: isLinux ? readdirSync("/proc/self/fd").length : 0,
    memory: stats().memory / KIB,
    resident: Math.round(resident),
  };
}

/** Nothing may have grown since `before`, when everything had been used once. */
export function holdFlat(before: Held, now: Held): void {
  const { descriptors, memory, resident } = now;
  hold(
    descriptors <= before.descriptors,
    "descriptors do not grow",
    () => `${before.descriptors} became ${descriptors}`,
  );
  hold(
    memory <= before.memory + MEMORY_KIB_MAX,
    "native memory does not grow",
    () => `${before.memory} KiB became ${memory} KiB`,
  );
  hold(
    resident <= before.resident + RESIDENT_MIB_MAX,
    "the process does not grow",
    () => `${before.resident} MiB became ${resident} MiB`,
  );
}
