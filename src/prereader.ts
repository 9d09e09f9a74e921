/**
 * Prereading: what native code has read, accepted or received by the time that it is asked for.
 *
 * @module
 */
import { wholeBindingOf } from "./binding.ts";
import type { Bridge } from "./bridge.ts";
import { carriedAccept } from "./carried_accept.ts";
import { carriedRead } from "./carried_read.ts";
import { conditionOf } from "./condition.ts";
import {
  capacityOf,
  checkDescriptor,
  checkInteger,
  type PortOptions,
} from "./descriptor_options.ts";
import { SidingError } from "./errors.ts";
import {
  prereadBytesMax,
  sourceAccept,
  sourceCall,
  sourceExact,
  sourceRead,
  sourceReceive,
} from "./generated/siding.ts";
import { sourcePort } from "./native_source.ts";
import type { Port } from "./port.ts";
import type { Range } from "./range.ts";
import {
  type Connection,
  connectionDecoder,
  type Datagram,
  datagramDecoder,
  resultDecoder,
  tailDecoder,
} from "./preread_page.ts";
import type { Compared } from "./repeat.ts";
import type { RecordType } from "./records.ts";
import { runtime } from "./runtime/current.ts";

/**
 * Options of {@linkcode Station.read}.
 *
 * @category Stations
 */
export interface ReadOptions extends PortOptions {
  /** Most bytes of one item, 1 to 67,108,864; default 65,536. */
  readonly size?: number;
}

/**
 * Options of {@linkcode Station.exact}.
 *
 * @category Stations
 */
export interface ExactOptions extends PortOptions {
  /** Bytes of each item, 1 to 67,108,864. */
  readonly size: number;
}

/**
 * Options of {@linkcode Station.receive}.
 *
 * @category Stations
 */
export interface ReceiveOptions extends PortOptions {
  /** Most bytes of a datagram, 1 to 67,108,864, beyond which it is cut off; default 65,536. */
  readonly size?: number;
}

/**
 * Options of {@linkcode Station.preread}.
 *
 * @category Stations
 */
export interface PrereadOptions<R> extends PortOptions {
  /** Which results are given; default: all. */
  readonly emit?: "all" | { readonly is: Compared<R> } | { readonly not: Compared<R> };
  /** Which result ends it, without being given; default: none. */
  readonly until?: Compared<R> | { readonly is: Compared<R> } | { readonly not: Compared<R> };
}

const syscalls = runtime.system === "windows"
  ? { read: "ReadFile", accept: "accept", receive: "WSARecvFrom" } as const
  : { read: "read", accept: "accept4", receive: "recvmsg" } as const;

const SIZE_DEFAULT = 65_536;
const SIZES: Range = { least: 1, most: prereadBytesMax };

interface ReadShape<T> {
  readonly kind: number;
  readonly what: string;
  readonly size: number;
  readonly decode: (bytes: Uint8Array) => readonly T[];
}

function checkSize(size: unknown, action: string): number {
  checkInteger(size, "size", action, SIZES);
  if (size === undefined) throw new TypeError(`Cannot ${action}: it has no size`);
  return size as number;
}

/* What cannot be had without blocking is carried by a thread of its own. */
function unlessBlocking<T>(open: () => Port<T>, carry: () => Port<T>): Port<T> {
  try {
    return open();
  } catch (error) {
    if (error instanceof SidingError && error.code === "ERR_SIDING_BLOCKS") return carry();
    throw error;
  }
}

function readPort<T>(b: Bridge, fd: unknown, options: PortOptions, shape: ReadShape<T>): Port<T> {
  const action = `read ${shape.what} from descriptor ${String(fd)}`;
  const { signal } = options;
  const object = checkDescriptor(fd, action, signal);
  const limit = checkSize(shape.size, action);
  const capacity = capacityOf(options.capacity, action);
  const { kind, decode } = shape;
  const decoder = tailDecoder(b, decode);
  const plan = {
    b,
    action,
    syscall: syscalls.read,
    kind,
    object,
    limit,
    capacity,
    signal,
    decoder,
  };
  const isExact = kind === sourceExact;
  return unlessBlocking(
    () => sourcePort<T>(plan),
    () =>
      carriedRead({ action, descriptor: object, size: limit, isExact, capacity, signal, decode }),
  );
}

const single = (bytes: Uint8Array): readonly Uint8Array[] => [bytes];

/** Reads what there is. */
export function readBytes(b: Bridge, fd: unknown, options: ReadOptions): Port<Uint8Array> {
  const { size = SIZE_DEFAULT } = options;
  return readPort(b, fd, options, { kind: sourceRead, what: "bytes", size, decode: single });
}

/** Reads items of one size. */
export function readExact(b: Bridge, fd: unknown, options: ExactOptions): Port<Uint8Array> {
  const { size } = options;
  return readPort(b, fd, options, { kind: sourceExact, what: "bytes", size, decode: single });
}

/** Reads records. */
export function readRecords<T>(
  b: Bridge,
  fd: unknown,
  options: PortOptions,
  { name, size, decode }: RecordType<T>,
): Port<T> {
  return readPort(b, fd, options, { kind: sourceRead, what: name, size, decode });
}

/** Accepts connections. */
export function acceptConnections(
  b: Bridge,
  fd: unknown,
  options: PortOptions,
): Port<Connection> {
  const action = `accept connections at descriptor ${String(fd)}`;
  const { signal } = options;
  const object = checkDescriptor(fd, action, signal);
  const capacity = capacityOf(options.capacity, action);
  const decoder = connectionDecoder(b);
  const plan = {
    b,
    action,
    syscall: syscalls.accept,
    kind: sourceAccept,
    object,
    capacity,
    signal,
  };
  return unlessBlocking(
    () => sourcePort<Connection>({ ...plan, decoder }),
    () => carriedAccept(object, capacity, signal),
  );
}

/** Receives datagrams. */
export function receiveDatagrams(b: Bridge, fd: unknown, options: ReceiveOptions): Port<Datagram> {
  const action = `receive datagrams from descriptor ${String(fd)}`;
  const { size = SIZE_DEFAULT, signal } = options;
  return sourcePort({
    b,
    action,
    syscall: syscalls.receive,
    kind: sourceReceive,
    object: checkDescriptor(fd, action, signal),
    limit: checkSize(size, action),
    capacity: capacityOf(options.capacity, action),
    signal,
    decoder: datagramDecoder(b),
  });
}

/** Runs a bound call whenever there is something to read. */
export function prereadCalls(
  b: Bridge,
  fd: unknown,
  body: unknown,
  options: PrereadOptions<unknown>,
): Port<unknown> {
  const action = `preread from descriptor ${String(fd)}`;
  const { emit, until, signal } = options;
  const bound = wholeBindingOf(body, "preread with");
  if (bound === undefined) throw new TypeError(`Cannot ${action}: this is no bound call`);
  if (bound.chain !== undefined) {
    throw new TypeError(`Cannot ${action}: a bound chain makes more than one call`);
  }
  const { name, origins: { entry: { plan } } } = bound;
  return sourcePort({
    b,
    action,
    syscall: name,
    kind: sourceCall,
    object: checkDescriptor(fd, action, signal),
    bound,
    emit: conditionOf(emit === "all" ? undefined : emit, plan, name),
    until: conditionOf(until, plan, name),
    capacity: capacityOf(options.capacity, action),
    signal,
    decoder: resultDecoder(bound),
  });
}
