/**
 * Descriptors of every kind, made and used by the C library itself.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Library, open, type SidingError } from "../../mod.ts";

/** What the tests need of libc. */
export const definitions = {
  pipe2: {
    parameters: [{ out: { array: "i32", length: 2 } }, "i32"],
    result: "i32",
    errno: "throw",
  },
  socketpair: {
    parameters: ["i32", "i32", "i32", { out: { array: "i32", length: 2 } }],
    result: "i32",
    errno: "throw",
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32", errno: "throw" },
  timerfd_create: { parameters: ["i32", "i32"], result: "i32", errno: "throw" },
  timerfd_settime: {
    parameters: ["i32", "i32", { in: { array: "i64", length: 4 } }, "pointer"],
    result: "i32",
    errno: "throw",
  },
  inotify_init1: { parameters: ["i32"], result: "i32", errno: "throw" },
  inotify_add_watch: { parameters: ["i32", "cstring", "u32"], result: "i32", errno: "throw" },
  signalfd: { parameters: ["i32", { in: { array: "u64", length: 16 } }, "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32", errno: "throw" },
  epoll_ctl: {
    parameters: ["i32", "i32", "i32", { in: { array: "u8", length: 12 } }],
    result: "i32",
    errno: "throw",
  },
  open: { parameters: ["cstring", "i32"], variadic: 2, result: "i32", errno: "throw" },
  posix_openpt: { parameters: ["i32"], result: "i32", errno: "throw" },
  dup: { parameters: ["i32"], result: "i32", errno: "throw" },
  dup2: { parameters: ["i32", "i32"], result: "i32", errno: "throw" },
  close: { parameters: ["i32"], result: "i32", errno: true },
  read: { parameters: ["i32", { out: "buffer" }, "usize"], result: "isize", errno: true },
  write: { parameters: ["i32", { in: "buffer" }, "usize"], result: "isize", errno: true },
  send: { parameters: ["i32", { in: "buffer" }, "usize", "i32"], result: "isize", errno: "throw" },
  sendto: {
    parameters: ["i32", { in: "buffer" }, "usize", "i32", { in: "buffer" }, "u32"],
    result: "isize",
    errno: "throw",
  },
  shutdown: { parameters: ["i32", "i32"], result: "i32", errno: "throw" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32", errno: "throw" },
  bind: { parameters: ["i32", { in: "buffer" }, "u32"], result: "i32", errno: "throw" },
  listen: { parameters: ["i32", "i32"], result: "i32", errno: "throw" },
  connect: { parameters: ["i32", { in: "buffer" }, "u32"], result: "i32", errno: true },
  setsockopt: {
    parameters: ["i32", "i32", "i32", { in: "buffer" }, "u32"],
    result: "i32",
    errno: "throw",
  },
  getsockname: {
    parameters: ["i32", { out: "buffer" }, { inout: "u32" }],
    result: "i32",
    errno: "throw",
  },
  kill: { parameters: ["i32", "i32"], result: "i32", errno: "throw" },
  getpid: { parameters: [], result: "i32" },
  posix_spawn: {
    parameters: [
      { out: "i32" },
      "cstring",
      "pointer",
      "pointer",
      { list: "cstring" },
      { list: "cstring" },
    ],
    result: "i32",
  },
} as const;

/** The C library. */
export const libc: Library<typeof definitions> = open("libc.so.6", definitions);

export const NONBLOCK: number = 0o4000;
export const CLOEXEC: number = 0o2000000;
export const UNIX: number = 1;
export const INET: number = 2;
export const STREAM: number = 1;
export const DGRAM: number = 2;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const LOOPBACK = [127, 0, 0, 1];

const encoder = new TextEncoder();

function both(cells: readonly unknown[]): [number, number] {
  const [first, second] = cells[0] as [number, number];
  return [first, second];
}

/** A pipe: what is read from, what is written to. */
export function pipe(flags: number = NONBLOCK | CLOEXEC): [number, number] {
  return both(libc.pipe2.sync(flags).out);
}

/** Two connected sockets. */
export function socketPair(type: number = STREAM): [number, number] {
  return both(libc.socketpair.sync(UNIX, type | NONBLOCK | CLOEXEC, 0).out);
}

/** An eventfd. */
export function eventfd(value = 0, flags: number = NONBLOCK | CLOEXEC): number {
  return libc.eventfd.sync(value, flags);
}

/** Closes descriptors. */
export function close(...descriptors: number[]): void {
  for (const descriptor of descriptors) libc.close.sync(descriptor);
}

/** Writes all of some bytes or text. */
export function write(descriptor: number, data: string | Uint8Array): void {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  assert.equal(libc.write.sync(descriptor, bytes, bytes.length).value, BigInt(bytes.length));
}

/** Adds to an eventfd. */
export function signalEvent(descriptor: number, value = 1n): void {
  write(descriptor, new Uint8Array(BigUint64Array.of(value).buffer));
}

/** Reads what there is at once; `null`: nothing yet. */
export function readNow(descriptor: number, size = 65_536): Uint8Array | null {
  const bytes = new Uint8Array(size);
  const { value, errno } = libc.read.sync(descriptor, bytes, size);
  if (value >= 0) return bytes.slice(0, Number(value));
  assert.equal(errno, 11);
  return null;
}

/** An IPv4 address on this machine as C has it. */
export function loopback(port: number): Uint8Array {
  return Uint8Array.of(INET, 0, port >> 8, port & 255, ...LOOPBACK, 0, 0, 0, 0, 0, 0, 0, 0);
}

/** Port that a socket is bound to. */
export function portOf(socket: number): number {
  const name = new Uint8Array(16);
  libc.getsockname.sync(socket, name, name.length);
  return name[2]! << 8 | name[3]!;
}

/** A socket bound to a free port of this machine. */
export function boundSocket(type: number): number {
  const socket = libc.socket.sync(INET, type | NONBLOCK | CLOEXEC, 0);
  libc.bind.sync(socket, loopback(0), 16);
  return socket;
}

/** A listening socket. */
export function listener(backlog = 128): number {
  const socket = boundSocket(STREAM);
  libc.listen.sync(socket, backlog);
  return socket;
}

/** A socket that connects to a port of this machine. */
export function connectTo(port: number): number {
  const socket = libc.socket.sync(INET, STREAM | NONBLOCK | CLOEXEC, 0);
  libc.connect.sync(socket, loopback(port), 16);
  return socket;
}

/** Closes a connection so that the other end finds it reset. */
export function reset(socket: number): void {
  libc.setsockopt.sync(socket, SOL_SOCKET, SO_LINGER, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8);
  close(socket);
}

/** Takes all descriptors that are left but `spare` of them, as copies of one. */
export function exhaust(descriptor: number, spare = 0): number[] {
  const taken: number[] = [];
  try {
    for (;;) taken.push(libc.dup.sync(descriptor));
  } catch (error) {
    assert.equal((error as SidingError).errno, 24);
  }
  close(...taken.splice(0, spare));
  return taken;
}

/** A process that runs a shell command; C has started it. */
export function spawn(command: string): number {
  const { value, out: [pid] } = libc.posix_spawn.sync(
    "/bin/sh",
    null,
    null,
    ["sh", "-c", command],
    [],
  );
  assert.equal(value, 0);
  return pid;
}

/** Whether a descriptor is open. */
export function isOpen(descriptor: number): boolean {
  const { value, errno } = libc.read.sync(descriptor, new Uint8Array(0), 0);
  return value >= 0 || errno !== 9;
}
