import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  bind,
  chain,
  configure,
  type Connection,
  Context,
  type Port,
  type SidingError,
  Station,
  stats,
} from "../mod.ts";
import { socketAddress } from "../src/socket_address.ts";
import {
  boundSocket,
  CLOEXEC,
  close,
  connectTo,
  DGRAM,
  eventfd,
  isOpen,
  libc,
  listener,
  loopback,
  NONBLOCK,
  pipe,
  portOf,
  signalEvent,
  socketPair,
  write,
} from "./support/descriptors.ts";
import { inTime, rejection, runtimeName, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

const SOL_SOCKET = 1;
const SO_LINGER = 13;
const decoder = new TextDecoder();

async function all<T>(port: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of port) items.push(item);
  return items;
}

async function taken<T>(port: Port<T>): Promise<T> {
  const { value, done } = await port.next();
  assert.equal(done, false, "it has ended");
  return value!;
}

function bytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i * 31 + (i >> 8));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/* A flag of 0 makes a pipe that blocks: an even older kernel would have it carried by a thread. */
for (const flags of [NONBLOCK | CLOEXEC, CLOEXEC]) {
  const kind = flags === CLOEXEC ? "a blocking pipe" : "a pipe";

  test(`S12: exactly the size asked for, across writes of one byte (${kind})`, async () => {
    await using station = new Station();
    const [from, to] = pipe(flags);
    const items = all(station.exact(from, { size: 7 }));
    const data = bytes(70);
    for (const byte of data) {
      write(to, Uint8Array.of(byte));
      if (byte % 3 === 0) await station.sleep(0.2);
    }
    close(to);
    const found = await items;
    assert.deepEqual(found.map(({ length }) => length), Array(10).fill(7));
    assert.deepEqual(joined(found), data);
    close(from);
  });

  test(`S12: at most the size asked for, and the end of the stream (${kind})`, async () => {
    await using station = new Station();
    const [from, to] = pipe(flags);
    const port = station.read(from, { size: 10 });
    const data = bytes(1000);
    write(to, data);
    close(to);
    const found = await all(port);
    assert.ok(found.every(({ length }) => length >= 1 && length <= 10));
    assert.deepEqual(joined(found), data);
    assert.deepEqual(await port.next(), { value: undefined, done: true });
    close(from);
  });

  test(`S12: a stream that ends within an item is told of (${kind})`, async () => {
    await using station = new Station();
    const [from, to] = pipe(flags);
    const port = station.exact(from, { size: 4 });
    write(to, "abcdef");
    close(to);
    assert.equal(decoder.decode(await taken(port)), "abcd");
    const error = await rejection(port.next()) as SidingError;
    assert.equal(error.code, "ERR_SIDING_ENDED");
    assert.equal((await port.next()).done, true);
    close(from);
  });
}

test("S12: large reads are whole", async () => {
  await using station = new Station();
  const [from, to] = socketPair();
  const data = bytes(4 << 20);
  const reading = all(station.read(from, { size: 1 << 20 }));
  for (let at = 0; at < data.length;) {
    await station.writable(to);
    const part = data.subarray(at, at + 300_000);
    at += Math.max(Number(libc.write.sync(to, part, part.length).value), 0);
  }
  close(to);
  assert.deepEqual(joined(await reading), data);
  close(from);
});

test("S12: an error carries its errno", async () => {
  await using station = new Station();
  const server = listener();
  const client = connectTo(portOf(server));
  const { descriptor } = await taken(station.accept(server));
  const port = station.read(descriptor);
  libc.setsockopt.sync(client, SOL_SOCKET, SO_LINGER, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8);
  close(client);
  const error = await rejection(port.next()) as SidingError;
  assert.deepEqual([error.code, error.syscall], ["ERR_SIDING_SYSTEM", "read"]);
  assert.match(error.message, /Cannot read bytes from descriptor \d+: ECONNRESET/);
  close(server, descriptor);
});

test("S12: connections come with their addresses", async () => {
  await using station = new Station();
  const server = listener();
  const connections = station.accept(server);
  const clients = Array.from({ length: 50 }, () => connectTo(portOf(server)));
  const ports = new Set(clients.map(portOf));
  for (let i = 0; i < clients.length; i++) {
    const { descriptor, address } = await taken(connections);
    assert.deepEqual([address.family, address.address], ["IPv4", "127.0.0.1"]);
    assert.ok(ports.delete(address.port), "each comes once");
    write(descriptor, "hello");
    close(descriptor);
  }
  for (const client of clients) {
    await station.readable(client);
    const [text] = await all(station.read(client));
    assert.equal(decoder.decode(text), "hello");
  }
  close(server, ...clients);
});

