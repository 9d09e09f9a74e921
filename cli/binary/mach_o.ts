/**
 * Mach-O files, the libraries of macOS, alone or several in one.
 *
 * @module
 */
import type { Binary } from "./binary.ts";
import type { Bytes } from "./bytes.ts";

const FAT = 0xcafebabe;
const FAT_64 = 0xcafebabf;
/** Compiled Java begins like a fat file; its version, which is greater, stands for the count. */
const FAT_MAX = 30;
const FAT_ENTRY_BYTES = 20;
const FAT_64_ENTRY_BYTES = 32;

const MAGIC_32 = 0xfeedface;
const MAGIC_64 = 0xfeedfacf;
const HEADER_BYTES = 32;

const architectures: Readonly<Record<number, string>> = {
  7: "ia32",
  12: "arm",
  0x01000007: "x64",
  0x0100000c: "arm64",
};

const kinds: Readonly<Record<number, Binary["kind"]>> = {
  1: "object file",
  2: "program",
  6: "shared library",
  8: "shared library", // a bundle, which is loaded alike
};

const COMMAND_BYTES_MIN = 8;
const LC_SYMTAB = 0x2;
const LC_LOAD_DYLIB = 0xc;
const LC_RPATH = 0x8000001c;
const LC_REEXPORT_DYLIB = 0x8000001f;
const LC_LOAD_UPWARD_DYLIB = 0x80000023;
/** Not those that may be missing. */
const needs: ReadonlySet<number> = new Set([
  LC_LOAD_DYLIB,
  LC_REEXPORT_DYLIB,
  LC_LOAD_UPWARD_DYLIB,
]);

const SYMBOL_BYTES = 16;
const N_STAB = 0xe0;
const N_TYPE = 0x0e;
const N_EXT = 0x01;

interface Command {
  readonly kind: number;
  readonly at: number;
}

function commandsOf(bytes: Bytes): Command[] {
  const commands: Command[] = [];
  let at = HEADER_BYTES;
  for (let left = bytes.u32(16); left > 0; left--) {
    commands.push({ kind: bytes.u32(at), at });
    at += Math.max(bytes.u32(at + 4), COMMAND_BYTES_MIN);
  }
  return commands;
}

/** The text that a command has at its end. */
function textOf(bytes: Bytes, { at }: Command): string {
  return bytes.text(at + bytes.u32(at + 8));
}

function symbolsOf(bytes: Bytes, command: Command | undefined): ReadonlySet<string> | null {
  if (command === undefined) return null;
  const { at } = command;
  const [first, count, texts] = [bytes.u32(at + 8), bytes.u32(at + 12), bytes.u32(at + 16)];
  const symbols = new Set<string>();
  for (let symbol = first; symbol < first + count * SYMBOL_BYTES; symbol += SYMBOL_BYTES) {
    const type = bytes.u8(symbol + 4);
    const isExported = (type & N_STAB) === 0 && (type & N_EXT) !== 0 && (type & N_TYPE) !== 0;
    /* C names begin with an underscore there */
    if (isExported) symbols.add(bytes.text(texts + bytes.u32(symbol)).replace(/^_/, ""));
  }
  return symbols;
}

function readOne(bytes: Bytes): Binary {
  const architecture = architectures[bytes.u32(4)] ?? `processor ${bytes.u32(4)}`;
  const isOurs = bytes.u32(0) === MAGIC_64;
  const commands = isOurs ? commandsOf(bytes) : [];
  return {
    format: "Mach-O",
    kind: kinds[bytes.u32(12)] ?? "unknown",
    system: "darwin",
    architecture,
    soname: null,
    needed: commands.filter(({ kind }) => needs.has(kind)).map((one) => textOf(bytes, one)),
    folders: commands.filter(({ kind }) => kind === LC_RPATH).map((one) => textOf(bytes, one)),
    symbols: symbolsOf(bytes, commands.find(({ kind }) => kind === LC_SYMTAB)),
  };
}

/* The numbers of a fat file have their highest byte first. */
function partsOf(bytes: Bytes): Bytes[] {
  const count = bytes.u32High(4);
  const isLong = bytes.u32High(0) === FAT_64;
  return Array.from({ length: count }, (_, index) => {
    const at = 8 + index * (isLong ? FAT_64_ENTRY_BYTES : FAT_ENTRY_BYTES);
    if (!isLong) return bytes.part(bytes.u32High(at + 8), bytes.u32High(at + 12));
    return bytes.part(bytes.u32High(at + 12), bytes.u32High(at + 20)); // files end before 4 GiB
  });
}

/** A Mach-O file, or `undefined` where it is none; throws `RangeError` where it is cut off. */
export function readMachO(bytes: Bytes): readonly Binary[] | undefined {
  if (bytes.size < HEADER_BYTES) return undefined;
  const high = bytes.u32High(0);
  if ((high === FAT || high === FAT_64) && bytes.u32High(4) <= FAT_MAX) {
    return partsOf(bytes).map(readOne);
  }
  const low = bytes.u32(0);
  return low === MAGIC_32 || low === MAGIC_64 ? [readOne(bytes)] : undefined;
}
