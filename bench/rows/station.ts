/**
 * Rows about stations: readiness of descriptors, native events, timers, and what they cost.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Pointer, Station, stats } from "../../mod.ts";
import { openLibc, openStations } from "../libraries.ts";
import { alternate, type Effort, median, type Run, sleep, time } from "../measure.ts";
import { runtimeName } from "../peers.ts";
import { type Exchange, ownExchange } from "../station_peers.ts";
import { compared, type Outcome, type Row } from "./outcome.ts";

const MESSAGE_BYTES = 64;
const NOTHING_SIGNALLED = 0x4000; // MSG_NOSIGNAL
const READY = 256;
/** Of one unit of work: threads are started for each round, which must not count. */
const EVENTS = 1024;
const POSTS = 10_000;
const FEW = 100;
const MANY = 15_000;
/** Descriptors that the runtime has beside those. */
const SPARE = 200;
const MEMORY_LIMIT = 256;
const POSTERS = 4;
const TICK_MS = 1;
const PERCENTILE = 0.99;

function numberOf(bytes: Uint8Array): number {
  return (bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16 | bytes[3]! << 24) >>> 0;
}

function exchanging(one: Exchange): Run {
  const message = new Uint8Array(MESSAGE_BYTES);
  const number = new Uint32Array(message.buffer, 0, 1);
  return async (count) => {
    for (let i = 0; i < count; i++) {
      number[0] = i;
      const answer = await one(message);
      if (answer.length !== MESSAGE_BYTES || numberOf(answer) !== i) {
        throw new Error(`wrong answer: ${answer.length} bytes, ${numberOf(answer)}`);
      }
    }
  };
}

/* Sent on this thread, received by a prereader. */
function sidingExchange(station: Station, descriptor: number): Exchange {
  const { send } = openLibc();
  const received = station.read(descriptor);
  return async (message) => {
    const sent = send.sync(descriptor, message, MESSAGE_BYTES, NOTHING_SIGNALLED);
    if (sent !== MESSAGE_BYTES) throw new Error("the socket takes no message");
    const { value } = await received.next();
    if (value === undefined) throw new Error("the server has gone");
    return value;
  };
}

/** 64 bytes to a server in C and back, one message at a time, against the runtime's sockets. */
export const exchange: Row = async (name, effort) => {
  const { bench_echo_start, bench_echo_connect } = openStations();
  const folder = mkdtempSync(join(tmpdir(), "siding-bench-"));
  const path = join(folder, "echo");
  if (bench_echo_start.sync(path) !== 0) throw new Error("no server");
  const descriptor = bench_echo_connect.sync(path);
  const own = await ownExchange(path);
  rmSync(folder, { recursive: true });
  await using station = new Station();
  const siding = exchanging(sidingExchange(station, descriptor));
  const rates = await alternate(siding, exchanging(own.exchange), effort);
  return { ...compared(name, own.name, rates), unit: "messages/s" };
};

type Library = ReturnType<typeof openStations>;

function openSet({ bench_ready_open }: Library, count: number): Pointer {
  const set = bench_ready_open.sync(count);
  if (set === null) throw new Error(`no ${count} eventfds`);
  return set;
}

/** Descriptors of a set, watched, and read whenever they are ready. */
class Watched {
  readonly station: Station = new Station();
  readonly descriptors: readonly number[];
  /** Of all that was read. */
  sum = 0;
  readonly #take: (descriptor: number) => number;
  #left = 0;
  #done = (): void => {};

  constructor({ bench_ready_at, bench_ready_take }: Library, set: Pointer, count: number) {
    this.#take = bench_ready_take.sync;
    this.descriptors = Array.from({ length: count }, (_, i) => bench_ready_at.sync(set, i));
    for (const descriptor of this.descriptors) void this.#follow(descriptor);
  }

  /** Resolves when so many were read. */
  wait(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => this.#done = resolve);
  }

  /** Reads what is left in all of them. */
  takeRest(): void {
    for (const descriptor of this.descriptors) this.sum += this.#take(descriptor);
  }

  async #follow(descriptor: number): Promise<void> {
    for await (const _ of this.station.watch(descriptor)) {
      const value = this.#take(descriptor);
      this.sum += value;
      if (value > 0 && --this.#left === 0) this.#done();
    }
  }
}

/** Descriptors that a thread of C makes ready without end, against a loop of epoll in C. */
export const ready: Row = async (name, effort) => {
  const bench = openStations();
  const [ours, theirs] = [openSet(bench, READY), openSet(bench, READY)];
  const watched = new Watched(bench, ours, READY);
  const siding: Run = async (count) => {
    watched.sum = 0;
    const enough = watched.wait(count * EVENTS);
    if (bench.bench_ready_start.sync(ours) !== 0) throw new Error("no thread");
    await enough;
    const written = bench.bench_ready_stop.sync(ours);
    watched.takeRest();
    if (watched.sum !== written) throw new Error(`${written} written, ${watched.sum} read`);
  };
  const peer: Run = async (count) => {
    if (await bench.bench_ready_loop(theirs, count * EVENTS) < 0) throw new Error("wrong sum");
  };
  const rates = await alternate(siding, peer, effort);
  return { ...compared(name, "epoll in C", rates, EVENTS), unit: "events/s" };
};

