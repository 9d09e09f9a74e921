/**
 * Foreign threads that call a pointer again and again, `tests/native/testlib_crowd.c`.
 *
 * A value is the key of its crowd and the number of the call, from 1 on; it is the right answer
 * too. What C gets without an answer is in {@linkcode fallback}.
 *
 * @module
 */
import { type Callback, callback, type Library, open } from "../../mod.ts";
import { until } from "./harness.ts";
import { limitMs } from "./platform.ts";
import { testlibPath } from "./testlib.ts";

/** `int64_t (*)(int64_t value, uint32_t thread, const uint8_t *bytes, int32_t size)`. */
export const crowdCall = {
  parameters: ["i53", "u32", { bytes: 3 }, "i32"],
  result: "i53",
} as const;

/** What C gets without an answer. */
export const fallback = { closed: 0, throw: -1, timeout: -2 } as const;

/** Its functions. */
export const crowdDefinitions = {
  crowdStart: {
    name: "test_crowd_start",
    parameters: ["function", "i53", "u32", "u32", "u32"],
    result: "i32",
  },
  crowdCall: { name: "test_crowd_call", parameters: ["function", "i53"], result: "i53" },
  crowdStop: { name: "test_crowd_stop", parameters: ["i32"], result: "void" },
  crowdCount: { name: "test_crowd_count", parameters: ["i32", "i32"], result: "i53" },
  crowdLeave: { name: "test_crowd_leave", parameters: ["i32"], result: "void" },
  crowdKey: { name: "test_crowd_key", parameters: [], result: "i53" },
  crowdsRunning: { name: "test_crowds_running", parameters: [], result: "i53" },
  crowdsLeave: { name: "test_crowds_leave", parameters: [], result: "void" },
  crowdFault: { name: "test_crowd_fault", parameters: ["i32"], result: "i32" },
  crowdAnswer: {
    name: "test_crowd_answer",
    parameters: ["i53", "i53", "u32", "pointer", "i32"],
    result: "i53",
  },
} as const;

/** A library with those functions. */
export type CrowdLib = Library<typeof crowdDefinitions>;

/** Opens it. */
export function openCrowdLib(): CrowdLib {
  return open(testlibPath, crowdDefinitions);
}

/** Calls of a crowd by what came of them. */
export interface CrowdCounts {
  readonly made: number;
  readonly answered: number;
  readonly thrown: number;
  readonly timedOut: number;
  readonly closed: number;
  /** Those with a negative length. */
  readonly bad: number;
  /** Threads that still run. */
  readonly running: number;
}

const KEY_FACTOR = 2 ** 32;

/** Of which crowd a value is. */
export function keyOf(value: number): number {
  return Math.floor(value / KEY_FACTOR);
}

/** Which of a thread's calls a value is. */
export function indexOf(value: number): number {
  return value % KEY_FACTOR;
}

/** The value of a call. */
export function valueOf(key: number, index: number): number {
  return key * KEY_FACTOR + index;
}

/** Whether the bytes are those of the call. */
export function areRight(value: number, bytes: Uint8Array | null, size: number): boolean {
  return bytes !== null && bytes.length === size && bytes.every((byte) => byte === value % 256);
}

/** Whether foreign threads got the answer of another callback, or one after its end. */
export function crowdFaults(library: CrowdLib): string[] {
  return ["of another callback", "after its end"].flatMap((name, kind) => {
    const count = library.crowdFault.sync(kind);
    return count === 0 ? [] : [`${count} answers ${name}`];
  });
}

/** Counts what the threads of a crowd got. */
export function crowdCounts(library: CrowdLib, crowd: number): CrowdCounts {
  const count = (kind: number): number => library.crowdCount.sync(crowd, kind);
  return {
    made: count(0),
    answered: count(1),
    thrown: count(2),
    timedOut: count(3),
    closed: count(4),
    bad: count(5),
    running: count(6),
  };
}

/** Threads that storm until their pointer is closed, or the process ends. */
export interface Storm {
  readonly callbacks: readonly Callback<typeof crowdCall>[];
  /** Those that post, those that ask. */
  readonly crowds: readonly number[];
}

const ENDLESS = 2 ** 32 - 1;
const LONG_MS = limitMs(60_000);

const THREADS = 2;

/** Starts two foreign threads that post and two that ask, one of which soon waits for ever. */
export async function startStorm(library: CrowdLib): Promise<Storm> {
  const [posting, asking] = [library.crowdKey.sync(), library.crowdKey.sync()];
  const posted = callback.post(crowdCall, () => {}, { returns: { parameter: 0 } });
  const asked = callback.call(crowdCall, (value, thread) => {
    if (thread === 0 && indexOf(value) === 200) return new Promise<number>(() => {});
    return indexOf(value) % 2 === 0 ? value : Promise.resolve(value);
  }, { fallback, timeout: LONG_MS });
  const crowds = [
    library.crowdStart.sync(posted, posting, THREADS, ENDLESS, 1),
    library.crowdStart.sync(asked, asking, THREADS, ENDLESS, 1),
  ];
  const made = (crowd: number): number => crowdCounts(library, crowd).made;
  await until(() => crowds.every((crowd) => made(crowd) > 50), "the threads call");
  return { callbacks: [posted, asked], crowds };
}

/** Starts four foreign threads, and waits until two wait for room and two for an answer. */
export async function startWaiting(library: CrowdLib): Promise<Storm> {
  const [posting, asking] = [library.crowdKey.sync(), library.crowdKey.sync()];
  const capacity = 2;
  const options = { returns: { parameter: 0 }, capacity, timeout: LONG_MS } as const;
  const posted = callback.stream(crowdCall, options); // which nobody iterates
  let waiting = 0;
  const asked = callback.call(crowdCall, () => {
    waiting++;
    return new Promise<number>(() => {});
  }, { fallback, timeout: LONG_MS });
  const crowds = [
    library.crowdStart.sync(posted, posting, THREADS, ENDLESS, 1),
    library.crowdStart.sync(asked, asking, THREADS, ENDLESS, 1),
  ];
  await until(() => posted.stats.waiting === capacity && waiting === THREADS, "the threads wait");
  return { callbacks: [posted, asked], crowds };
}

/** Throws unless all threads of a storm found their pointer closed, and nothing else went wrong. */
export function expectClosed(library: CrowdLib, crowds: readonly number[]): void {
  for (const crowd of crowds) {
    const { running, closed, timedOut } = crowdCounts(library, crowd);
    const isClosed = running === 0 && closed === THREADS && timedOut === 0;
    const got = JSON.stringify({ running, closed, timedOut });
    if (!isClosed) throw new Error(`the threads of crowd ${crowd} got ${got}`);
    library.crowdLeave.sync(crowd);
  }
  const faults = crowdFaults(library);
  if (faults.length > 0) throw new Error(faults.join(", "));
}
