/**
 * ELF files, the libraries of Linux.
 *
 * @module
 */
import type { Binary, TextAt } from "./binary.ts";
import type { Bytes } from "./bytes.ts";

const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LOWEST_FIRST = 1;
const IDENT_BYTES = 16;

const architectures: Readonly<Record<number, string>> = {
  3: "ia32",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x64",
  183: "arm64",
  243: "riscv64",
  258: "loong64",
};

const ET_REL = 1;
const ET_EXEC = 2;
const ET_DYN = 3;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;

const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_FLAGS_1 = 0x6ffffffb;
const DF_1_PIE = 0x08000000;

const SHT_DYNSYM = 11;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const SHN_UNDEF = 0;
const STB_LOCAL = 0;

/** Stretches of memory and where they are in the file. */
interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function segmentsOf(bytes: Bytes): Segment[] {
  const start = bytes.u64(32);
  const size = bytes.u16(54);
  return Array.from({ length: bytes.u16(56) }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.u32(at),
      offset: bytes.u64(at + 8),
      address: bytes.u64(at + 16),
      size: bytes.u64(at + 32),
    };
  });
}

type Dynamic = readonly (readonly [tag: number, value: number])[];

function dynamicOf(bytes: Bytes, segments: readonly Segment[]): Dynamic {
  const entries: [number, number][] = [];
  const { offset = 0, size = 0 } = segments.find(({ type }) => type === PT_DYNAMIC) ?? {};
  for (let at = offset; at < offset + size && bytes.u64(at) !== DT_NULL; at += 16) {
    entries.push([bytes.u64(at), bytes.u64(at + 8)]);
  }
  return entries;
}

function valueOf(dynamic: Dynamic, wanted: number): number | undefined {
  return dynamic.find(([tag]) => tag === wanted)?.[1];
}

/** Texts of a tag. */
function textsOf(
  bytes: Bytes,
  segments: readonly Segment[],
  dynamic: Dynamic,
  wanted: number,
): TextAt[] {
  const table = valueOf(dynamic, DT_STRTAB) ?? 0;
  const within = segments.find(({ type, address, size }) =>
    type === PT_LOAD && table >= address && table < address + size
  );
  const values = dynamic.filter(([tag]) => tag === wanted);
  if (within === undefined || values.length === 0) return [];
  const start = table - within.address + within.offset;
  return values.map(([, value]) => ({ text: bytes.text(start + value), at: start + value }));
}

function symbolsOf(bytes: Bytes): ReadonlySet<string> | null {
  const start = bytes.u64(40);
  const section = (index: number): number => start + index * SECTION_BYTES;
  const count = start === 0 ? 0 : bytes.u16(60);
  const sections = Array.from({ length: count }, (_, index) => section(index));
  const table = sections.find((at) => bytes.u32(at + 4) === SHT_DYNSYM);
  if (table === undefined) return null;
  const texts = bytes.u64(section(bytes.u32(table + 40)) + 24);
  const first = bytes.u64(table + 24);
  const symbols = new Set<string>();
  for (let at = first; at < first + bytes.u64(table + 32); at += SYMBOL_BYTES) {
    const isExported = bytes.u16(at + 6) !== SHN_UNDEF && bytes.u8(at + 4) >> 4 !== STB_LOCAL;
    if (isExported) symbols.add(bytes.text(texts + bytes.u32(at)));
  }
  return symbols;
}

/* A program whose addresses are free is of the type of libraries; a flag says what it is. */
function kindOf(type: number, dynamic: Dynamic): Binary["kind"] {
  if (type === ET_REL) return "object file";
  const isProgram = ((valueOf(dynamic, DT_FLAGS_1) ?? 0) & DF_1_PIE) !== 0;
  if (type === ET_EXEC || type === ET_DYN && isProgram) return "program";
  return type === ET_DYN ? "shared library" : "unknown";
}

/** An ELF file, or `undefined` where it is none; throws `RangeError` where it is cut off. */
export function readElf(bytes: Bytes): readonly Binary[] | undefined {
  if (bytes.size < IDENT_BYTES || bytes.u32High(0) !== MAGIC) return undefined;
  const machine = bytes.u8(5) === LOWEST_FIRST ? bytes.u16(18) : bytes.u8(18) << 8 | bytes.u8(19);
  const name = architectures[machine] ?? `machine ${machine}`;
  const isOurs = bytes.u8(4) === CLASS_64 && bytes.u8(5) === LOWEST_FIRST;
  const plain = {
    ...{ format: "ELF", system: "linux" } as const,
    ...{ soname: null, needed: [], folders: [], symbols: null },
  };
  if (!isOurs) {
    return [{ ...plain, kind: "unknown", architecture: name === "x64" ? "x32" : name }];
  }
  const segments = segmentsOf(bytes);
  const dynamic = dynamicOf(bytes, segments);
  const found = (tag: number): TextAt[] => textsOf(bytes, segments, dynamic, tag);
  const texts = (tag: number): string[] => found(tag).map(({ text }) => text);
  const [runpath = texts(DT_RPATH)[0]] = texts(DT_RUNPATH);
  return [{
    ...plain,
    kind: kindOf(bytes.u16(16), dynamic),
    architecture: name,
    soname: found(DT_SONAME)[0] ?? null,
    needed: texts(DT_NEEDED),
    folders: runpath?.split(":").filter((folder) => folder !== "") ?? [],
    symbols: symbolsOf(bytes),
  }];
}
