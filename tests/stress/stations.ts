/**
 * Stations: bytes, readiness, times and posts from foreign threads, while ports are read slowly,
 * left, closed in the midst and never read.
 *
 * @module
 */
import { type Port, Station } from "../../mod.ts";
import type { StressLibrary } from "./library.ts";
import type { Random } from "./random.ts";
import { hold, type Tally } from "./tally.ts";

const FLOW_BYTES_MAX = 400_000;
/** What is read byte by byte is short: else it would take longer than the program. */
const FLOW_ITEMS_MAX = 1500;
const EXACT_BYTES_MAX = 3000;
const PART_BYTES_MAX = 20_000;
const PAUSE_MS_MAX = 5;
const WATCHERS_MAX = 40;
const POSTS_MAX = 3000;
const THREADS_MAX = 4;
const TICKS_MAX = 40;
/** Clocks of JavaScript may be coarse. */
const CLOCK_MS = 1;
const RECEIVE_DONT_WAIT = 0x40;

/** What a station has. */
export interface StationScene {
  readonly random: Random;
  readonly tally: Tally;
  readonly library: StressLibrary;
}

interface Visit extends StationScene {
  readonly station: Station;
}

type Visiting = (visit: Visit) => Promise<void>;

async function pause(random: Random): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, random.below(PAUSE_MS_MAX)));
}

/** Bytes that come from a foreign thread in parts of any size. */
class Flow {
  readonly key: number;
  readonly bytes: number;
  readonly descriptor: number;
  readonly #library: StressLibrary;
  readonly #number: number;
  #at = 0;

