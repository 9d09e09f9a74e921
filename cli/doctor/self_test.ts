/**
 * Half a second of calls, callbacks and timers, against nothing but the C library.
 *
 * @module
 */
import { read, write } from "../../src/access.ts";
import { bind } from "../../src/bound.ts";
import { call } from "../../src/callback.ts";
import { open } from "../../src/library.ts";
import { alloc } from "../../src/memory.ts";
import { Station } from "../../src/station.ts";
import { cLibrary } from "./c_library.ts";
import { inTime } from "./in_time.ts";
import { firstLine, type Tell } from "./problems.ts";
import type { Figures, Rate, SelfTestReport } from "./report.ts";
import { runOnThread, start } from "./threads.ts";

const CALLS_MS = 120;
const PIPELINED_MS = 160;
/** Calls in flight at once. */
const WIDTH = 1000;
/** Numbers that a foreign thread sorts: some hundred questions to JavaScript. */
const SORTED = 50;
const TIMER_MS = 100;
const SLEEP_MS = 2.5;
/** After this long a part is given up: even on a busy machine it takes a fraction of that. */
const PART_MS_MAX = 10_000;

const compare = { parameters: [{ copy: "i32" }, { copy: "i32" }], result: "i32" } as const;
const sorted = { array: "i32", length: SORTED } as const;

const definitions = {
  abs: { parameters: ["i32"], result: "i32" },
  qsort: { parameters: ["pointer", "usize", "usize", { function: compare }], result: "void" },
} as const;

function microseconds(milliseconds: number | undefined): number {
  return Math.round((milliseconds ?? 0) * 100_000) / 100;
}

function figuresOf(times: readonly number[]): Figures {
  const inOrder = times.toSorted((a, b) => a - b);
  const at = (share: number): number => microseconds(inOrder[Math.floor(inOrder.length * share)]);
  return {
    count: inOrder.length,
    medianUs: at(0.5),
    p99Us: at(0.99),
    maxUs: microseconds(inOrder.at(-1)),
  };
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function tryCalls(): Promise<Figures> {
  const { abs } = open(cLibrary(), definitions);
  const times: number[] = [];
  const end = performance.now() + CALLS_MS;
  for (let before = performance.now(); before < end;) {
    const answer = await abs(-times.length);
    const after = performance.now();
    demand(answer === times.length, `abs(${-times.length}) is ${answer}`);
    times.push(after - before);
    before = after;
  }
  return figuresOf(times);
}

async function tryPipelined(): Promise<Rate> {
  const { abs } = open(cLibrary(), definitions);
  const begun = performance.now();
  let count = 0;
  while (performance.now() - begun < PIPELINED_MS) {
    const answers = await Promise.all(Array.from({ length: WIDTH }, (_, index) => abs(-index)));
    demand(answers.every((answer, index) => answer === index), "an answer is another call's");
    count += WIDTH;
  }
  const seconds = (performance.now() - begun) / 1000;
  return { count, inFlight: WIDTH, perSecond: Math.round(count / seconds) };
}

/** A thread of the system's asks JavaScript which of two numbers comes first. */
async function tryCallbacks(): Promise<Figures> {
  const { qsort } = open(cLibrary(), definitions);
  const asked: number[] = [];
  using ascending = call(compare, (a, b) => {
    asked.push(performance.now());
    return a! - b!;
  }, { fallback: 0, timeout: PART_MS_MAX });
  using numbers = alloc(SORTED * 4);
  write(numbers, sorted, Array.from({ length: SORTED }, (_, index) => index * 37 % SORTED));
  using sort = bind(qsort, numbers.pointer, SORTED, 4, ascending, { as: start });
  await runOnThread(sort);
  const inOrder = read(numbers, sorted).every((number, index) => number === index);
  demand(inOrder, "answers to C did not arrive");
  return figuresOf(asked.slice(1).map((time, index) => time - asked[index]!));
}

/** How much later than asked for. */
async function tryTimer(): Promise<Figures> {
  await using station = new Station();
  const late: number[] = [];
  const end = performance.now() + TIMER_MS;
  for (let begun = performance.now(); begun < end; begun = performance.now()) {
    await station.sleep(SLEEP_MS);
    late.push(performance.now() - begun - SLEEP_MS);
  }
  return figuresOf(late);
}

/** Tries all, one after the other; what fails is `null`, and told. */
export async function selfTest(tell: Tell): Promise<SelfTestReport> {
  const part = async <T>(name: string, run: () => Promise<T>): Promise<T | null> => {
    try {
      return await inTime(run, PART_MS_MAX);
    } catch (error) {
      tell(`Cannot pass the self-test of ${name}: ${firstLine(error)}`);
      return null;
    }
  };
  return {
    calls: await part("calls", tryCalls),
    pipelined: await part("pipelined calls", tryPipelined),
    callbacks: await part("callbacks", tryCallbacks),
    timer: await part("timers", tryTimer),
  };
}
