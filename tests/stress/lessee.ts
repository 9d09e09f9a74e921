/**
 * Somebody who leases one context after the other and does what comes to mind with each.
 *
 * @module
 */
import { bind, Context, type ContextLibrary, type ContextOptions } from "../../mod.ts";
import { openTestlib, type Testlib } from "../support/testlib.ts";
import type { Random } from "./random.ts";
import { ABORTED, hold, type Tally } from "./tally.ts";

const CALLS_MAX = 24;
const BUFFER_BYTES_MAX = 20_000;
const SLEEP_MS_MAX = 6;
const SPIN_US_MAX = 400;
const DRAIN_MS_MAX = 30;
/** Longer than two drain times. */
const WEDGE_MS = 90;
/** How late a thread may be that the system does not let run. */
const LATE_MS_MAX = 5_000;

/** What a lessee has. */
interface Scene {
  readonly random: Random;
  readonly tally: Tally;
  readonly library: Testlib;
  /** Two counters of the library that nobody else uses begin here. */
  readonly counter: number;
}

/** One lease. */
interface Lease extends Scene {
  readonly context: Context;
  readonly here: ContextLibrary<Testlib>;
}

/** A call of some signature, checked against what C must have made of it. */
type Call = (lease: Lease) => Promise<unknown>;

async function add({ random, tally, here }: Lease): Promise<void> {
  const [a, b] = [random.below(2 ** 31), -random.below(2 ** 31)];
  const sum = await tally.follow("add", here.add(a, b));
  hold(sum === undefined || sum === a + b, "results are exact", () => `${a} + ${b} gave ${sum}`);
}

async function text({ random, tally, here }: Lease): Promise<void> {
  const sent = `text ${random.next()}`.repeat(1 + random.skewed(60));
  const got = await tally.follow("text", here.echoText(sent));
  hold(got === undefined || got === sent, "results are exact", () => `a text came as "${got}"`);
}

async function buffer({ random, tally, here }: Lease): Promise<void> {
  const bytes = new Uint8Array(1 + random.skewed(BUFFER_BYTES_MAX)).fill(random.below(200));
  const [first, size] = [bytes[0]!, bytes.length];
  const sum = await tally.follow("buffer", here.increment(bytes, size));
  const right = bytes.every((byte) => byte === (sum === undefined ? first : first + 1));
  hold(right, "buffers come back filled or not at all", () => `${size} bytes of ${first}`);
}

async function errno({ random, tally, here }: Lease): Promise<void> {
  const error = random.below(100);
  const result = await tally.follow("errno", here.errnoFail(error));
  const right = result === undefined || result.errno === error;
  hold(right, "errno is that of the call", () => `${error} came as ${result?.errno}`);
}

async function wait({ random, tally, here }: Lease): Promise<void> {
  await tally.follow("spin", here.spin(random.below(SPIN_US_MAX)));
}

async function timeout({ random, tally, here }: Lease): Promise<void> {
  const name = random.pick(["timeout", "runTimeout"] as const);
  const options = { [name]: 1 + random.below(SLEEP_MS_MAX) };
  await tally.follow(name, here.sleep.with(options)(random.below(SLEEP_MS_MAX)));
}

async function abort({ random, tally, here }: Lease): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const options = random.chance(0.3) ? { signal, interrupt: "signal" as const } : { signal };
  const call = tally.follow("abort", here.sleep.with(options)(random.below(SLEEP_MS_MAX)));
  const pause = random.below(SLEEP_MS_MAX);
  const timer = setTimeout(() => controller.abort(ABORTED), pause);
  await call;
  clearTimeout(timer);
}

async function shared({ random, tally, library }: Lease): Promise<void> {
  const a = random.below(1000);
  const sum = await tally.follow("shared", library.add(a, 1));
  hold(sum === a + 1, "results are exact", () => `${a} + 1 gave ${sum}`);
}

const CALLS: readonly Call[] = [add, add, text, buffer, errno, wait, timeout, abort, shared];

/* A counter in C tells in which order calls ran. */
async function inOrder({ random, tally, here, counter }: Lease): Promise<void> {
  let seen = 0;
  const calls = Array.from({ length: 1 + random.below(CALLS_MAX) }, (_, index) => ({
    ended: tally.follow("ordered", here.countAdd(counter)),
    index,
  }));
  for (const { ended, index } of calls) {
    const count = await ended;
    if (count === undefined) continue;
    const detail = (): string => `call ${index} was number ${count}, after ${seen}`;
    hold(count > seen, "calls of a context run in their order", detail);
    seen = count;
  }
}

async function onOneThread({ random, tally, here }: Lease): Promise<void> {
  const length = 1 + random.below(6);
  const ids = await Promise.all(
    Array.from({ length }, () => tally.follow("thread", here.threadId())),
  );
  const known = new Set(ids.filter((id) => id !== undefined));
  hold(known.size <= 1, "a context is one thread", () => `threads ${[...known].join(", ")}`);
}

