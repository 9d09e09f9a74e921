/**
 * PE files, the libraries of Windows.
 *
 * @module
 */
import type { Binary } from "./binary.ts";
import type { Bytes } from "./bytes.ts";

const MZ = 0x5a4d;
const MZ_BYTES = 64;
const PE = 0x4550;
const PE32_PLUS = 0x20b;

const architectures: Readonly<Record<number, string>> = {
  0x14c: "ia32",
  0x1c4: "arm",
  0x8664: "x64",
  0xaa64: "arm64",
};

const IS_PROGRAM = 0x0002;
const IS_LIBRARY = 0x2000;

const EXPORTS = 0;
const IMPORTS = 1;
const IMPORT_BYTES = 20;
const SECTION_BYTES = 40;

/** Where an address of the loaded image is in the file. */
type Find = (address: number) => number;

function finder(bytes: Bytes, table: number, count: number): Find {
  return (address) => {
    for (let at = table; at < table + count * SECTION_BYTES; at += SECTION_BYTES) {
      const start = bytes.u32(at + 12);
      const size = Math.max(bytes.u32(at + 8), bytes.u32(at + 16));
      if (address >= start && address < start + size) return address - start + bytes.u32(at + 20);
    }
    throw new RangeError(`no section has address ${address}`);
  };
}

/** Where a table of the image begins, or `undefined` where there is none. */
function tableOf(bytes: Bytes, optional: number, index: number, find: Find): number | undefined {
  const isLong = bytes.u16(optional) === PE32_PLUS;
  const tables = optional + (isLong ? 112 : 96);
  if (index >= bytes.u32(tables - 4)) return undefined;
  const address = bytes.u32(tables + index * 8);
  return address === 0 ? undefined : find(address);
}

function neededBy(bytes: Bytes, table: number | undefined, find: Find): string[] {
  const names: string[] = [];
  if (table === undefined) return names;
  for (let at = table; bytes.u32(at + 12) !== 0; at += IMPORT_BYTES) {
    names.push(bytes.text(find(bytes.u32(at + 12))));
  }
  return names;
}

function exportsOf(bytes: Bytes, table: number | undefined, find: Find): ReadonlySet<string> {
  const count = table === undefined ? 0 : bytes.u32(table + 24);
  if (table === undefined || count === 0) return new Set();
  const names = find(bytes.u32(table + 32));
  const name = (index: number): string => bytes.text(find(bytes.u32(names + index * 4)));
  return new Set(Array.from({ length: count }, (_, index) => name(index)));
}

function kindOf(flags: number): Binary["kind"] {
  if ((flags & IS_LIBRARY) !== 0) return "shared library";
  return (flags & IS_PROGRAM) !== 0 ? "program" : "object file";
}

/** A PE file, or `undefined` where it is none; throws `RangeError` where it is cut off. */
export function readPe(bytes: Bytes): readonly Binary[] | undefined {
  if (bytes.size < MZ_BYTES || bytes.u16(0) !== MZ) return undefined;
  const start = bytes.u32(60);
  if (bytes.u32(start) !== PE) return undefined;
  const machine = bytes.u16(start + 4);
  const optional = start + 24;
  const find = finder(bytes, optional + bytes.u16(start + 20), bytes.u16(start + 6));
  return [{
    format: "PE",
    kind: kindOf(bytes.u16(start + 22)),
    system: "windows",
    architecture: architectures[machine] ?? `machine ${machine}`,
    soname: null,
    needed: neededBy(bytes, tableOf(bytes, optional, IMPORTS, find), find),
    folders: [],
    symbols: exportsOf(bytes, tableOf(bytes, optional, EXPORTS, find), find),
  }];
}
