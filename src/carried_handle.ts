/**
 * Reads of HANDLEs that block: pipes, the console, files.
 *
 * @module
 */
import { chain } from "./chain.ts";
import { lastErrorError } from "./check.ts";
import type { Context } from "./context.ts";
import { open } from "./library.ts";
import { alloc } from "./memory.ts";
import type { Port } from "./port.ts";
import type { Pointer } from "./types.ts";

const definitions = {
  NtReadFile: {
    parameters: [
      ...(["pointer", "pointer", "pointer", "pointer", "pointer", "pointer"] as const),
      ...(["u32", "pointer", "pointer"] as const),
    ],
    result: "u32",
  },
  memcpy: { parameters: [{ out: "u64" }, "pointer", "usize"], result: "pointer" },
  memmove: { parameters: ["pointer", "pointer", "usize"], result: { bytes: 2 } },
  RtlNtStatusToDosError: { parameters: ["u32"], result: "u32" },
} as const;

/** What it tells beside its status: a word for that, and one for the number of bytes. */
const REPORT_BYTES = 16;
const COUNT_AT = 8;

const SUCCESS = 0;
/** There is more of a message. */
const OVERFLOW = 0x80000005;
/** Of a file, a pipe whose other end is closed, or was before a byte came. */
const ends: ReadonlySet<number> = new Set([0xc0000011, 0xc000014b, 0xc00000b1]);

/** What is read. */
export interface Read {
  readonly descriptor: number;
  /** What each read asks for. */
  readonly size: number;
  readonly capacity: number;
}

/** How what blocks is read. */
export interface Reading {
  /** Repeats a read, with a copy of what it has read. */
  readonly start: (context: Context, what: Read) => Port<unknown>;
  /** What a run has read; nothing is the end. Throws the error of a read that failed. */
  readonly bytesOf: (run: unknown) => Uint8Array;
}

/** Of those that are synchronous; the kernel's own call, whose count is as wide as memmove's. */
export const handleReading: Reading = {
  start: (context, { descriptor, size, capacity }) => {
    const ntdll = context.use(open("ntdll.dll", definitions));
    const { pointer } = context.keep(alloc(size));
    const report = context.keep(alloc(REPORT_BYTES)).pointer;
    const handle = descriptor as Pointer;
    const count = report + COUNT_AT as Pointer;
    const body = chain(ntdll, ({ run }) => {
      const status = run.NtReadFile(handle, null, null, null, report, pointer, size, null, null);
      const read = run.memcpy(count, COUNT_AT);
      return [status, run.memmove(pointer, pointer, read.out[0])] as const;
    });
    return context.repeat(body, { wake: "signal", capacity });
  },
  bytesOf: (run) => {
    const [status, bytes] = run as readonly [number, Uint8Array];
    if (status === SUCCESS || status === OVERFLOW) return bytes;
    if (ends.has(status)) return bytes.subarray(0, 0);
    const error = open("ntdll.dll", definitions).RtlNtStatusToDosError.sync(status);
    throw lastErrorError(error, "NtReadFile");
  },
};
