/**
 * Memory that is not to be read.
 *
 * @module
 */
import process from "node:process";
import { open, type Pointer } from "../../mod.ts";

const BYTES = 65_536;
const RESERVE = 0x2000;
const RELEASE = 0x8000;
const NO_ACCESS = 1;

/** Addresses that nothing lies at, and how to give them back. */
export interface Unreadable {
  readonly pointer: Pointer;
  free(): void;
}

function reserveOnWindows(): Unreadable {
  const { VirtualAlloc, VirtualFree } = open("kernel32.dll", {
    VirtualAlloc: { parameters: ["pointer", "usize", "u32", "u32"], result: "pointer" },
    VirtualFree: { parameters: ["pointer", "usize", "u32"], result: "i32" },
  });
  const pointer = VirtualAlloc.sync(null, BYTES, RESERVE, NO_ACCESS)!;
  return { pointer, free: () => void VirtualFree.sync(pointer, 0, RELEASE) };
}

function reserveOnPosix(): Unreadable {
  const { mmap, munmap } = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
    mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
    munmap: { parameters: ["pointer", "usize"], result: "i32" },
  });
  const privateAnonymous = process.platform === "darwin" ? 0x1002 : 0x22;
  const pointer = mmap.sync(null, BYTES, 0, privateAnonymous, -1, 0)!;
  return { pointer, free: () => void munmap.sync(pointer, BYTES) };
}

/** Reserves a stretch of 64 KiB. */
export function reserveUnreadable(): Unreadable {
  return process.platform === "win32" ? reserveOnWindows() : reserveOnPosix();
}