  /** @param size of what is read at a time */
  constructor({ random, library }: StationScene, size: number) {
    const parts = 1 + random.skewed(PART_BYTES_MAX);
    this.key = random.below(256);
    this.bytes = random.skewed(Math.min(FLOW_BYTES_MAX, FLOW_ITEMS_MAX * Math.min(size, parts)));
    this.#library = library;
    this.#number = library.flowStart.sync(this.key, this.bytes, parts);
    this.descriptor = library.flowDescriptor.sync(this.#number);
  }

  /** Looks at what comes next. */
  take(chunk: Uint8Array): void {
    const first = this.key + this.#at;
    const wrong = chunk.findIndex((byte, index) => byte !== (first + index) % 256);
    this.#at += chunk.length;
    hold(wrong < 0, "bytes come whole and in order", () => `byte ${wrong} of ${chunk.length}`);
  }

  /** Holds once all have come, but for those of an item that is not whole. */
  holdComplete(item = 1): void {
    const missing = this.bytes - this.#at;
    hold(missing >= 0 && missing < item, "no byte is lost", () => `${this.#at} of ${this.bytes}`);
  }

  /** Lets go of the descriptor. */
  leave(): void {
    this.#library.flowLeave.sync(this.#number);
  }
}

/* Reads until the end, or leaves before. Gives whether it read all. */
async function readAll(random: Random, port: Port<Uint8Array>, flow: Flow): Promise<boolean> {
  const leaves = random.chance(0.3) ? random.below(50) : Infinity;
  let items = 0;
  for await (const chunk of port) {
    flow.take(chunk);
    if (++items > leaves) return false;
    if (random.chance(0.02)) await pause(random);
  }
  return true;
}

async function reading(visit: Visit): Promise<void> {
  const { random, station } = visit;
  const size = 1 + random.skewed(70_000);
  const flow = new Flow(visit, size);
  const port = station.read(flow.descriptor, { size, capacity: 1 + random.below(16) });
  if (await readAll(random, port, flow)) flow.holdComplete();
  await port.close();
  flow.leave();
}

/* An end within an item is an error of its own. */
async function readingExactly(visit: Visit): Promise<void> {
  const { random, station } = visit;
  const size = 1 + random.below(EXACT_BYTES_MAX);
  const flow = new Flow(visit, size);
  const port = station.exact(flow.descriptor, { size });
  try {
    if (await readAll(random, port, flow)) flow.holdComplete();
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_SIDING_ENDED") throw error;
    flow.holdComplete(size);
  }
  await port.close();
  flow.leave();
}

/* Here JavaScript reads, as far as it gets. */
async function watching(visit: Visit): Promise<void> {
  const { random, station, library } = visit;
  const buffer = new Uint8Array(16_384);
  const flow = new Flow(visit, buffer.length);
  const trigger = random.pick(["level", "edge"] as const);
  const port = station.watch(flow.descriptor, { trigger });
  let isOver = false;
  for await (const _ of port) {
    for (;;) {
      const size = library.receive.sync(flow.descriptor, buffer, buffer.length, RECEIVE_DONT_WAIT);
      isOver = size === 0n;
      if (size <= 0n) break;
      flow.take(buffer.subarray(0, Number(size)));
      if (trigger === "level" && random.chance(0.2)) break;
    }
    if (isOver) break;
  }
  flow.holdComplete();
  await port.close();
  flow.leave();
}

/* Many of one descriptor, closed in any order while they are told. */
async function crowding(visit: Visit): Promise<void> {
  const { random, station } = visit;
  const flow = new Flow(visit, PART_BYTES_MAX);
  const ports = Array.from(
    { length: 1 + random.below(WATCHERS_MAX) },
    () =>
      station.watch(flow.descriptor, {
        trigger: random.pick(["level", "edge", "once"] as const),
        write: random.chance(0.5),
      }),
  );
  const waits = ports.map((port) => random.chance(0.7) ? port.next() : undefined);
  if (random.chance(0.5)) await pause(random);
  while (ports.length > 0) {
    const [port] = ports.splice(random.below(ports.length), 1);
    const closing = port!.close();
    if (random.chance(0.3)) await closing;
  }
  await Promise.all(waits);
  flow.leave();
}

async function ticking({ random, station, tally }: Visit): Promise<void> {
  const every = 0.2 + random.next() * 4;
  const wanted = 1 + random.below(TICKS_MAX);
  const start = performance.now();
  let ticks = 0;
  for await (const { count } of station.timer({ every })) {
    ticks += count;
    const elapsed = performance.now() - start;
    const isEarly = ticks * every > elapsed + CLOCK_MS;
    hold(!isEarly, "no timer is early", () => `${ticks} of ${every} ms in ${elapsed} ms`);
    if (ticks >= wanted) break;
  }
  tally.note("ticks", "taken", ticks);
}

async function posted({ random, station, library, tally }: Visit): Promise<void> {
  const event = station.event({ mode: "counted" });
  const [threads, count] = [1 + random.below(THREADS_MAX), 1 + random.below(POSTS_MAX)];
  const leaves = random.chance(0.3);
  library.postersStart.sync(event.pointer, event.handle, threads, count);
  let sum = 0n;
  while (sum < threads * count && !(leaves && random.chance(0.3))) {
    const { value } = await event.next();
    sum += value ?? 0n;
  }
  hold(sum <= threads * count, "posts are counted once", () => `${sum} of ${threads * count}`);
  tally.note("posts", "taken", Number(sum));
  await event.close();
}

const VISITS: readonly Visiting[] = [
  reading,
  reading,
  readingExactly,
  watching,
  crowding,
  ticking,
  posted,
];

/* The station may be closed under what it does. */
async function visit(scene: StationScene): Promise<void> {
  const { random, tally } = scene;
  await using station = new Station();
  const visits = Array.from({ length: 1 + random.below(4) }, () => {
    const visiting = random.pick(VISITS);
    return tally.follow(`station ${visiting.name}`, visiting({ ...scene, station }));
  });
  await Promise.all(visits);
}

/** Visits one station after the other until it is told to stop. */
export async function stationer(scene: StationScene, goesOn: () => boolean): Promise<void> {
  while (goesOn()) await visit(scene);
}
