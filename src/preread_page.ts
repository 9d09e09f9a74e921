/**
 * What a poller thread has read, received or accepted: the pages of prereaders, and their items.
 *
 * @module
 */
import type { Binding } from "./binding.ts";
import type { Bridge } from "./bridge.ts";
import { eventBlock, eventWords } from "./generated/siding.ts";
import { loadNative } from "./loader.ts";
import type { Decoder } from "./native_source.ts";
import { runtime } from "./runtime/current.ts";
import { AddressReader, type SocketAddress, socketAddress } from "./socket_address.ts";

/**
 * A connection that was accepted.
 *
 * @category Stations
 */
export interface Connection {
  /** Its descriptor: non-blocking, closed on exec, and whoever takes it closes it. */
  readonly descriptor: number;
  /** Where it comes from. */
  readonly address: SocketAddress;
}

/**
 * A datagram that was received.
 *
 * @category Stations
 */
export interface Datagram {
  /** What came; those of one batch share a buffer. */
  readonly data: Uint8Array;
  /** Where it comes from; `null` where that has no address. */
  readonly address: SocketAddress | null;
  /** Bytes that it had. */
  readonly size: number;
  /** Whether some of them were cut off, beyond the `size` that was asked for. */
  readonly truncated: boolean;
}

/** What a block of libsiding holds until it is taken. */
class Block {
  readonly #b: Bridge;
  readonly #number: number;
  readonly #size: number;

  constructor(b: Bridge, number: number, size: number) {
    this.#b = b;
    this.#number = number;
    this.#size = size;
  }

  /** Reads and frees it. */
  take(): Uint8Array {
    const { native, handle } = this.#b;
    const bytes = new Uint8Array(this.#size);
    native.siding_block_take(handle, this.#number, bytes, runtime.wide(this.#size));
    return bytes;
  }

  /** Frees it. */
  drop(): void {
    const { native, handle, closed } = this.#b;
    if (!closed) native.siding_block_drop(handle, this.#number);
  }
}

/* Of bytes in a page, of which there may be none. */
function wordsOf(size: number): number {
  return size + 7 >>> 3;
}

function bytesOf(page: unknown): Uint8Array {
  return page instanceof Block ? page.take() : page as Uint8Array;
}

/** The block of an event that has one. */
function blockAt(b: Bridge, at: number): Block | undefined {
  const { u32 } = b.events;
  if ((u32[at + 1]! >>> 16 & eventBlock) === 0) return undefined;
  const word = at + eventWords * 2;
  return new Block(b, u32[word]!, u32[word + 2]! + u32[word + 3]! * 4294967296);
}

/** Of events whose payload is one tail. */
export function tailDecoder<T>(b: Bridge, decode: (bytes: Uint8Array) => readonly T[]): Decoder {
  const { u8, u32 } = b.events;
  return {
    page: (at) => {
      const word = at + eventWords * 2;
      return blockAt(b, at) ?? u8.slice(word * 4 + 8, word * 4 + 8 + u32[word]!);
    },
    open: (page) => decode(bytesOf(page)),
    drop: (page) => page instanceof Block && page.drop(),
    forget: () => {},
  };
}

/* Events whose payload is a page of records. */
function pageDecoder<T>(b: Bridge, decode: (page: Uint8Array) => readonly T[]): Decoder {
  const { u8, u32 } = b.events;
  return {
    page: (at) => {
      const end = at + (u32[at + 1]! & 0xffff) * 2;
      return blockAt(b, at) ?? u8.slice((at + eventWords * 2) * 4, end * 4);
    },
    open: (page) => decode(bytesOf(page)),
    drop: (page) => page instanceof Block && page.drop(),
    forget: () => {},
  };
}

function connections(bytes: Uint8Array): Connection[] {
  const u32 = new Uint32Array(bytes.buffer);
  const found: Connection[] = [];
  for (let at = 0; at < u32.length;) {
    const size = u32[at + 2]!;
    const from = (at + 4) * 4;
    const address = socketAddress(bytes.subarray(from, from + size));
    found.push({ descriptor: u32[at]!, address });
    at += 4 + wordsOf(size) * 2;
  }
  return found;
}

/* What closing fails with helps nobody. */
const errno = new Uint8Array(4);

/** Closes a connection that nobody takes. */
export function closeConnection({ descriptor }: Connection): void {
  loadNative().native.siding_descriptor_close(descriptor, errno);
}

/** Of connections; those that nobody takes are closed. */
export function connectionDecoder(b: Bridge): Decoder {
  return {
    ...pageDecoder(b, connections),
    drop: (page) => connections(bytesOf(page)).forEach(closeConnection),
    forget: (items) => (items as readonly Connection[]).forEach(closeConnection),
  };
}

/** Of datagrams. */
export function datagramDecoder(b: Bridge): Decoder {
  const addresses = new AddressReader();
  return pageDecoder(b, (bytes) => {
    const u32 = new Uint32Array(bytes.buffer);
    const found: Datagram[] = [];
    for (let at = 0; at < u32.length;) {
      const size = u32[at]!;
      const from = at + 4;
      const address = addresses.read(bytes, from * 4, u32[at + 2]!);
      const tail = from + wordsOf(u32[at + 2]!) * 2;
      const length = u32[tail]!;
      const data = bytes.subarray(tail * 4 + 8, tail * 4 + 8 + length);
      found.push({ data, address, size, truncated: size > length });
      at = tail + 2 + wordsOf(length) * 2;
    }
    return found;
  });
}

/** Of the results of a bound call, which are read at once, as those of any other call. */
export function resultDecoder({ decode }: Binding): Decoder {
  return {
    page: (at) => {
      try {
        return { value: decode(at, -1) };
      } catch (error) {
        return { error };
      }
    },
    open: (page) => {
      if (typeof page === "object" && page !== null && "error" in page) throw page.error;
      return [(page as { readonly value: unknown }).value];
    },
    drop: () => {},
    forget: () => {},
  };
}
