/**
 * HANDLEs and sockets of Windows.
 *
 * @module
 */
import assert from "node:assert/strict";
import process from "node:process";
import { open, type Pointer } from "../../mod.ts";

const kernel32 = open("kernel32.dll", {
  CreateEventW: { parameters: ["pointer", "i32", "i32", "pointer"], result: "pointer" },
  CreateSemaphoreW: { parameters: ["pointer", "i32", "i32", "pointer"], result: "pointer" },
  CreateMutexW: { parameters: ["pointer", "i32", "pointer"], result: "pointer" },
  CreatePipe: {
    parameters: [{ out: "pointer" }, { out: "pointer" }, "pointer", "u32"],
    result: "i32",
  },
  CreateFileW: {
    parameters: ["cstring16", "u32", "u32", "pointer", "u32", "u32", "pointer"],
    result: "pointer",
  },
  CreateNamedPipeW: {
    parameters: ["cstring16", "u32", "u32", "u32", "u32", "u32", "u32", "pointer"],
    result: "pointer",
  },
  CloseHandle: { parameters: ["pointer"], result: "i32" },
  ReleaseSemaphore: { parameters: ["pointer", "i32", "pointer"], result: "i32" },
  ResetEvent: { parameters: ["pointer"], result: "i32" },
  SetEvent: { parameters: ["pointer"], result: "i32" },
  WaitForSingleObject: { parameters: ["pointer", "u32"], result: "u32" },
  WriteFile: {
    parameters: ["pointer", { in: "buffer" }, "u32", { out: "u32" }, "pointer"],
    result: "i32",
  },
});

