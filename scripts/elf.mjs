// Reads what the build checks in an ELF shared library: dynamic symbols, flags, its name.

const SHT_DYNAMIC = 6;
const SHT_DYNSYM = 11;
const DT_NULL = 0n;
const DT_SONAME = 14n;
const DT_FLAGS_1 = 0x6ffffffbn;
const DF_1_NODELETE = 8n;
const SHN_UNDEF = 0;

/**
 * @param image the bytes of a 64-bit little-endian library
 * @returns its name, the names of the symbols that it defines, and whether it stays mapped
 */
export function readSharedLibrary(image) {
  if (image.readUInt32BE(0) !== 0x7f454c46 || image[4] !== 2 || image[5] !== 1) {
    throw new Error("Cannot read library: not a 64-bit little-endian ELF file");
  }
  const sections = readSections(image);
  const dynamic = readDynamic(image, sections);
  const strings = sections[sections.find(({ type }) => type === SHT_DYNAMIC).link];
  return {
    name: readString(image, strings, Number(dynamic.get(DT_SONAME) ?? 0n)),
    exports: readExports(image, sections),
    nodelete: ((dynamic.get(DT_FLAGS_1) ?? 0n) & DF_1_NODELETE) !== 0n,
  };
}

function readSections(image) {
  const start = Number(image.readBigUInt64LE(0x28));
  const entryBytes = image.readUInt16LE(0x3a);
  const count = image.readUInt16LE(0x3c);
  return Array.from({ length: count }, (_, index) => {
    const header = start + index * entryBytes;
    return {
      type: image.readUInt32LE(header + 4),
      offset: Number(image.readBigUInt64LE(header + 0x18)),
      bytes: Number(image.readBigUInt64LE(header + 0x20)),
      link: image.readUInt32LE(header + 0x28),
    };
  });
}

function readDynamic(image, sections) {
  const { offset, bytes } = sections.find(({ type }) => type === SHT_DYNAMIC);
  const entries = new Map();
  for (let at = offset; at < offset + bytes; at += 16) {
    const tag = image.readBigUInt64LE(at);
    if (tag === DT_NULL) {
      break;
    }
    entries.set(tag, image.readBigUInt64LE(at + 8));
  }
  return entries;
}

function readExports(image, sections) {
  const symbols = sections.find(({ type }) => type === SHT_DYNSYM);
  const strings = sections[symbols.link];
  const names = [];
  for (let at = symbols.offset; at < symbols.offset + symbols.bytes; at += 24) {
    if (image.readUInt16LE(at + 6) !== SHN_UNDEF) {
      names.push(readString(image, strings, image.readUInt32LE(at)));
    }
  }
  return names.sort();
}

function readString(image, strings, index) {
  const start = strings.offset + index;
  return image.toString("utf8", start, image.indexOf(0, start));
}
