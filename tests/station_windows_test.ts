import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { type SidingError, Station, stats } from "../mod.ts";
import { inTime, rejection, test, until } from "./support/harness.ts";
import { all, taken } from "./support/ports.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test("S2: a number that is no descriptor, and no HANDLE, is refused", async () => {
  await using station = new Station();
  const error = await rejection(station.readable(2 ** 24 - 2)) as SidingError;
  assert.equal(error.code, "ERR_SIDING_SYSTEM");
  assert.equal(stats().sources, 0);
});

if (process.platform === "win32") {
  const handles = await import("./support/handles.ts");
  const { closeHandles, closeSockets, newEvent, newMutex, newPipe, newSemaphore } = handles;
  const { newListeningPipe, releaseSemaphore, resetEvent, setEvent } = handles;
  const { boundSocket, connected, DGRAM, endSending, listener, portOf, sendBytes } = handles;
  const { socketPair, STREAM, takeSignal, writePipe } = handles;

  test("S1: readable resolves when an event is set, and takes what it is told", async () => {
    await using station = new Station();
    const event = newEvent(false);
    const set = station.readable(event);
    setEvent(event);
    await set;
    assert.equal(takeSignal(event), false);
    closeHandles(event);
  });

  test("S1: each item of a semaphore is one of its count", async () => {
    await using station = new Station();
    const semaphore = newSemaphore(3);
    const port = station.watch(semaphore);
    for (let i = 0; i < 3; i++) assert.equal((await taken(port)).readable, true);
    const next = port.next();
    releaseSemaphore(semaphore);
    assert.equal((await next).done, false);
    await port.close();
    assert.equal(takeSignal(semaphore), false);
    closeHandles(semaphore);
  });

  test("S1: a manual-reset event is told as long as it is set", async () => {
    await using station = new Station();
    const event = newEvent(true);
    const port = station.watch(event);
    setEvent(event);
    for (let i = 0; i < 3; i++) await taken(port);
    resetEvent(event);
    const next = port.next();
    await station.sleep(20);
    setEvent(event);
    assert.equal((await next).done, false);
    await port.close();
    closeHandles(event);
  });

  test("S5: who gave up waiting has taken no signal", async () => {
    await using station = new Station();
    const event = newEvent(false);
    for (let i = 0; i < 20; i++) {
      const controller = new AbortController();
      const waited = station.readable(event, { signal: controller.signal });
      controller.abort();
      setEvent(event);
      await rejection(waited);
      await until(() => stats().sources === 0, "the source has ended");
      assert.equal(takeSignal(event), true);
    }
    closeHandles(event);
  });

  test("S2: a mutex, room to write and edges are refused", async () => {
    await using station = new Station();
    const mutex = newMutex();
    const event = newEvent(false);
    const refused = await rejection(station.readable(mutex)) as SidingError;
    assert.deepEqual([refused.code, refused.syscall], ["ERR_SIDING_SYSTEM", "WaitForSingleObject"]);
    assert.match(refused.message, /EPERM/);
    assert.match((await rejection(station.writable(event)) as SidingError).message, /EINVAL/);
    assert.throws(() => station.watch(event, { trigger: "edge" }), { code: "ERR_SIDING_SYSTEM" });
    assert.equal(stats().sources, 0);
    closeHandles(mutex, event);
  });

  test("S8: a process tells its exit code to a station and to the runtime", async () => {
    await using station = new Station();
    const child = spawn("cmd", ["/c", "exit 7"], { stdio: "ignore" });
    const code = new Promise((resolve) => child.on("exit", resolve));
    assert.deepEqual(await station.child(child.pid!), { code: 7, signal: null });
    assert.equal(await code, 7);
    const none = await rejection(station.child(2 ** 31 - 4)) as SidingError;
    assert.equal(none.code, "ERR_SIDING_NOT_CHILD");
  });

  test("S12: a connection is accepted, and read to its end", async () => {
    await using station = new Station();
    const waiting = listener();
    const connections = station.accept(waiting);
    const there = connected(STREAM, portOf(waiting));
    const { descriptor, address } = await taken(connections);
    assert.deepEqual([address.address, address.port], ["127.0.0.1", portOf(there)]);
    const items = all(station.exact(descriptor, { size: 3 }));
    for (const byte of text("abcdef")) sendBytes(there, Uint8Array.of(byte));
    endSending(there);
    assert.deepEqual(await items, [text("abc"), text("def")]);
    await connections.close();
    closeSockets(descriptor, there, waiting);
  });

  test("S1: a connection is writable, and readable once there is something", async () => {
    await using station = new Station();
    const [here, there] = socketPair();
    await station.writable(here);
    const readable = station.readable(here);
    sendBytes(there, text("x"));
    await readable;
    const { readable: isReadable, writable } = await taken(
      station.watch(here, { read: true, write: true }),
    );
    assert.deepEqual([isReadable, writable], [true, true]);
    await station.close();
    closeSockets(here, there);
  });

  test("S12: datagrams come with their senders", async () => {
    await using station = new Station();
    const receiver = boundSocket(DGRAM);
    const port = station.receive(receiver, { size: 4 });
    const sender = connected(DGRAM, portOf(receiver));
    sendBytes(sender, text("one"));
    const { data, address, truncated } = await taken(port);
    assert.deepEqual([data, truncated], [text("one"), false]);
    assert.equal(address?.port, portOf(sender));
    sendBytes(sender, text("too long"));
    const long = await taken(port);
    assert.deepEqual([long.data, long.truncated], [text("too "), true]);
    await port.close();
    closeSockets(receiver, sender);
  });

  test("S13: a pipe whose reads block is read to its end by a thread", async () => {
    await using station = new Station();
    const [from, to] = newPipe();
    const items = all(station.exact(from, { size: 4 }));
    for (const byte of text("abcdefgh")) writePipe(to, Uint8Array.of(byte));
    closeHandles(to);
    assert.deepEqual(await items, [text("abcd"), text("efgh")]);
    closeHandles(from);
  });

  test("S13: a pipe that is being read is let go of when its port is closed", async () => {
    await using station = new Station();
    const [from, to] = newPipe();
    const port = station.read(from);
    writePipe(to, text("some"));
    assert.deepEqual(await taken(port), text("some"));
    await inTime(port.close(), "the read that blocks is over");
    closeHandles(from, to);
  });

  test("S12: an overlapped pipe is read from its client's connection to the end", async () => {
    await using station = new Station();
    const { pipe, connect } = newListeningPipe();
    const items = all(station.exact(pipe, { size: 4 }));
    const client = connect();
    for (const byte of text("abcdefgh")) writePipe(client, Uint8Array.of(byte));
    closeHandles(client);
    assert.deepEqual(await items, [text("abcd"), text("efgh")]);
    closeHandles(pipe);
  });

  test("S1: an overlapped pipe is readable when a client connects, and writes", async () => {
    await using station = new Station();
    const { pipe, connect } = newListeningPipe();
    const connected = station.readable(pipe);
    const client = connect();
    await connected;
    const port = station.watch(pipe);
    const written = port.next();
    writePipe(client, text("x"));
    assert.equal((await written).done, false);
    await port.close();
    closeHandles(client, pipe);
  });

  test("S5: an overlapped pipe whose port was closed has lost nothing", async () => {
    await using station = new Station();
    const { pipe, connect } = newListeningPipe();
    const client = connect();
    for (let i = 0; i < 20; i++) {
      const port = station.read(pipe, { capacity: 1 });
      const first = port.next();
      writePipe(client, text("told"));
      assert.deepEqual((await first).value, text("told"));
      await port.close();
      writePipe(client, text("kept"));
      const next = station.read(pipe);
      assert.deepEqual(await taken(next), text("kept"));
      await next.close();
    }
    closeHandles(client, pipe);
  });

  test("S16: an event, a process and a timer are one loop", async () => {
    await using station = new Station();
    const event = newEvent(false);
    const child = spawn("cmd", ["/c", "exit 3"], { stdio: "ignore" });
    const sources = [
      station.watch(event, { trigger: "once" }),
      station.child(child.pid!),
      station.timer({ after: 5, every: 5 }),
    ] as const;
    setEvent(event);
    const seen = new Set<unknown>();
    for await (const { source } of station.merge(...sources)) {
      seen.add(source);
      if (seen.size === sources.length) break;
    }
    closeHandles(event);
  });
}
