/**
 * The dynamic section of an ELF library: its soname, and the libraries that it needs.
 *
 * @module
 */

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SONAME = 14;

/** What the dynamic section says. */
export interface Dynamic {
  /** The libraries that it needs, by name. */
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** Where the soname is in the file. */
  readonly sonameAt: number;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Reads it; throws `Error` where there is none, and `RangeError` where the file is cut off. */
export function readDynamic(bytes: Uint8Array): Dynamic {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments = segmentsOf(view);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) throw new Error("it is no shared library: it has no dynamic section");
  const entries = entriesOf(view, dynamic);
  const strings = offsetOf(entries.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0, segments);
  const text = (at: number): string => {
    const end = bytes.indexOf(0, at);
    return new TextDecoder().decode(bytes.subarray(at, end));
  };
  const soname = entries.find(([tag]) => tag === DT_SONAME);
  const sonameAt = strings + (soname?.[1] ?? 0);
  return {
    needed: entries.filter(([tag]) => tag === DT_NEEDED).map(([, value]) => text(strings + value)),
    soname: soname === undefined ? undefined : text(sonameAt),
    sonameAt,
  };
}

/* Every target of ours is 64-bit and little-endian. */
function word(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function segmentsOf(view: DataView): Segment[] {
  const start = word(view, 0x20);
  const size = view.getUint16(0x36, true);
  return Array.from({ length: view.getUint16(0x38, true) }, (_, index) => {
    const at = start + index * size;
    return {
      type: view.getUint32(at, true),
      offset: word(view, at + 0x8),
      address: word(view, at + 0x10),
      size: word(view, at + 0x20),
    };
  });
}

function entriesOf(view: DataView, { offset, size }: Segment): [tag: number, value: number][] {
  const entries: [number, number][] = [];
  for (let at = offset; at < offset + size; at += 16) {
    const tag = word(view, at);
    if (tag === DT_NULL) break;
    entries.push([tag, word(view, at + 8)]);
  }
  return entries;
}

function offsetOf(address: number, segments: readonly Segment[]): number {
  const found = segments.find((one) =>
    one.type === PT_LOAD && address >= one.address && address < one.address + one.size
  );
  if (found === undefined) throw new Error("its dynamic section has no strings");
  return address - found.address + found.offset;
}
