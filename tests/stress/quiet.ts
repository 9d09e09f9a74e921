/**
 * What must be so when nobody does anything: all slots are back, no thread is left over, no handle
 * has outlived its lease, and nothing has grown.
 *
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { stats } from "../../mod.ts";
import { crowdFaults } from "../support/crowds.ts";
import type { StressLibrary } from "./library.ts";
import { holdFaultless } from "./owning.ts";
import { Broken, hold } from "./tally.ts";

const QUIET_MS_MAX = 15_000;
const LOOK_MS = 20;
const KIB = 1024;
/** A chunk of records and some batches of events come and go. */
const MEMORY_KIB_MAX = 384;
/** Runtimes keep memory of Workers that have ended for some time, so this is coarse. */
const RESIDENT_MIB_MAX = 192;

/** What the process has. */
export interface Held {
  /** Native threads of the pool. */
  readonly threads: number;
  readonly descriptors: number;
  /** What they are, and how many of each. */
  readonly kinds: string;
  /** Native memory of the library, in KiB. */
  readonly memory: number;
  /** Resident memory of the process, in MiB. */
  readonly resident: number;
  /** Function pointers of closed callbacks, which answer for ever. */
  readonly closures: number;
}

/*
 * Threads of the library that the system knows: they bear its name, or still that of a lease.
 * "siding-watch" and "siding-poller" look after the others.
 */
function threadsKnown(): number {
  if (process.platform !== "linux") return 0;
  const names = readdirSync("/proc/self/task").map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, "utf8");
    } catch {
      return ""; // it has just ended
    }
  });
  return names.filter((name) => /^(siding$|stress )/m.test(name)).length;
}

/* What is not as it must be. */
function unrest(library: StressLibrary, threadsMin: number): string | undefined {
  const { slots, waiting, inFlight, abandoned, queued, bridges, threads } = stats();
  const { active, recycling, wedged, shared } = slots;
  const { boundCalls, callbacks, sources, asks } = stats();
  library.flowsLeave.sync(); // those of Workers that were terminated
  const foreign = library.crowdsRunning.sync() + library.flowsRunning.sync();
  const open = { boundCalls, callbacks, sources, asks };
  const calls = { waiting, inFlight, abandoned, queued, foreign, ...open };
  const counts = { active, recycling, wedged, shared, ...calls };
  const busy = Object.entries(counts).filter(([, count]) => count !== 0);
  if (bridges !== 1) busy.push(["bridges", bridges]);
  const known = Math.max(threads, threadsKnown());
  if (known > threadsMin) busy.push(["threads", known]);
  return busy.length === 0 ? undefined : busy.map(([name, n]) => `${name} ${n}`).join(", ");
}

/* No foreign thread got what was not its own, nor waits for ever. */
function holdAnswered(library: StressLibrary): void {
  const faults = crowdFaults(library);
  hold(faults.length === 0, "C gets its own answers", () => faults.join(", "));
  library.crowdsLeave.sync();
}

/* Those of Workers that were terminated included. */
function holdDestroyed(library: StressLibrary): void {
  const left = library.witnessesOwned.sync();
  hold(left === 0, "what is owned ends with its lease", () => `${left} are left`);
  holdFaultless(library);
}

/** Waits until all is quiet. */
export async function quiet(library: StressLibrary, threadsMin: number): Promise<Held> {
  const end = performance.now() + QUIET_MS_MAX;
  let busy = unrest(library, threadsMin);
  while (busy !== undefined) {
    if (performance.now() > end) throw new Broken("what was used comes back", busy);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    busy = unrest(library, threadsMin);
  }
  holdDestroyed(library);
  holdAnswered(library);
  return held();
}

/*
 * Of each descriptor what it is, without its number. Each Worker of a runtime has an event loop,
 * with which Deno is late; the library has none.
 */
function descriptorKinds(): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      const kind = readlinkSync(`/proc/self/fd/${name}`).replace(/\[\d+\]/, "");
      return /\[event(poll|fd)\]/.test(kind) ? [] : [kind];
    } catch {
      return []; // the folder's own, closed again
    }
  });
}

function counted(kinds: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).sort().join(", ");
}

function held(): Held {
  const isLinux = process.platform === "linux";
  const kinds = descriptorKinds();
  const resident = isLinux
    ? Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / KIB
    : process.memoryUsage().rss / KIB / KIB;
  return {
    threads: stats().threads,
    descriptors: kinds.length,
    kinds: counted(kinds),
    memory: stats().memory / KIB,
    resident: Math.round(resident),
    closures: stats().closures,
  };
}

/** Nothing may have grown since `before`, when everything had been used once. */
export function holdFlat(before: Held, now: Held): void {
  const { descriptors, memory, resident } = now;
  hold(
    descriptors <= before.descriptors,
    "descriptors do not grow",
    () => `${before.descriptors} (${before.kinds}) became ${descriptors} (${now.kinds})`,
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
