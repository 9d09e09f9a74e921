/**
 * For which machines a file is, by its first bytes.
 *
 * @module
 */
import type { Target } from "./target.ts";

/** What a file says of itself. */
export interface FileMachine {
  readonly system: Target["system"];
  /** Its processor; a number for one that is no target's. */
  readonly cpu: Target["cpu"] | number;
}

type Cpus = Readonly<Record<number, Target["cpu"]>>;

const ELF = 0x464c457f;
const ELF_64_LITTLE = 0x0201;
const elfCpus: Cpus = { 62: "x64", 183: "arm64" };

const MACH_O_64 = 0xfeedfacf;
const MACH_O_FAT = [0xbebafeca, 0xbfbafeca];
const machOCpus: Cpus = { 0x01000007: "x64", 0x0100000c: "arm64" };

const DOS = 0x5a4d;
const PE = 0x00004550;
const peCpus: Cpus = { 0x8664: "x64", 0xaa64: "arm64" };

const HEADER_BYTES_MIN = 64;

/** The system and the processor of a library; throws `Error` where it is none. */
export function machineOf(bytes: Uint8Array): FileMachine {
  if (bytes.length < HEADER_BYTES_MIN) throw new Error("it is no library");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(0, true);
  if (first === ELF && view.getUint16(4) === ELF_64_LITTLE) {
    return machine("linux", elfCpus, view.getUint16(18, true));
  }
  if (first === MACH_O_64) return machine("darwin", machOCpus, view.getUint32(4, true));
  if (MACH_O_FAT.includes(first)) {
    throw new Error("it is for several processors: take out one with lipo -thin");
  }
  const header = view.getUint16(0, true) === DOS ? view.getUint32(60, true) : bytes.length;
  if (header + 6 <= bytes.length && view.getUint32(header, true) === PE) {
    return machine("windows", peCpus, view.getUint16(header + 4, true));
  }
  throw new Error("it is no 64-bit ELF, PE or Mach-O library");
}

function machine(system: FileMachine["system"], cpus: Cpus, number: number): FileMachine {
  return { system, cpu: cpus[number] ?? number };
}
