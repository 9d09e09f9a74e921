/**
 * Rows about callbacks: posted from foreign threads, answered, made on this thread, and what a
 * function pointer costs.
 *
 * @module
 */
import { arg, bind, callback, open, type Pointer, stats } from "../../mod.ts";
import { type Export, koffiCall, napiPost, ownCompare, ownPost } from "../callback_peers.ts";
import { openBench } from "../libraries.ts";
import { alternate, median, type Run, sleep } from "../measure.ts";
import { runtimeName } from "../peers.ts";
import { compared, type Outcome, type Row } from "./outcome.ts";

/** What the threads do, as `enum storm_kind` of bench/native/events.c has it. */
const POST = 0;
const CALL = 1;
const TEXT = 2;
const TEXT_LENGTH = 64;
const DIGIT_ZERO = 48;
const ELEMENTS = 100_000;
const OPEN_CALLBACKS = 10_000;
const TOMBSTONE = 128;
const CALLS = 1_000_000;

const bench = openBench();

/* `count` calls of the pointer by foreign threads; over when the listener has had them all. */
function storm(pointer: Pointer, kind: number, threads: number): { run: Run; one: () => void } {
  let left = 0;
  let done = (): void => {};
  const one = (): void => {
    if (--left === 0) done();
  };
  const run: Run = async (count) => {
    const each = Math.max(1, Math.round(count / threads));
    left = each * threads;
    const delivered = new Promise<void>((resolve) => done = resolve);
    const error = bench.bench_storm.sync(pointer, kind, threads, each);
    if (error !== 0) throw new Error(`no thread: error ${error}`);
    const holder = setInterval(() => {}, 1000); // not every callback keeps the process alive
    await delivered;
    clearInterval(holder);
    while (bench.bench_storm_threads.sync() > 0) await sleep(0);
    if (bench.bench_storm_wrong.sync() > 0) throw new Error("wrong answer");
  };
  return { run, one };
}

function posting(post: Export<[number], void>, threads: number): Run {
  let one = (): void => {};
  const made = storm(post(() => one()), POST, threads);
  one = made.one;
  return made.run;
}

const sidingPost: Export<[number], void> = (listener) =>
  callback.post({ parameters: ["i32"], result: "void" }, listener).pointer;

/** Posted from foreign threads, against what the runtime has. */
export function post(threads: number): Row {
  return async (name, effort) => {
    const own = ownPost();
    const peer = posting(own.post, threads);
    return events(name, own.name, await alternate(posting(sidingPost, threads), peer, effort));
  };
}

/** The same against a thread-safe function of Node-API. */
export function postAgainstNapi(threads: number): Row {
  return async (name, effort) => {
    const peer = posting(napiPost, threads);
    const rates = await alternate(posting(sidingPost, threads), peer, effort);
    return events(name, "Node-API", rates);
  };
}

function events(...args: Parameters<typeof compared>): Outcome {
  return { ...compared(...args), unit: "events/s" };
}

function answering(answer: Export<[number], number>, threads: number): Run {
  let one = (): void => {};
  const pointer = answer((value) => {
    one();
    return value + 1;
  });
  const made = storm(pointer, CALL, threads);
  one = made.one;
  return made.run;
}

const sidingCall: Export<[number], number> = (listener) =>
  callback.call({ parameters: ["i32"], result: "i32" }, listener, { fallback: 0 }).pointer;

/** Answered, for foreign threads that wait, against koffi. */
export function call(threads: number): Row {
  return async (name, effort) => {
    const peer = answering(koffiCall, threads);
    return compared(name, "koffi", await alternate(answering(sidingCall, threads), peer, effort));
  };
}

/** The same against threads of C that ask a thread of C. */
export const callAgainstC: Row = async (name, effort) => {
  const threads = 16;
  const { bench_ask } = bench;
  if (bench_ask === null) throw new Error("the floor is measured on Linux only");
  const peer: Run = async (count) => {
    const wrong = await bench_ask(threads, Math.max(1, Math.round(count / threads)));
    if (wrong !== 0) throw new Error("wrong answer");
  };
  const rates = await alternate(answering(sidingCall, threads), peer, effort);
  return compared(name, "bare C threads", rates);
};

/** A C string of 64 bytes, copied when C calls, delivered as a string; against the plain post. */
export const copy: Row = async (name, effort) => {
  let one = (): void => {};
  const definition = { parameters: ["i32", "cstring"], result: "void" } as const;
  const told = callback.post(definition, (value, text) => {
    if (text?.length !== TEXT_LENGTH || text.charCodeAt(0) !== DIGIT_ZERO + value % 10) {
      throw new Error(`wrong text: ${text}`);
    }
    one();
  });
  const made = storm(told.pointer, TEXT, 1);
  one = made.one;
  const rates = await alternate(made.run, posting(sidingPost, 1), effort);
  return events(name, "without the string", rates);
};

/** `qsort` of doubles with a comparison in JavaScript, on this thread. */
export const inline: Row = async (name, effort) => {
  const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
    qsort: { parameters: ["buffer", "usize", "usize", "function"], result: "void" },
  });
  const random = Float64Array.from({ length: ELEMENTS }, () => Math.random());
  const sorted = random.toSorted();
  const sorting = (compare: Pointer): Run => (count) => {
    for (let i = 0; i < count; i++) {
      const values = random.slice();
      libc.qsort.sync(values, values.length, 8, compare);
      if (values.some((value, index) => value !== sorted[index])) throw new Error("not sorted");
    }
  };
  using compare = callback.call(
    { parameters: [{ copy: "f64" }, { copy: "f64" }], result: "i32" },
    (a, b) => Math.sign(a! - b!),
    { fallback: 0 },
  );
  const own = ownCompare();
  const rates = await alternate(sorting(compare.pointer), sorting(own.pointer), effort);
  return { ...compared(name, own.name, rates), unit: "sorts/s" };
};

/** What a bound call takes from C, beyond a function that was written by hand. */
export const boundCall: Row = (name, { rounds }) => {
  using bound = bind(bench.bench_add, arg(0), 7);
  const byHand = bench.bench_add_seven.pointer;
  const times: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < rounds; round++) {
    times.push(bench.bench_call_ns.sync(bound.pointer, CALLS));
    floor.push(bench.bench_call_ns.sync(byHand, CALLS));
  }
  if (times.some((ns) => ns < 0)) throw new Error("wrong result");
  const more = times.map((ns, round) => ns - floor[round]!);
  return Promise.resolve(costing(name, "by hand", median(floor), "ns", more));
};

function costing(
  name: string,
  peer: string,
  peerValue: number,
  unit: string,
  values: readonly number[],
): Outcome {
  const siding = median(values);
  const rest = { peer, peerValue, unit, ratio: siding, ratios: values };
  return { name, runtime: runtimeName, siding, ...rest };
}

/** Native memory of each of many open callbacks, against that of a tombstone. */
export const callbackMemory: Row = (name) => {
  const { bench_callback_bytes } = bench;
  if (bench_callback_bytes === null) throw new Error("memory is counted on Linux only");
  const each = bench_callback_bytes.sync(stats().library, OPEN_CALLBACKS);
  if (each < 0) throw new Error("a callback could not be opened");
  return Promise.resolve(costing(name, "of a closed one, at most", TOMBSTONE, "bytes", [each]));
};
