/**
 * Rows about prereading: streams, datagrams and connections.
 *
 * @module
 */
import { Station } from "../../mod.ts";
import { openLibc, openStations } from "../libraries.ts";
import { alternate, type Run } from "../measure.ts";
import { ownDatagrams, type OwnStream, ownStreams } from "../station_peers.ts";
import { compared, type Outcome, type Row } from "./outcome.ts";

/** Of one unit of work: threads are started for each round, which must not count. */
const CHUNKS = 64;
const DATAGRAMS = 1024;
const CONNECTIONS = 64;
const CHUNK_BYTES = 65_536;
const DATAGRAM_BYTES = 64;
const LOOPBACK = "127.0.0.1";

/* Of chunks that were written one after the other, each full of the low byte of its number. */
class Check {
  #at = 0;

  readonly take = (bytes: Uint8Array): void => {
    const last = this.#at + bytes.length - 1;
    if (
      bytes[0] !== (this.#at / CHUNK_BYTES & 0xff) ||
      bytes[bytes.length - 1] !== (last / CHUNK_BYTES & 0xff)
    ) throw new Error(`wrong bytes at ${this.#at}`);
    this.#at = last + 1;
  };

  end(chunks: number): void {
    const expected = chunks * CHUNK_BYTES;
    if (this.#at !== expected) throw new Error(`${this.#at} bytes of ${expected}`);
  }
}

/** A pipe that a thread of C writes, read in 64 KiB, against the runtime's fastest own stream. */
export const stream: Row = async (name, effort) => {
  const { bench_pipe_start, bench_pipe_join } = openStations();
  const reading = (read: OwnStream["read"]): Run => {
    return async (count) => {
      const chunks = count * CHUNKS;
      const descriptor = bench_pipe_start.sync(chunks);
      if (descriptor < 0) throw new Error("no pipe");
      const check = new Check();
      await read(descriptor, check.take);
      check.end(chunks);
      if (bench_pipe_join.sync() !== 0) throw new Error("not written");
    };
  };
  const { close } = openLibc();
  await using station = new Station();
  const siding = reading(async (descriptor, take) => {
    const port = station.read(descriptor, { size: CHUNK_BYTES });
    for await (const bytes of port) take(bytes);
    await port.close();
    close.sync(descriptor);
  });
  const outcomes: Outcome[] = [];
  for (const own of ownStreams) {
    const rates = await alternate(siding, reading(own.read), effort);
    outcomes.push(compared(name, own.name, rates, CHUNKS * CHUNK_BYTES));
  }
  const [fastest] = outcomes.toSorted((a, b) => b.peerValue - a.peerValue);
  return { ...fastest!, unit: "bytes/s" };
};

/* Pages of a port until all were taken; `one` takes an item. */
async function takeFrom<T>(
  pages: AsyncIterator<readonly T[], undefined>,
  count: number,
  one: (item: T) => void,
): Promise<void> {
  let left = count;
  while (left > 0) {
    const { value } = await pages.next();
    if (value === undefined) throw new Error("it has ended");
    for (const item of value) one(item);
    left -= value.length;
  }
  if (left !== 0) throw new Error(`${-left} more than were sent`);
}

/** Checks datagrams, each against the one before. */
class Sequence {
  readonly #port: number;
  #number = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** Whether all have come. */
  has(count: number): boolean {
    return this.#number === count;
  }

  take(data: Uint8Array, address: string, port: number): void {
    const number = (data[0]! | data[1]! << 8 | data[2]! << 16 | data[3]! << 24) >>> 0;
    if (
      data.length !== DATAGRAM_BYTES || number !== this.#number || port !== this.#port ||
      address !== LOOPBACK
    ) throw new Error(`datagram ${number} of ${address}:${port} in the place of ${this.#number}`);
    this.#number++;
  }
}

type Library = ReturnType<typeof openStations>;

function startSender({ bench_datagrams_start }: Library, to: number, count: number): number {
  const port = bench_datagrams_start.sync(to, count);
  if (port < 0) throw new Error("no sender");
  return port;
}

function sidingDatagrams(bench: Library, station: Station): Run {
  const descriptor = bench.bench_datagrams_open.sync();
  const pages = station.receive(descriptor, { size: DATAGRAM_BYTES }).pages();
  return async (units) => {
    const count = units * DATAGRAMS;
    const sequence = new Sequence(startSender(bench, descriptor, count));
    await takeFrom(pages, count, ({ data, address }) => {
      sequence.take(data, address!.address, address!.port);
    });
    if (bench.bench_datagrams_join.sync() !== count) throw new Error("not all were sent");
  };
}

/** Datagrams of 64 bytes with their addresses, against `recvmmsg` in C. */
export const datagrams: Row = async (name, effort) => {
  const bench = openStations();
  await using station = new Station();
  const siding = sidingDatagrams(bench, station);
  const peer: Run = async (units) => {
    if (await bench.bench_datagrams_take(units * DATAGRAMS) !== 0) {
      throw new Error("one was missing");
    }
  };
  const rates = await alternate(siding, peer, effort);
  return { ...compared(name, "recvmmsg in C", rates, DATAGRAMS), unit: "datagrams/s" };
};

/** The same against `node:dgram`. */
export const datagramsAgainstNode: Row = async (name, effort) => {
  const bench = openStations();
  await using station = new Station();
  const siding = sidingDatagrams(bench, station);
  let onDatagram: Sequence["take"] = () => {};
  const port = await ownDatagrams((...args) => onDatagram(...args));
  const descriptor = bench.bench_datagrams_find.sync(port);
  const peer: Run = async (units) => {
    const count = units * DATAGRAMS;
    const sequence = new Sequence(startSender(bench, descriptor, count));
    await new Promise<void>((resolve, reject) => {
      onDatagram = (...args) => {
        try {
          sequence.take(...args);
        } catch (error) {
          reject(error);
        }
        if (sequence.has(count)) resolve();
      };
    });
    if (bench.bench_datagrams_join.sync() !== count) throw new Error("not all were sent");
  };
  const rates = await alternate(siding, peer, effort);
  return { ...compared(name, "node:dgram", rates, DATAGRAMS), unit: "datagrams/s" };
};

/** Connections that threads of C make and close, against a loop of `accept4` in C. */
export const accept: Row = async (name, effort) => {
  const bench = openStations();
  await using station = new Station();
  const { close } = openLibc();
  const ours = bench.bench_connections_listen.sync(0);
  const theirs = bench.bench_connections_listen.sync(1);
  const pages = station.accept(ours).pages();
  const siding: Run = async (units) => {
    const count = units * CONNECTIONS;
    if (bench.bench_connections_start.sync(ours, count) !== 0) throw new Error("no clients");
    await takeFrom(pages, count, ({ descriptor }) => {
      if (close.sync(descriptor) !== 0) throw new Error(`${descriptor} is no descriptor`);
    });
    if (bench.bench_connections_join.sync() !== count) throw new Error("not all were made");
  };
  const peer: Run = async (units) => {
    const count = units * CONNECTIONS;
    if (await bench.bench_connections_take(theirs, count) !== count) throw new Error("not all");
  };
  const rates = await alternate(siding, peer, effort);
  return { ...compared(name, "accept4 in C", rates, CONNECTIONS), unit: "connections/s" };
};
