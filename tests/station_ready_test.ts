import assert from "node:assert/strict";
import { type Readiness, SidingError, Station } from "../mod.ts";
import {
  boundSocket,
  CLOEXEC,
  close,
  connectTo,
  eventfd,
  libc,
  listener,
  pipe,
  portOf,
  readNow,
  signalEvent,
  socketPair,
  STREAM,
  write,
} from "./support/descriptors.ts";
import { rejection, test, until } from "./support/harness.ts";

const WRITE_ONLY = 1;
const OUT_OF_BAND = 1;

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

test("S1: 64 clients on duplex sockets, all complete, at most 5 % spurious writables", async () => {
  await using station = new Station();
  const ROUNDS = 20;
  let writables = 0;
  let spurious = 0;
  const bytes = new Uint8Array(16).fill(7);
  const client = async (here: number) => {
    for (let round = 0; round < ROUNDS; round++) {
      await station.writable(here);
      writables++;
      if (libc.write.sync(here, bytes, bytes.length).value < 0) spurious++;
      let left = bytes.length;
      while (left > 0) {
        await station.readable(here);
        left -= readNow(here, left)?.length ?? 0;
      }
    }
  };
  const echo = async (there: number) => {
    for await (const ready of station.watch(there)) {
      if (!ready.readable) continue;
      const data = readNow(there);
      if (data?.length === 0) break;
      if (data !== null) write(there, data);
    }
  };
  const pairs = Array.from({ length: 64 }, () => socketPair());
  const echoes = pairs.map(([, there]) => echo(there));
  await Promise.all(pairs.map(([here]) => client(here)));
  for (const [here] of pairs) close(here);
  await Promise.all(echoes);
  for (const [, there] of pairs) close(there);
  assert.equal(writables, 64 * ROUNDS);
  assert.ok(spurious <= writables * 0.05, `${spurious} of ${writables}`);
});

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

test("S17: out of descriptors the one who asks is told, everything else goes on", async () => {
  await using station = new Station();
  const event = eventfd();
  const port = station.watch(event);
  const taken: number[] = [];
  try {
    for (;;) taken.push(libc.dup.sync(event));
  } catch (error) {
    assert.equal((error as SidingError).errno, 24);
  }
  try {
    signalEvent(event);
    assert.equal((await port.next()).value!.readable, true);
    await station.sleep(1);
  } finally {
    close(...taken);
  }
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