test("S12: connections reset before they are accepted fail nothing", async () => {
  await using station = new Station();
  const server = listener();
  const connections = station.accept(server);
  for (let round = 0; round < 50; round++) {
    const client = connectTo(portOf(server));
    libc.setsockopt.sync(client, SOL_SOCKET, SO_LINGER, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8);
    close(client);
  }
  const client = connectTo(portOf(server));
  const own = portOf(client);
  for await (const { descriptor, address } of connections) {
    close(descriptor);
    if (address.port === own) break;
  }
  close(server, client);
});

test("S12: connections that nobody takes are closed", async () => {
  await using station = new Station();
  const server = listener();
  const connections = station.accept(server);
  const clients = Array.from({ length: 10 }, () => connectTo(portOf(server)));
  close((await taken(connections)).descriptor);
  await connections.close();
  close(server);
  for (const client of clients) {
    await station.readable(client);
    const ready = await taken(station.watch(client));
    assert.equal(ready.closed, true);
    close(client);
  }
});

test("S12: connections that a merge has taken are closed with their port", async () => {
  await using station = new Station();
  const server = listener();
  const clients = Array.from({ length: 3 }, () => connectTo(portOf(server)));
  const connections = station.accept(server);
  const merged = station.merge(connections, station.timer({ every: 1 }));
  let { source, value } = await taken(merged);
  while (source !== connections) ({ source, value } = await taken(merged));
  await connections.close(); // with what waits behind the first one
  for (let i = 0; i < 3; i++) assert.notEqual((await taken(merged)).source, connections);
  close((value as Connection).descriptor, server);
  for (const client of clients) {
    await station.readable(client);
    assert.equal((await taken(station.watch(client))).closed, true);
    close(client);
  }
});

/* Takes all descriptors that are left but `spare` of them. */
function exhaust(descriptor: number, spare: number): number[] {
  const taken: number[] = [];
  try {
    for (;;) taken.push(libc.dup.sync(descriptor));
  } catch (error) {
    assert.equal((error as SidingError).errno, 24);
  }
  close(...taken.splice(0, spare));
  return taken;
}

for (const kind of ["a listener", "a listener that blocks"]) {
  test(`S12: accept waits where there is no descriptor left, and recovers (${kind})`, async () => {
    await using station = new Station();
    const server = kind === "a listener" ? listener() : blockingListener();
    const connections = station.accept(server);
    const first = connectTo(portOf(server));
    close((await taken(connections)).descriptor); // all is there that it needs
    const client = libc.socket.sync(2, 1 | CLOEXEC, 0);
    const left = exhaust(server, 0);
    try {
      libc.connect.sync(client, loopback(portOf(server)), 16);
      const next = connections.next();
      const before = stats().wakes;
      await station.sleep(200);
      assert.ok(stats().wakes - before < 50, "it does not spin");
      close(...left.splice(0));
      const { value } = await next;
      assert.equal(value!.address.family, "IPv4");
      close(value!.descriptor);
    } finally {
      close(...left);
      await station.close();
      close(server, first, client);
    }
  });
}

function blockingListener(): number {
  const socket = libc.socket.sync(2, 1 | CLOEXEC, 0);
  libc.bind.sync(socket, loopback(0), 16);
  libc.listen.sync(socket, 16);
  return socket;
}

test("S13: a listening socket that blocks is carried by a thread, and ends", async () => {
  await using station = new Station();
  const server = blockingListener();
  const connections = station.accept(server);
  for (let i = 0; i < 10; i++) {
    const client = connectTo(portOf(server));
    const { descriptor, address } = await taken(connections);
    assert.equal(address.port, portOf(client));
    close(client, descriptor);
  }
  const start = performance.now();
  await connections.close();
  assert.ok(performance.now() - start < limitMs(2000));
  close(server);
});

