/**
 * Memory that is not to be read.
 *
 * @module
 */
import process from "node:process";
import { open, type Pointer } from "../../mod.ts";

const BYTES = 65_536;

/** Addresses that nothing lies at, and how to give them back. */
export interface Unreadable {
  readonly pointer: Pointer;
  free(): void;
}

/** A stretch of memory, of which the system knows what may be done with it. */
interface Stretch {
  readonly pointer: Pointer;
  /** Has nobody read `BYTES` of it from `start` on. */
  forbid(start: number): void;
  free(): void;
}

const COMMIT_RESERVE = 0x3000;
const RELEASE = 0x8000;
const PAGE_NO_ACCESS = 1;
const PAGE_READ_WRITE = 4;

function stretchOfWindows(bytes: number): Stretch {
  const { VirtualAlloc, VirtualFree, VirtualProtect } = open("kernel32.dll", {
    VirtualAlloc: { parameters: ["pointer", "usize", "u32", "u32"], result: "pointer" },
    VirtualFree: { parameters: ["pointer", "usize", "u32"], result: "i32" },
    VirtualProtect: {
      parameters: ["pointer", "usize", "u32", { out: "u32" }],
      result: "i32",
    },
  });
  const pointer = VirtualAlloc.sync(null, bytes, COMMIT_RESERVE, PAGE_READ_WRITE)!;
  return {
    pointer,
    forbid: (start) => {
      VirtualProtect.sync(pointer + start as Pointer, BYTES, PAGE_NO_ACCESS);
    },
    free: () => void VirtualFree.sync(pointer, 0, RELEASE),
  };
}

const READ_WRITE = 3;

function stretchOfPosix(bytes: number): Stretch {
  const { mmap, mprotect, munmap } = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
    mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
    mprotect: { parameters: ["pointer", "usize", "i32"], result: "i32" },
    munmap: { parameters: ["pointer", "usize"], result: "i32" },
  });
  const privateAnonymous = process.platform === "darwin" ? 0x1002 : 0x22;
  const pointer = mmap.sync(null, bytes, READ_WRITE, privateAnonymous, -1, 0)!;
  return {
    pointer,
    forbid: (start) => void mprotect.sync(pointer + start as Pointer, BYTES, 0),
    free: () => void munmap.sync(pointer, bytes),
  };
}

const stretch = process.platform === "win32" ? stretchOfWindows : stretchOfPosix;

/** Reserves a stretch of 64 KiB. */
export function reserveUnreadable(): Unreadable {
  const { pointer, forbid, free } = stretch(BYTES);
  forbid(0);
  return { pointer, free };
}

/** The same, behind 64 KiB that may be read and written. */
export function reserveEdge(): Unreadable {
  const { pointer, forbid, free } = stretch(2 * BYTES);
  forbid(BYTES);
  return { pointer: pointer + BYTES as Pointer, free };
}
