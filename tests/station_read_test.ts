import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { bind, chain, configure, Context, type SidingError, Station, stats } from "../mod.ts";
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
  reset,
  signalEvent,
  socketPair,
  write,
} from "./support/descriptors.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { inTime, rejection, runtimeName, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { all, taken } from "./support/ports.ts";

const decoder = new TextDecoder();

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
  reset(client);
  const error = await rejection(port.next()) as SidingError;
  assert.deepEqual([error.code, error.syscall], ["ERR_SIDING_SYSTEM", "read"]);
  assert.match(error.message, /Cannot read bytes from descriptor \d+: ECONNRESET/);
  close(server, descriptor);
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

test("S12: what an eventfd and a timerfd give is decoded", async () => {
  await using station = new Station();
  const event = eventfd();
  const counts = station.eventfd(event);
  signalEvent(event, 5n);
  assert.equal(await taken(counts), 5n);
  const timer = libc.timerfd_create.sync(1, NONBLOCK | CLOEXEC);
  libc.timerfd_settime.sync(timer, 0, [0n, 1_000_000n, 0n, 1_000_000n], null);
  assert.ok(await taken(station.timerfd(timer)) >= 1n);
  await station.close();
  close(event, timer);
});

test("S12: what inotify gives is decoded", async () => {
  await using station = new Station();
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
  await station.close();
  close(descriptor);
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
  const outcome = await runProgram("idle");
  expectExit(outcome, 0);
  const { before, after, kicks, mine } = JSON.parse(outcome.stdout);
  assert.ok(Object.keys(after).length > 0, "there are threads");
  assert.deepEqual(after, before);
  assert.equal(kicks, 0);
  /* the runtime's own; a look each millisecond would be 10,000 */
  assert.ok(mine < 500, `the JavaScript thread woke ${mine} times`);
});