test("S13: connections from before an error are given", async () => {
  await using station = new Station();
  const server = blockingListener();
  const capacity = 8;
  const port = station.accept(server, { capacity });
  await until(() => port.stats.inFlight === capacity, "a thread accepts");
  const clients = Array.from({ length: 3 }, () => connectTo(portOf(server)));
  await until(() => port.stats.inFlight === capacity - 3, "they were accepted");
  libc.shutdown.sync(server, 0);
  await until(() => port.stats.inFlight === 0, "it has failed");
  for (const client of clients) {
    const { descriptor, address } = await taken(port);
    assert.equal(address.port, portOf(client));
    close(descriptor, client);
  }
  assert.equal((await rejection(port.next()) as SidingError).syscall, "accept4");
  close(server);
});

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("S13: a connection that comes as the port is closed is closed", async () => {
  await using station = new Station();
  const server = blockingListener();
  const port = station.accept(server);
  await until(() => port.stats.inFlight > 0, "a thread accepts");
  const before = descriptors();
  const client = connectTo(portOf(server));
  const end = performance.now() + 10_000;
  while (descriptors() < before + 2) { // it is accepted, and nobody here is told
    assert.ok(performance.now() < end, "nobody accepts it");
  }
  await port.close();
  await inTime(station.readable(client), "it was closed");
  assert.equal((await taken(station.watch(client))).closed, true);
  close(server, client);
});

test("S12: datagrams come with their addresses, and say when they were cut off", async () => {
  await using station = new Station();
  const socket = boundSocket(DGRAM);
  const sender = boundSocket(DGRAM);
  const port = station.receive(socket, { size: 64 });
  const to = loopback(portOf(socket));
  for (const size of [1, 0, 64, 63, 65, 200]) {
    const data = bytes(size);
    libc.sendto.sync(sender, data, size, 0, to, to.length);
    const datagram = await taken(port);
    assert.deepEqual(datagram.data, data.subarray(0, 64));
    assert.deepEqual([datagram.size, datagram.truncated], [size, size > 64]);
    assert.deepEqual(datagram.address, {
      family: "IPv4",
      address: "127.0.0.1",
      port: portOf(sender),
    });
  }
  const pair = socketPair(DGRAM);
  const unnamed = station.receive(pair[0]);
  write(pair[1], "x");
  const { data, address } = await taken(unnamed);
  assert.deepEqual([decoder.decode(data), address?.address ?? ""], ["x", ""]);
  await station.close();
  close(socket, sender, ...pair);
});

test("S12: sizes and descriptors that cannot be are refused", async () => {
  await using station = new Station();
  const [from, to] = pipe();
  for (const size of [0, -1, 1.5, NaN, (64 << 20) + 1]) {
    assert.throws(() => station.read(from, { size }), { name: "RangeError" });
    assert.throws(() => station.exact(from, { size }), { name: "RangeError" });
    assert.throws(() => station.receive(from, { size }), { name: "RangeError" });
  }
  for (const capacity of [0, -1, 1.5, 65_537]) {
    assert.throws(() => station.read(from, { capacity }), { name: "RangeError" });
  }
  assert.throws(() => station.exact(from, {} as never), { name: "TypeError" });
  assert.throws(() => station.read(from, { size: "1" as never }), { name: "TypeError" });
  assert.throws(() => station.preread(from, 1 as never), { name: "TypeError" });
  using rounds = bind(chain(libc, (s) => [s.run.getpid()]), 1);
  assert.throws(() => station.preread(from, rounds as never), {
    name: "TypeError",
    message: /a bound chain/,
  });
  assert.throws(() => station.accept(from), { code: "ERR_SIDING_SYSTEM", syscall: "accept4" });
  assert.throws(() => station.receive(from), { code: "ERR_SIDING_SYSTEM", syscall: "recvmsg" });
  assert.equal(station.stats.sources, 0);
  close(from, to);
});

test("S13: a file that knows no readiness is read to its end by a thread of its own", async () => {
  await using station = new Station();
  const file = libc.open.sync("/etc/services", CLOEXEC);
  const expected = await readFile("/etc/services");
  const parts = await all(station.read(file, { size: 1000, capacity: 3 }));
  assert.deepEqual(joined(parts), new Uint8Array(expected));
  close(file);
  const zeros = libc.open.sync("/dev/zero", CLOEXEC);
  let count = 0;
  for await (const item of station.exact(zeros, { size: 100_000 })) {
    assert.equal(item.length, 100_000);
    if (++count === 5) break;
  }
  await until(() => stats().slots.active === 0, "its thread is given back");
  close(zeros);
});