const ws2 = open("ws2_32.dll", {
  WSAStartup: { parameters: ["u16", { out: { array: "u8", length: 512 } }], result: "i32" },
  accept: { parameters: ["pointer", "pointer", "pointer"], result: "pointer" },
  bind: { parameters: ["pointer", { in: "buffer" }, "i32"], result: "i32" },
  closesocket: { parameters: ["pointer"], result: "i32" },
  connect: { parameters: ["pointer", { in: "buffer" }, "i32"], result: "i32" },
  getsockname: {
    parameters: ["pointer", { out: { array: "u8", length: 16 } }, { inout: "i32" }],
    result: "i32",
  },
  listen: { parameters: ["pointer", "i32"], result: "i32" },
  send: { parameters: ["pointer", { in: "buffer" }, "i32", "i32"], result: "i32" },
  shutdown: { parameters: ["pointer", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "pointer" },
});

const SIGNALLED = 0;
const INET = 2;
const ADDRESS_BYTES = 16;

/** A type of socket. */
export const STREAM = 1;
/** Likewise. */
export const DGRAM = 2;

function made(handle: Pointer | null): Pointer {
  assert.ok(handle !== null);
  return handle;
}

/** An event that is not set. */
export function newEvent(isManual: boolean): Pointer {
  return made(kernel32.CreateEventW.sync(null, Number(isManual), 0, null));
}

/** A semaphore with this count. */
export function newSemaphore(count: number): Pointer {
  return made(kernel32.CreateSemaphoreW.sync(null, count, 1000, null));
}

/** A mutex that nobody has. */
export function newMutex(): Pointer {
  return made(kernel32.CreateMutexW.sync(null, 0, null));
}

/** Sets an event. */
export function setEvent(event: Pointer): void {
  assert.notEqual(kernel32.SetEvent.sync(event), 0);
}

/** Resets an event. */
export function resetEvent(event: Pointer): void {
  assert.notEqual(kernel32.ResetEvent.sync(event), 0);
}

/** Adds one to the count of a semaphore. */
export function releaseSemaphore(semaphore: Pointer): void {
  assert.notEqual(kernel32.ReleaseSemaphore.sync(semaphore, 1, null), 0);
}

/** Whether it is signalled; takes that where the object does. */
export function takeSignal(handle: Pointer): boolean {
  return kernel32.WaitForSingleObject.sync(handle, 0) === SIGNALLED;
}

/** The ends of a pipe whose reads block: where it is read, and where written. */
export function newPipe(): [Pointer, Pointer] {
  const { value, out: [from, to] } = kernel32.CreatePipe.sync(null, 0);
  assert.ok(value !== 0);
  return [made(from), made(to)];
}

const DUPLEX_OVERLAPPED = 0x40000003;
const GENERIC_READ_WRITE = 0xc0000000;
const OPEN_EXISTING = 3;
const QUOTA_BYTES = 65_536;
let namedPipes = 0;

/** A pipe that listens, opened for overlapped I/O, and how a client connects to it. */
export function newListeningPipe(): { pipe: Pointer; connect: () => Pointer } {
  const name = `\\\\.\\pipe\\siding-test-${process.pid}-${++namedPipes}`;
  const { CreateFileW, CreateNamedPipeW } = kernel32;
  const sizes = [QUOTA_BYTES, QUOTA_BYTES, 0] as const;
  const pipe = made(CreateNamedPipeW.sync(name, DUPLEX_OVERLAPPED, 0, 1, ...sizes, null));
  const connect = (): Pointer =>
    made(CreateFileW.sync(name, GENERIC_READ_WRITE, 0, null, OPEN_EXISTING, 0, null));
  return { pipe, connect };
}

/** Writes all of it. */
export function writePipe(to: Pointer, bytes: Uint8Array): void {
  const { out: [written] } = kernel32.WriteFile.sync(to, bytes, bytes.length, null);
  assert.equal(written, bytes.length);
}

/** Closes HANDLEs. */
export function closeHandles(...handles: readonly Pointer[]): void {
  for (const handle of handles) assert.notEqual(kernel32.CloseHandle.sync(handle), 0);
}

function loopback(port: number): Uint8Array {
  return Uint8Array.of(INET, 0, port >> 8, port & 255, 127, 0, 0, 1, ...new Uint8Array(8));
}

/** A socket with a port of its own. */
export function boundSocket(type: number): Pointer {
  assert.equal(ws2.WSAStartup.sync(0x202).value, 0);
  const socket = made(ws2.socket.sync(INET, type, 0));
  assert.equal(ws2.bind.sync(socket, loopback(0), ADDRESS_BYTES), 0);
  return socket;
}

/** Its port. */
export function portOf(socket: Pointer): number {
  const { out: [bytes] } = ws2.getsockname.sync(socket, ADDRESS_BYTES);
  return bytes[2]! << 8 | bytes[3]!;
}

/** One that connections wait at. */
export function listener(): Pointer {
  const socket = boundSocket(STREAM);
  assert.equal(ws2.listen.sync(socket, 100), 0);
  return socket;
}

/** A socket that is connected to the one of this port. */
export function connected(type: number, port: number): Pointer {
  const socket = boundSocket(type);
  assert.equal(ws2.connect.sync(socket, loopback(port), ADDRESS_BYTES), 0);
  return socket;
}

/** Both ends of a connection. */
export function socketPair(): [Pointer, Pointer] {
  const waiting = listener();
  const there = connected(STREAM, portOf(waiting));
  const here = made(ws2.accept.sync(waiting, null, null));
  closeSockets(waiting);
  return [here, there];
}

/** Sends all of it. */
export function sendBytes(socket: Pointer, bytes: Uint8Array): void {
  assert.equal(ws2.send.sync(socket, bytes, bytes.length, 0), bytes.length);
}

/** Says that no more will be sent. */
export function endSending(socket: Pointer): void {
  assert.equal(ws2.shutdown.sync(socket, 1), 0);
}

/** Closes sockets. */
export function closeSockets(...sockets: readonly number[]): void {
  for (const socket of sockets) assert.equal(ws2.closesocket.sync(socket as Pointer), 0);
}