async function repeated({ random, tally, context, here, counter }: Lease): Promise<void> {
  const wanted = 1 + random.below(40);
  using body = bind(here.countAdd, counter + 1);
  const port = context.repeat(body, { capacity: 1 + random.below(32) });
  const take = async (): Promise<number> => {
    let [taken, seen] = [0, 0];
    for await (const count of port) {
      hold(count > seen, "events of a repetition come in order", () => `${count} after ${seen}`);
      seen = count;
      if (++taken === wanted) break;
    }
    return taken;
  };
  const taken = await tally.follow("repeat", take());
  hold(taken === undefined || taken === wanted, "a port ends when it is left", () => `${taken}`);
}

/* Deferred calls run before the release resolves, or soon after where the thread came too late. */
async function deferring(lease: Lease): Promise<void> {
  const { random, tally, context, library, here, counter } = lease;
  await add(lease);
  const before = library.countGet.sync(counter);
  const bodies = Array.from({ length: 1 + random.below(4) }, () => bind(here.countAdd, counter));
  for (const body of bodies) context.defer(body);
  await tally.follow("release", context.release());
  for (const body of bodies) body[Symbol.dispose]();
  const end = performance.now() + LATE_MS_MAX;
  const ran = (): number => library.countGet.sync(counter) - before;
  while (ran() < bodies.length && performance.now() < end) await sleep(1);
  const detail = (): string => `${ran()} of ${bodies.length}`;
  hold(ran() === bodies.length, "what is deferred runs once", detail);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/* Some of them run, the others are refused; none is forgotten. */
async function releasedFull({ random, tally, context, here }: Lease): Promise<void> {
  const length = 1 + random.below(CALLS_MAX);
  const calls = Array.from({ length }, () => tally.follow("queued", here.spin(50)));
  await tally.follow("release", context.release());
  await Promise.all(calls);
}

/* The lease ends without its thread, which comes back by itself. */
async function wedged({ tally, context, here }: Lease): Promise<void> {
  const call = tally.follow("wedge", here.sleep(WEDGE_MS));
  await tally.follow("release", context.release());
  await call;
}

async function filled({ random, tally, here }: Lease): Promise<void> {
  const bytes = new Uint8Array(1 + random.skewed(BUFFER_BYTES_MAX));
  const size = bytes.length;
  await tally.follow("fill", here.fill(bytes, size, 7));
  const sum = await tally.follow("sum", here.sum(bytes, size));
  const detail = (): string => `${size} bytes of 7 are ${sum}`;
  hold(sum === undefined || sum === BigInt(size) * 7n, "results are exact", detail);
}

function optionsOf(random: Random, signal: AbortSignal): ContextOptions {
  return {
    name: `stress ${random.below(100)}`,
    thread: random.chance(0.05) ? "fresh" : "pooled",
    drainTimeout: 1 + random.below(DRAIN_MS_MAX),
    stuckAfter: random.pick([0, 2, 1000]),
    ...random.chance(0.2) ? { signal } : {},
    ...random.chance(0.1) ? { timeout: 1 + random.below(20) } : {},
    ...random.chance(0.05) ? { wait: false } : {},
  };
}

async function acquire({ random, tally }: Scene): Promise<Context | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(ABORTED), random.below(10));
  const options = optionsOf(random, controller.signal);
  const context = await tally.follow("acquire", Context.acquire(options));
  clearTimeout(timer);
  return context;
}

const ACTS: readonly ((lease: Lease) => Promise<void>)[] = [inOrder, onOneThread, filled, repeated];

async function use(lease: Lease): Promise<void> {
  const { random, tally, context } = lease;
  const stuck = random.chance(0.1) ? context.on("stuck", () => tally.note("stuck", "told")) : null;
  const rounds = random.skewed(8);
  for (let round = 0; round < rounds; round++) {
    const calls = Array.from({ length: random.below(CALLS_MAX) }, () => random.pick(CALLS)(lease));
    await Promise.all([...calls, random.pick(ACTS)(lease)]);
  }
  stuck?.[Symbol.dispose]();
}

async function end(lease: Lease): Promise<void> {
  const { random, tally, context } = lease;
  const how = random.next();
  if (how < 0.05) return await wedged(lease);
  if (how < 0.2) return await releasedFull(lease);
  if (how < 0.3) return await deferring(lease);
  const releases = Array.from({ length: 1 + random.below(3) }, () => context.release());
  await Promise.all(releases.map((release) => tally.follow("release", release)));
}

/** Leases until it is told to stop. */
export async function lessee(
  random: Random,
  tally: Tally,
  counter: number,
  goesOn: () => boolean,
): Promise<void> {
  const library = openTestlib();
  const scene: Scene = { random, tally, library, counter };
  while (goesOn()) {
    const context = await acquire(scene);
    if (context === undefined) continue;
    const lease = { ...scene, context, here: context.use(library) };
    await use(lease);
    await end(lease);
  }
}
