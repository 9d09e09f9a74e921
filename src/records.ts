/**
 * What reads of special descriptors give: eventfd, timerfd, inotify, signalfd.
 *
 * @module
 */
import { signalName } from "./signals.ts";

/**
 * A change in a watched directory or file.
 *
 * @category Stations
 */
export interface InotifyEvent {
  /** The watch, as `inotify_add_watch` gave it; -1 where events were lost. */
  readonly watch: number;
  /** What happened: `IN_…` bits as C has them. */
  readonly mask: number;
  /** The same by name, without `IN_`: such as `"CREATE"` and `"ISDIR"`. */
  readonly flags: readonly string[];
  /** What the two halves of a move have in common; else 0. */
  readonly cookie: number;
  /** Name of the entry in the directory; empty where it is the watched one itself. */
  readonly name: string;
}

/**
 * A signal that a signalfd has caught.
 *
 * @category Stations
 */
export interface CaughtSignal {
  /** Its name, such as `"SIGUSR1"`. */
  readonly signal: string;
  /** Why it was sent: `SI_…` as C has it. */
  readonly code: number;
  /** Process that has sent it, or child that has ended; 0 where there is none. */
  readonly pid: number;
  /** User of that process. */
  readonly uid: number;
  /** Exit code or signal of a child. */
  readonly status: number;
  /** What `sigqueue` gave. */
  readonly value: number;
}

/** Bytes that make records: `size` is what one read asks for. */
export interface RecordType<T> {
  readonly name: string;
  readonly size: number;
  readonly decode: (bytes: Uint8Array) => readonly T[];
}

const flagNames = [
  ...["ACCESS", "MODIFY", "ATTRIB", "CLOSE_WRITE", "CLOSE_NOWRITE", "OPEN", "MOVED_FROM"],
  ...["MOVED_TO", "CREATE", "DELETE", "DELETE_SELF", "MOVE_SELF", "", "UNMOUNT", "Q_OVERFLOW"],
  ...["IGNORED"],
];
const ISDIR = 0x40000000;
const INOTIFY_BYTES = 16;
const SIGNALFD_BYTES = 128;
const decoder = new TextDecoder();

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function counts(bytes: Uint8Array): readonly bigint[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length >> 3 }, (_, i) => view.getBigUint64(i * 8, true));
}

function flagsOf(mask: number): string[] {
  const flags = flagNames.filter((name, bit) => name !== "" && (mask >>> bit & 1) !== 0);
  return (mask & ISDIR) === 0 ? flags : [...flags, "ISDIR"];
}

function nameOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function changes(bytes: Uint8Array): readonly InotifyEvent[] {
  const view = viewOf(bytes);
  const events: InotifyEvent[] = [];
  for (let at = 0; at + INOTIFY_BYTES <= bytes.length;) {
    const mask = view.getUint32(at + 4, true);
    const end = at + INOTIFY_BYTES + view.getUint32(at + 12, true);
    events.push({
      watch: view.getInt32(at, true),
      mask,
      flags: flagsOf(mask),
      cookie: view.getUint32(at + 8, true),
      name: nameOf(bytes.subarray(at + INOTIFY_BYTES, end)),
    });
    at = end;
  }
  return events;
}

function caught(bytes: Uint8Array): readonly CaughtSignal[] {
  const view = viewOf(bytes);
  const one = (at: number): CaughtSignal => ({
    signal: signalName(view.getUint32(at, true)),
    code: view.getInt32(at + 8, true),
    pid: view.getUint32(at + 12, true),
    uid: view.getUint32(at + 16, true),
    status: view.getInt32(at + 40, true),
    value: view.getInt32(at + 44, true),
  });
  const count = Math.floor(bytes.length / SIGNALFD_BYTES);
  return Array.from({ length: count }, (_, i) => one(i * SIGNALFD_BYTES));
}

/** What an eventfd and a timerfd give. */
export const countRecords: RecordType<bigint> = { name: "counts", size: 8, decode: counts };

/** What an inotify descriptor gives: many at once, each with a name of up to 255 bytes. */
export const inotifyRecords: RecordType<InotifyEvent> = {
  name: "changes",
  size: 4096,
  decode: changes,
};

/** What a signalfd gives. */
export const signalRecords: RecordType<CaughtSignal> = {
  name: "signals",
  size: 16 * SIGNALFD_BYTES,
  decode: caught,
};
