/**
 * What a file of machine code is, by its headers.
 *
 * @module
 */
import { Bytes } from "./bytes.ts";
import { readElf } from "./elf.ts";
import { readMachO } from "./mach_o.ts";
import { readPe } from "./pe.ts";

/** A text, and the byte of the file at which it begins. */
export interface TextAt {
  readonly text: string;
  readonly at: number;
}

/** The code in a file for one architecture. */
export interface Binary {
  /** Format of the file. */
  readonly format: "ELF" | "PE" | "Mach-O";
  /** What it is. */
  readonly kind: "shared library" | "program" | "object file" | "unknown";
  /** The systems that have this format. */
  readonly system: "linux" | "darwin" | "windows";
  /** Architecture as in names of platforms, or the format's own number for a rare one. */
  readonly architecture: string;
  /** Its soname, of an ELF file that has one. */
  readonly soname: TextAt | null;
  /** Names of the libraries that it needs; none where it is for no platform of ours. */
  readonly needed: readonly string[];
  /** Folders in which the loader looks for them first, as the file has them. */
  readonly folders: readonly string[];
  /** Names of the symbols that it exports, or `null` where the file does not tell. */
  readonly symbols: ReadonlySet<string> | null;
}

/** The code in a file, once for each architecture; throws `Error` where there is none. */
export function readBinaries(file: Uint8Array): readonly Binary[] {
  const bytes = new Bytes(file);
  try {
    const found = readElf(bytes) ?? readPe(bytes) ?? readMachO(bytes);
    if (found !== undefined) return found;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Error("it is cut off or damaged", { cause: error });
  }
  throw new Error("it is neither ELF nor PE nor Mach-O");
}
