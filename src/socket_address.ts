/**
 * Addresses of sockets, from the bytes that C has them in.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";

/**
 * Where a datagram or connection came from.
 *
 * @category Stations
 */
export interface SocketAddress {
  /** Which kind it is. */
  readonly family: "IPv4" | "IPv6" | "unix" | "other";
  /**
   * `"127.0.0.1"`, `"fe80::1%2"` with the number of its interface, a path (empty: it has none; of
   * Linux's abstract names the first character is NUL), or, of another family, its bytes in
   * hexadecimal.
   */
  readonly address: string;
  /** The port; 0 where the family has none. */
  readonly port: number;
}

const UNIX = 1;
const IPV4 = 2;
const IPV6: Readonly<Record<string, number>> = { linux: 10, darwin: 30, windows: 23 };
const IPV4_BYTES = 8;
const IPV6_BYTES = 28;
const PATH_AT = 2;

const decoder = new TextDecoder();

function familyOf(bytes: Uint8Array): number {
  /* BSD has the length in front */
  return runtime.system === "darwin" ? bytes[1]! : bytes[0]! | bytes[1]! << 8;
}

function portOf(bytes: Uint8Array): number {
  return bytes[2]! << 8 | bytes[3]!;
}

function text4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/* The first of the longest runs of zeros, of two at least (RFC 5952). */
function zerosOf(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}

function text6(bytes: Uint8Array, at: number): string {
  const groups = Array.from(
    { length: 8 },
    (_, i) => bytes[at + 2 * i]! << 8 | bytes[at + 2 * i + 1]!,
  );
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${text4(bytes, at + 12)}`;
  const hex = (from: number, to: number): string =>
    groups.slice(from, to).map((group) => group.toString(16)).join(":");
  const { start, length } = zerosOf(groups);
  return start < 0 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`;
}

function scopeOf(bytes: Uint8Array): string {
  const scope = new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true);
  return scope === 0 ? "" : `%${scope}`;
}

function pathOf(bytes: Uint8Array): string {
  const path = bytes.subarray(PATH_AT);
  const end = path.indexOf(0, 1);
  if (path[0] !== 0) return decoder.decode(end < 0 ? path : path.subarray(0, end));
  return path.length > 1 && end !== 1 ? decoder.decode(path) : "";
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads a `struct sockaddr`. */
export function socketAddress(bytes: Uint8Array): SocketAddress {
  const family = bytes.length < PATH_AT ? 0 : familyOf(bytes);
  if (family === IPV4 && bytes.length >= IPV4_BYTES) {
    return { family: "IPv4", address: text4(bytes, 4), port: portOf(bytes) };
  }
  if (family === IPV6[runtime.system] && bytes.length >= IPV6_BYTES) {
    const address = text6(bytes, 8) + scopeOf(bytes);
    return { family: "IPv6", address, port: portOf(bytes) };
  }
  if (family === UNIX) return { family: "unix", address: pathOf(bytes), port: 0 };
  return { family: "other", address: hexOf(bytes), port: 0 };
}

/** Reads addresses of which many in a row are the same. */
export class AddressReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #address: SocketAddress | null = null;

  /** The address in `size` bytes at `at`; `null` of none. */
  read(u8: Uint8Array, at: number, size: number): SocketAddress | null {
    if (size === 0) return null;
    if (!this.#isLast(u8, at, size)) {
      this.#bytes = u8.slice(at, at + size);
      this.#address = Object.freeze(socketAddress(this.#bytes));
    }
    return this.#address;
  }

  #isLast(u8: Uint8Array, at: number, size: number): boolean {
    const last = this.#bytes;
    if (last.length !== size) return false;
    for (let i = 0; i < size; i++) {
      if (u8[at + i] !== last[i]) return false;
    }
    return true;
  }
}
