import assert from "node:assert/strict";
import { type Readiness, SidingError, Station } from "../mod.ts";
import {
  boundSocket,
  CLOEXEC,
  close,
  connectTo,
  eventfd,
  exhaust,
  libc,
  listener,
  pipe,
  portOf,
  readNow,
  signalEvent,
  socketPair,
  spawn,
  STREAM,
  write,
} from "./support/descriptors.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { rejection, test, until } from "./support/harness.ts";

const WRITE_ONLY = 1;
const OUT_OF_BAND = 1;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SEND_BUFFER = 4096;
const CHUNK = 1024;
/** Bytes that a client sends. */
const SIZE = 40_000;

function systemError(error: unknown): string {
  assert.ok(error instanceof SidingError, String(error));
  assert.equal(error.code, "ERR_SIDING_SYSTEM");
  assert.equal(error.syscall, "epoll_ctl");
  return error.message.split(": ").at(-1)!;
}

function thrown(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("S1: readable and writable resolve when they are", async () => {
  await using station = new Station();
  const [from, to] = pipe();
  await station.writable(to);
  let isReadable = false;
  const waits = station.readable(from).then(() => isReadable = true);
  await station.writable(to);
  assert.equal(isReadable, false);
  write(to, "x");
  await waits;
  close(to);
  await station.readable(from); // what is there, then the end
  readNow(from);
  await station.readable(from);
  assert.deepEqual(readNow(from), new Uint8Array(0));
  close(from);
});

/* Small, so that room runs out. */
function smallPair(): [number, number] {
  const pair = socketPair();
  const size = new Uint8Array(Uint32Array.of(SEND_BUFFER).buffer);
  for (const one of pair) libc.setsockopt.sync(one, SOL_SOCKET, SO_SNDBUF, size, size.length);
  return pair;
}

/** Counts of those who write. */
interface Writes {
  /** How often somebody was told that there is room. */
  told: number;
  /** How often there was none all the same. */
  spurious: number;
  /** How often the room ran out. */
  full: number;
}

async function writeAll(station: Station, to: number, size: number, writes: Writes): Promise<void> {
  const bytes = new Uint8Array(CHUNK).fill(7);
  for (let left = size; left > 0;) {
    await station.writable(to);
    writes.told++;
    for (let isFirst = true; left > 0; isFirst = false) {
      const { value } = libc.write.sync(to, bytes, Math.min(left, CHUNK));
      if (value < 0) {
        if (isFirst) writes.spurious++;
        else writes.full++;
        break;
      }
      left -= Number(value);
    }
  }
}

async function readAll(station: Station, from: number, size: number): Promise<void> {
  for (let left = size; left > 0;) {
    await station.readable(from);
    left -= readNow(from)?.length ?? 0;
  }
}

for (const directions of ["one direction", "both directions"]) {
  test(`S1: 64 clients, all complete, at most 5 % spurious writables (${directions})`, async () => {
    await using station = new Station();
    const writes = { told: 0, spurious: 0, full: 0 };
    const pairs = Array.from({ length: 64 }, smallPair);
    await Promise.all(pairs.flatMap(([here, there]) => {
      const oneWay = [writeAll(station, here, SIZE, writes), readAll(station, there, SIZE)];
      if (directions === "one direction") return oneWay;
      return [...oneWay, writeAll(station, there, SIZE, writes), readAll(station, here, SIZE)];
    }));
    for (const pair of pairs) close(...pair);
    assert.ok(writes.full > 64, `room ran out ${writes.full} times`);
    assert.ok(writes.spurious <= writes.told * 0.05, JSON.stringify(writes));
  });
}

for (const trigger of ["level", "edge", "once"] as const) {
  test(`S1: shutdown and close of the peer are seen (${trigger})`, async () => {
    await using station = new Station();
    const [here, there] = socketPair();
    const next = async (): Promise<Readiness> => {
      const port = station.watch(here, { trigger });
      const { value } = await port.next();
      await port.close();
      return value!;
    };
    libc.shutdown.sync(there, WRITE_ONLY);
    const shut = await next();
    assert.deepEqual([shut.readable, shut.closed, shut.hungUp], [true, true, false]);
    close(there);
    const closed = await next();
    assert.deepEqual([closed.readable, closed.closed, closed.hungUp], [true, true, true]);
    close(here);
  });
}

test("S1: priority data is told apart from data", async () => {
  await using station = new Station();
  const server = listener();
  const client = connectTo(portOf(server));
  const connections = station.accept(server);
  const { value } = await connections.next();
  const { descriptor } = value!;
  const priority = station.watch(descriptor, { priority: true });
  write(client, "a");
  await station.readable(descriptor);
  assert.equal(priority.stats.buffered, 0);
  libc.send.sync(client, Uint8Array.of(33), 1, OUT_OF_BAND);
  const ready = await priority.next();
  assert.deepEqual([ready.value!.priority, ready.value!.readable], [true, false]);
  await station.close();
  close(server, client, descriptor);
});

test("S1: a level tells what holds now, an edge each change once", async () => {
  await using station = new Station();
  const event = eventfd();
  const level = station.watch(event);
  const edge = station.watch(event, { trigger: "edge" });
  for (let i = 0; i < 100; i++) {
    signalEvent(event);
    assert.equal((await edge.next()).value!.readable, true);
    assert.equal((await level.next()).value!.readable, true);
    assert.equal((await level.next()).value!.readable, true, "it still holds");
    readNow(event, 8);
  }
  const waits = level.next();
  signalEvent(event);
  assert.equal((await waits).value!.readable, true);
  await station.close();
  close(event);
});

test("S2: what cannot be watched is refused, and nothing is registered", async () => {
  await using station = new Station();
  const directory = libc.open.sync("/", CLOEXEC);
  const file = libc.open.sync("/etc/passwd", CLOEXEC);
  const event = eventfd();
  close(event);
  for (const [descriptor, errno] of [[directory, "EPERM"], [file, "EPERM"], [event, "EBADF"]]) {
    const fd = Number(descriptor);
    assert.equal(systemError(thrown(() => station.watch(fd))), errno);
    assert.equal(systemError(await rejection(station.readable(fd))), errno);
  }
  for (const wrong of [-1, 0.5, NaN, 2 ** 31]) {
    assert.throws(() => station.watch(wrong), { name: "RangeError" });
    assert.throws(() => station.readable(wrong), { name: "RangeError" });
    assert.throws(() => station.read(wrong), { name: "RangeError" });
  }
  for (const wrong of ["1", null, undefined, 1n]) {
    assert.throws(() => station.watch(wrong as never), { name: "TypeError" });
  }
  for (const wrong of ["never", "constructor"]) {
    assert.throws(() => station.watch(0, { trigger: wrong as never }), { name: "TypeError" });
  }
  assert.equal(station.stats.sources, 0);
  close(directory, file);
});

test("S3: several watchers of one descriptor each get what they asked for", async () => {
  await using station = new Station();
  const [here, there] = socketPair();
  const copy = libc.dup.sync(here);
  const reads = [station.watch(here), station.watch(here), station.watch(copy)];
  const writes = station.watch(here, { write: true });
  assert.equal((await writes.next()).value!.writable, true);
  const waits = reads.map((port) => port.next());
  write(there, "x");
  for (const { value } of await Promise.all(waits)) {
    assert.deepEqual([value!.readable, value!.writable], [true, false]);
  }
  await reads[0]!.close();
  close(here); // the copy keeps its own
  assert.equal((await reads[2]!.next()).value!.readable, true);
  await station.close();
  close(copy, there);
});

test("S4: watchers that are closed from inside a batch end once, and none fires", async () => {
  await using station = new Station();
  const event = eventfd();
  const ports = Array.from({ length: 2500 }, () => station.watch(event, { trigger: "edge" }));
  let ends = 0;
  let closing: Promise<unknown> | undefined;
  signalEvent(event);
  let fired = 0;
  for await (const _ of station.merge(...ports)) {
    assert.equal(closing, undefined, "one fired that was closed");
    if (++fired < 10) continue;
    closing = Promise.all(ports.map((port) => port.close().then(() => ends++)));
  }
  await closing;
  assert.deepEqual([fired, ends, station.stats.sources], [10, 2500, 0]);
  close(event);
});

test("S4: a descriptor's number used again gets nothing of its predecessor", async () => {
  await using station = new Station();
  for (let i = 0; i < 200; i++) {
    const [here, there] = socketPair();
    const port = station.watch(here, { trigger: "edge" });
    close(there); // it hangs up
    await port.close();
    close(here);
    const [again, other] = socketPair();
    const fresh = station.watch(again);
    const waits = fresh.next();
    await station.writable(again);
    assert.equal(fresh.stats.buffered, 0);
    await fresh.close();
    assert.deepEqual(await waits, { value: undefined, done: true });
    close(again, other);
  }
});

test("S5: removal is complete when its promise settles", async () => {
  await using station = new Station();
  const controller = new AbortController();
  const [from, to] = pipe();
  const waits = station.readable(from, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  assert.equal(await rejection(waits), reason);
  assert.equal(station.stats.sources, 0);
  assert.equal(await rejection(station.readable(from, { signal: controller.signal })), reason);
  const pending = station.readable(from);
  await station.close();
  const error = await rejection(pending);
  assert.equal((error as SidingError).code, "ERR_SIDING_CLOSED");
  assert.throws(() => station.watch(from), { code: "ERR_SIDING_CLOSED" });
  close(from, to);
});

test("S15: sources come and go while the station waits", async () => {
  await using station = new Station();
  const events = Array.from({ length: 16 }, () => eventfd());
  let taken = 0;
  const loops = events.map(async (event) => {
    for (let i = 0; i < 100; i++) {
      const port = station.watch(event, { trigger: i % 2 === 0 ? "level" : "edge" });
      const next = port.next();
      signalEvent(event);
      await next;
      taken++;
      await port.close();
    }
  });
  await Promise.all(loops);
  assert.equal(taken, 1600);
  assert.equal(station.stats.sources, 0);
  close(...events);
});

test("S15: two threads add and remove for 10 s while the poller waits", async () => {
  const outcome = await runProgram("station_churn", ["10000"]);
  expectExit(outcome, 0);
  const counts = JSON.parse(outcome.stdout) as number[];
  console.log(`${counts.join(" and ")} sources came and went`);
  assert.ok(counts.every((count) => count > 100), `${counts}`);
});

test("S17: out of descriptors the one who asks is told, everything else goes on", async () => {
  await using station = new Station();
  const event = eventfd();
  const port = station.watch(event);
  const pid = spawn("exit 7");
  const taken = exhaust(event);
  try {
    const refused = await rejection(station.child(pid)) as SidingError; // needs a descriptor
    assert.deepEqual([refused.code, refused.errno], ["ERR_SIDING_SYSTEM", 24]);
    assert.equal(station.stats.sources, 1);
    signalEvent(event);
    assert.equal((await port.next()).value!.readable, true);
    await station.sleep(1);
  } finally {
    close(...taken);
  }
  assert.deepEqual(await station.child(pid), { code: 7, signal: null });
  await station.readable(event);
  await station.close();
  close(event);
});

test("S3: a listening socket is readable when a connection waits", async () => {
  await using station = new Station();
  const server = listener();
  const waits = station.readable(server);
  const client = connectTo(portOf(server));
  await waits;
  await station.writable(client);
  const unbound = boundSocket(STREAM);
  const port = station.watch(unbound, { read: true, write: true });
  await until(() => port.stats.inFlight === 0, "nobody has asked");
  await port.close();
  close(server, client, unbound);
});
