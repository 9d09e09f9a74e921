import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import process from "node:process";
import { type Connection, type SidingError, Station, stats } from "../mod.ts";
import {
  CLOEXEC,
  close,
  connectTo,
  exhaust,
  libc,
  listener,
  loopback,
  portOf,
  reset,
  write,
} from "./support/descriptors.ts";
import { inTime, rejection, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { all, taken } from "./support/ports.ts";

const decoder = new TextDecoder();

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
    reset(client);
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

const WAIT_MS = 400;

for (const kind of ["a listener", "a listener that blocks"]) {
  test(`S12: accept waits where there is no descriptor left, and recovers (${kind})`, async () => {
    await using station = new Station();
    const server = kind === "a listener" ? listener() : blockingListener();
    const connections = station.accept(server);
    const first = connectTo(portOf(server));
    close((await taken(connections)).descriptor); // all is there that it needs
    const client = libc.socket.sync(2, 1 | CLOEXEC, 0);
    const left = exhaust(server);
    try {
      libc.connect.sync(client, loopback(portOf(server)), 16);
      const next = connections.next();
      const { wakes } = stats();
      const before = process.cpuUsage();
      await station.sleep(WAIT_MS);
      assert.ok(stats().wakes - wakes < 50, "nobody is told again and again");
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < WAIT_MS * 500, `it spins: ${user + system} µs of ${WAIT_MS} ms`);
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
