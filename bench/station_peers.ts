/**
 * What stations are measured against: the runtime's own sockets, streams and datagrams.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { Socket } from "node:net";
import { openLibc } from "./libraries.ts";
import { runtimeName } from "./peers.ts";

/** Sends a message and gives what comes back. */
export type Exchange = (message: Uint8Array) => Promise<Uint8Array>;

/** A datagram as `node:dgram` has it. */
export type OnDatagram = (data: Uint8Array, address: string, port: number) => void;

interface BunSockets {
  connect(options: {
    unix: string;
    socket: { data(socket: unknown, bytes: Uint8Array): void };
  }): Promise<{ write(bytes: Uint8Array): number }>;
  file(descriptor: number): { stream(): AsyncIterable<Uint8Array> };
}

interface DenoConnection {
  write(bytes: Uint8Array): Promise<number>;
  read(into: Uint8Array): Promise<number | null>;
}

interface DenoSockets {
  connect(options: { path: string; transport: "unix" }): Promise<DenoConnection>;
  open(path: string): Promise<{ readonly readable: AsyncIterable<Uint8Array> }>;
}

const { Bun, Deno } = globalThis as unknown as { Bun: BunSockets; Deno: DenoSockets };

async function bunExchange(path: string): Promise<Exchange> {
  let resolve: (bytes: Uint8Array) => void;
  const capture = (one: (bytes: Uint8Array) => void): void => void (resolve = one);
  const data = (_: unknown, bytes: Uint8Array): void => resolve(bytes);
  const socket = await Bun.connect({ unix: path, socket: { data } });
  return (message) => {
    const answer = new Promise(capture);
    socket.write(message);
    return answer;
  };
}

async function denoExchange(path: string): Promise<Exchange> {
  const connection = await Deno.connect({ path, transport: "unix" });
  const into = new Uint8Array(65_536);
  return async (message) => {
    await connection.write(message);
    return into.subarray(0, await connection.read(into) ?? 0);
  };
}

/** A connection to a Unix socket by the runtime's own means. */
export async function ownExchange(
  path: string,
): Promise<{ readonly name: string; readonly exchange: Exchange }> {
  if (runtimeName === "bun") return { name: "Bun.connect", exchange: await bunExchange(path) };
  return { name: "Deno.connect", exchange: await denoExchange(path) };
}

/** A way to read a pipe to its end. */
export interface OwnStream {
  readonly name: string;
  /** Gives all bytes to `take`, and closes the pipe. */
  read(descriptor: number, take: (bytes: Uint8Array) => void): Promise<void>;
}

async function readFile(
  stream: AsyncIterable<Uint8Array>,
  take: (bytes: Uint8Array) => void,
): Promise<void> {
  for await (const bytes of stream) take(bytes);
}

function readSocket(fd: number, take: (bytes: Uint8Array) => void): Promise<void> {
  const socket = new Socket({ fd, readable: true, writable: false });
  return new Promise((resolve, reject) => {
    socket.on("data", (bytes) => take(bytes as Uint8Array)).on("error", reject).on("end", resolve);
  });
}

/** The runtime's own streams of a pipe. */
export const ownStreams: readonly OwnStream[] = runtimeName === "bun"
  ? [{
    name: "Bun.file(fd).stream()",
    read: (descriptor, take) => readFile(Bun.file(descriptor).stream(), take),
  }]
  : [{
    name: "Deno's file",
    read: async (descriptor, take) => {
      const { readable } = await Deno.open(`/proc/self/fd/${descriptor}`); // the pipe once more
      openLibc().close.sync(descriptor);
      await readFile(readable, take);
    },
  }, { name: "node:net", read: readSocket }];

/** A socket of `node:dgram` on loopback; gives its port. */
export function ownDatagrams(onDatagram: OnDatagram): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (data, { address, port }) => onDatagram(data, address, port));
  return new Promise((resolve) => {
    socket.bind(0, "127.0.0.1", () => resolve(socket.address().port));
  });
}