test("S13: what a file has before its end within an item is given", async () => {
  await using station = new Station();
  const folder = await mkdtemp(`${tmpdir()}/siding-`);
  await writeFile(`${folder}/data`, bytes(2500));
  const file = libc.open.sync(`${folder}/data`, CLOEXEC);
  const port = station.exact(file, { size: 1000 });
  await until(() => port.stats.buffered === 1 && port.stats.inFlight === 0, "all was read");
  const parts = [await taken(port), await taken(port)];
  assert.deepEqual(joined(parts), bytes(2500).subarray(0, 2000));
  assert.equal((await rejection(port.next()) as SidingError).code, "ERR_SIDING_ENDED");
  await rm(folder, { recursive: true });
  close(file);
});

test("S13: a port that waits for a thread closes at once", async () => {
  configure({ threads: 1 });
  try {
    await using held = await Context.acquire();
    const station = new Station();
    const zeros = libc.open.sync("/dev/zero", CLOEXEC);
    const port = station.read(zeros);
    const next = port.next();
    await until(() => stats().waiting === 1, "it waits in line");
    await inTime(station.close(), "it is closed while the only thread is another's");
    assert.equal((await next).done, true);
    assert.equal(stats().waiting, 0);
    assert.equal(held.name, "");
    close(zeros);
  } finally {
    configure({ threads: 64 });
  }
});

test("S13: a read that blocks for ever ends when its port is closed", async () => {
  await using station = new Station();
  const terminal = libc.posix_openpt.sync(0o2 | 0o400); // which blocks, and cannot be asked not to
  const port = station.read(terminal);
  const next = port.next();
  await station.sleep(5);
  const start = performance.now();
  await port.close();
  assert.ok(performance.now() - start < limitMs(1500));
  assert.equal((await next).done, true);
  close(terminal);
});

test("S14: who takes nothing stops the reading, and nothing is lost", async () => {
  await using station = new Station();
  const [from, to] = socketPair();
  const port = station.read(from, { size: 1000, capacity: 4 });
  const data = bytes(1 << 20);
  let at = 0;
  const writing = (async () => {
    while (at < data.length) {
      await station.writable(to);
      const part = data.subarray(at, at + 10_000);
      at += Math.max(Number(libc.write.sync(to, part, part.length).value), 0);
    }
    close(to);
  })();
  await until(() => port.stats.buffered === 4, "it is full");
  assert.deepEqual(port.stats, { delivered: 0, buffered: 4, inFlight: 0, capacity: 4 });
  await until(() => at >= 50_000, "the socket's own buffer fills");
  assert.equal(port.stats.buffered, 4);
  assert.ok(at < data.length);
  assert.deepEqual(joined(await all(port)), data);
  await writing;
  close(from);
});

test("S12: what an eventfd, a timerfd and inotify give is decoded", async () => {
  await using station = new Station();
  const event = eventfd();
  const counts = station.eventfd(event);
  signalEvent(event, 5n);
  assert.equal(await taken(counts), 5n);
  const timer = libc.timerfd_create.sync(1, NONBLOCK | CLOEXEC);
  libc.timerfd_settime.sync(timer, 0, [0n, 1_000_000n, 0n, 1_000_000n], null);
  assert.ok(await taken(station.timerfd(timer)) >= 1n);
  const [own] = await inotify(station);
  await station.close();
  close(event, timer, own);
});

/* No thread of a runtime blocks signals; what a signalfd would give comes by a pipe here. */
test("S12: what a signalfd gives is decoded", async () => {
  await using station = new Station();
  const [from, to] = pipe();
  const caught = new Uint8Array(2 * 128);
  const view = new DataView(caught.buffer);
  for (const [at, signal, pid] of [[0, 12, 77], [128, 39, 78]] as const) {
    view.setUint32(at, signal, true);
    view.setInt32(at + 8, -1, true);
    view.setUint32(at + 12, pid, true);
    view.setUint32(at + 16, 1000, true);
    view.setInt32(at + 44, 5, true);
  }
  write(to, caught);
  const port = station.signalfd(from);
  const common = { code: -1, uid: 1000, status: 0, value: 5 };
  assert.deepEqual(await taken(port), { signal: "SIGUSR2", pid: 77, ...common });
  assert.deepEqual(await taken(port), { signal: "SIG39", pid: 78, ...common });
  await station.close();
  close(from, to);
});