/* Nanoseconds of an event of 100 descriptors among so many that are watched. */
async function eventNs(bench: Library, count: number, { roundMs }: Effort): Promise<number> {
  const set = openSet(bench, count);
  const watched = new Watched(bench, set, count);
  const run: Run = async (batches) => {
    for (let i = 0; i < batches; i++) {
      const all = watched.wait(FEW);
      if (bench.bench_ready_write.sync(set, FEW) !== 0) throw new Error("not written");
      await all;
    }
  };
  let batches = 1;
  let done = 0;
  let ms = 0;
  for (; ms < roundMs; done += batches) {
    batches *= 2;
    ms = await time(run, batches);
  }
  if (watched.sum !== done * FEW) throw new Error(`${watched.sum} of ${done * FEW} events`);
  await watched.station.close();
  bench.bench_ready_close.sync(set);
  return ms * 1e6 / (batches * FEW);
}

/** An event where 15,000 descriptors are watched, against one where 100 are. */
export const scale: Row = async (name, effort) => {
  const bench = openStations();
  if (bench.bench_descriptors_allow.sync(MANY + SPARE) !== 0) throw new Error("not so many");
  const [many, few]: [number[], number[]] = [[], []];
  await eventNs(bench, FEW, effort); // warms up
  await eventNs(bench, MANY, effort);
  for (let round = 0; round < effort.rounds; round++) {
    few.push(await eventNs(bench, FEW, effort));
    many.push(await eventNs(bench, MANY, effort));
  }
  return inTimes(name, "ns", many, `${FEW} registered`, few);
};

function inTimes(
  name: string,
  unit: string,
  ours: readonly number[],
  peer: string,
  theirs: readonly number[],
): Outcome {
  const [siding, peerValue] = [median(ours), median(theirs)];
  const ratios = ours.map((value, round) => value / theirs[round]!);
  const rest = { peer, peerValue, unit, ratio: siding / peerValue, ratios };
  return { name, runtime: runtimeName, siding, ...rest };
}

/** Native memory of each of many descriptors that are watched. */
export const sourceMemory: Row = (name) => {
  const { bench_descriptors_allow, bench_source_bytes } = openStations();
  if (bench_descriptors_allow.sync(MANY + SPARE) !== 0) throw new Error("not so many");
  const siding = bench_source_bytes.sync(stats().library, MANY);
  if (siding < 0) throw new Error("a source could not be opened");
  const rest = { peer: "at most", peerValue: MEMORY_LIMIT, unit: "bytes", ratios: [siding] };
  return Promise.resolve({ name, runtime: runtimeName, siding, ratio: siding, ...rest });
};

/** Values posted by 4 threads to a native event that sums them, against bare additions. */
export const posts: Row = async (name, effort) => {
  const { bench_posts_start, bench_posts_join, bench_posts_sum, bench_posts_add } = openStations();
  const start = (post: Pointer, handle: number, each: number): void => {
    if (bench_posts_start.sync(post, handle, POSTERS, each) !== 0) throw new Error("no threads");
  };
  const check = (sum: number | bigint, each: number): void => {
    const expected = BigInt(POSTERS) * BigInt(each) * BigInt(each + 1) / 2n;
    if (BigInt(sum) !== expected) throw new Error(`wrong sum: ${sum}, not ${expected}`);
  };
  await using station = new Station();
  const event = station.event({ mode: "counted" });
  const siding: Run = async (count) => {
    const each = count * POSTS;
    const total = BigInt(POSTERS) * BigInt(each) * BigInt(each + 1) / 2n;
    let sum = 0n;
    start(event.pointer, event.handle, each);
    while (sum < total) sum += (await event.next()).value ?? 0n;
    if (bench_posts_join.sync() !== 0) throw new Error("posts were refused");
    check(sum, each);
  };
  const peer: Run = async (count) => {
    const each = count * POSTS;
    start(bench_posts_add.pointer, 0, each);
    await bench_posts_join();
    check(bench_posts_sum.sync(), each);
  };
  const rates = await alternate(siding, peer, effort);
  return { ...compared(name, "an atomic addition each", rates, POSTS * POSTERS), unit: "posts/s" };
};

function late(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * PERCENTILE) - 1]!;
}

/* How much longer than due it took from `last` to each of `count` ticks that come at once. */
function lateness(last: number, now: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => now - last - (i + 1) * TICK_MS);
}

/* From each tick to the next: nothing tells when exactly a timer was started. */
async function stationLateness(ticks: number): Promise<number> {
  await using station = new Station();
  const values: number[] = [];
  let last: number | undefined;
  for await (const { count } of station.timer({ every: TICK_MS })) {
    const now = performance.now();
    if (last !== undefined) values.push(...lateness(last, now, count));
    last = now;
    if (values.length >= ticks) break;
  }
  return late(values);
}

/* An interval leaves out what it is too late for: that counts as what a timer tells at once. */
async function intervalLateness(ticks: number): Promise<number> {
  const values: number[] = [];
  await new Promise<void>((resolve) => {
    let last = performance.now();
    const interval = setInterval(() => {
      const now = performance.now();
      const count = Math.max(Math.floor((now - last) / TICK_MS), 1);
      values.push(...lateness(last, now, count));
      last = now;
      if (values.length < ticks) return;
      clearInterval(interval);
      resolve();
    }, TICK_MS);
  });
  return late(values);
}

/** How late 99 of 100 ticks of a millisecond are at most, against `setInterval`. */
export const timerPrecision: Row = async (name, { rounds, roundMs }) => {
  const ticks = roundMs / TICK_MS;
  const [ours, theirs]: [number[], number[]] = [[], []];
  await stationLateness(ticks);
  await intervalLateness(ticks);
  for (let round = 0; round < rounds; round++) {
    ours.push(await stationLateness(ticks));
    await sleep(TICK_MS);
    theirs.push(await intervalLateness(ticks));
    await sleep(TICK_MS);
  }
  return inTimes(name, "ms", ours, "setInterval", theirs);
};