test("S12: addresses of every family are read", () => {
  const inet6 = (groups: readonly number[], scope = 0): Uint8Array => {
    const bytes = new Uint8Array(28);
    const view = new DataView(bytes.buffer);
    bytes[0] = 10;
    view.setUint16(2, 443);
    groups.forEach((group, i) => view.setUint16(8 + 2 * i, group));
    view.setUint32(24, scope, true);
    return bytes;
  };
  const unix = (path: string): Uint8Array => Uint8Array.of(1, 0, ...new TextEncoder().encode(path));
  const texts: readonly (readonly [Uint8Array, string, string, number])[] = [
    [loopback(80), "IPv4", "127.0.0.1", 80],
    [inet6([0, 0, 0, 0, 0, 0, 0, 1]), "IPv6", "::1", 443],
    [inet6([0, 0, 0, 0, 0, 0, 0, 0]), "IPv6", "::", 443],
    [inet6([0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]), "IPv6", "2001:db8::1:0:0:1", 443],
    [inet6([0x2001, 0xdb8, 0, 1, 1, 1, 1, 1]), "IPv6", "2001:db8:0:1:1:1:1:1", 443],
    [inet6([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1]), "IPv6", "::ffff:127.0.0.1", 443],
    [inet6([0xfe80, 0, 0, 0, 0, 0, 0, 1], 2), "IPv6", "fe80::1%2", 443],
    [unix("/run/x\0"), "unix", "/run/x", 0],
    [unix("\0name"), "unix", "\0name", 0],
    [unix(""), "unix", "", 0],
    [Uint8Array.of(16, 0, 1, 255), "other", "100001ff", 0],
  ];
  for (const [bytes, family, address, port] of texts) {
    assert.deepEqual(socketAddress(bytes), { family, address, port });
  }
});

async function inotify(station: Station): Promise<[number]> {
  const folder = await mkdtemp(`${tmpdir()}/siding-`);
  const descriptor = libc.inotify_init1.sync(NONBLOCK | CLOEXEC);
  const watch = libc.inotify_add_watch.sync(descriptor, folder, 0xfff);
  const changes = station.inotify(descriptor);
  await writeFile(`${folder}/one`, "x");
  await rename(`${folder}/one`, `${folder}/two`);
  const names: string[] = [];
  const cookies = new Set<number>();
  for await (const change of changes) {
    assert.equal(change.watch, watch);
    names.push(`${change.flags.join()} ${change.name}`);
    if (change.cookie !== 0) cookies.add(change.cookie);
    if (change.flags.includes("MOVED_TO")) break;
  }
  await rm(folder, { recursive: true });
  assert.ok(names.includes("CREATE one") && names.includes("MODIFY one"), names.join());
  assert.deepEqual(names.slice(-2), ["MOVED_FROM one", "MOVED_TO two"]);
  assert.equal(cookies.size, 1);
  return [descriptor];
}

test("B3: a bound call prereads, and gives its results", async () => {
  await using station = new Station();
  const [from, to] = pipe();
  using read = bind(libc.read, from, new Uint8Array(4), 4);
  const port = station.preread(from, read, { until: 0n, emit: { not: -1n } });
  write(to, "abcdefghij");
  const sizes: bigint[] = [];
  const items = (async () => {
    for await (const { value } of port) sizes.push(value);
  })();
  close(to);
  await items;
  assert.deepEqual(sizes, [4n, 4n, 2n]);
  const other = pipe();
  using event = bind(libc.getpid);
  const endless = station.preread(other[0], event, { capacity: 2 });
  write(other[1], "x"); // which nobody reads
  assert.equal(await taken(endless), libc.getpid.sync());
  await endless.close();
  assert.equal(isOpen(other[0]), true);
  assert.throws(() => station.preread(other[0], event, { until: "1" as never }), {
    name: "TypeError",
  });
  close(from, ...other);
});

test(`S19: nothing happens while 10,000 descriptors are idle (${runtimeName})`, async () => {
  await using station = new Station();
  const event = eventfd();
  const copies = Array.from({ length: 10_000 }, () => libc.dup.sync(event));
  const ports = copies.map((copy) => station.watch(copy, { trigger: "edge" }));
  const switches = (): number => voluntarySwitches("siding-poller");
  const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await pass(100); // it has gone to sleep
  const before = switches();
  await pass(10_000);
  assert.equal(switches() - before, 0);
  assert.equal(ports.length, 10_000);
  await station.close();
  close(event, ...copies);
});

function voluntarySwitches(thread: string): number {
  for (const id of readdirSync("/proc/self/task")) {
    const status = readFileSync(`/proc/self/task/${id}/status`, "utf8");
    if (!status.startsWith(`Name:\t${thread}\n`)) continue;
    return Number(/^voluntary_ctxt_switches:\t(\d+)/m.exec(status)![1]);
  }
  throw new Error(`there is no thread ${thread}`);
}
