/**
 * zlib: every function, struct and constant of zlib.h.
 *
 * @module
 */
import { type Library, type LibraryPath, open } from "../mod.ts";

/** A stream: what is to be done next, and how far it is. */
export const z_stream = {
  struct: {
    next_in: "pointer",
    avail_in: "u32",
    total_in: "ulong",
    next_out: "pointer",
    avail_out: "u32",
    total_out: "ulong",
    msg: "cstring",
    state: { pointer: "internal_state" },
    zalloc: { function: { parameters: ["pointer", "u32", "u32"], result: "pointer" } },
    zfree: { function: { parameters: ["pointer", "pointer"], result: "void" } },
    opaque: "pointer",
    data_type: "i32",
    adler: "ulong",
    reserved: "ulong",
  },
} as const;

/** The header of a gzip file. */
export const gz_header = {
  struct: {
    text: "i32",
    time: "ulong",
    xflags: "i32",
    os: "i32",
    extra: "pointer",
    extra_len: "u32",
    extra_max: "u32",
    name: "pointer",
    name_max: "u32",
    comment: "pointer",
    comm_max: "u32",
    hcrc: "i32",
    done: "i32",
  },
} as const;

// When to give out what is compressed
export const Z_NO_FLUSH = 0;
export const Z_PARTIAL_FLUSH = 1;
export const Z_SYNC_FLUSH = 2;
export const Z_FULL_FLUSH = 3;
export const Z_FINISH = 4;
export const Z_BLOCK = 5;
export const Z_TREES = 6;

// Results
export const Z_OK = 0;
export const Z_STREAM_END = 1;
export const Z_NEED_DICT = 2;
export const Z_ERRNO = -1;
export const Z_STREAM_ERROR = -2;
export const Z_DATA_ERROR = -3;
export const Z_MEM_ERROR = -4;
export const Z_BUF_ERROR = -5;
export const Z_VERSION_ERROR = -6;

// Levels
export const Z_NO_COMPRESSION = 0;
export const Z_BEST_SPEED = 1;
export const Z_BEST_COMPRESSION = 9;
export const Z_DEFAULT_COMPRESSION = -1;

// Strategies
export const Z_FILTERED = 1;
export const Z_HUFFMAN_ONLY = 2;
export const Z_RLE = 3;
export const Z_FIXED = 4;
export const Z_DEFAULT_STRATEGY = 0;

// Kinds of data, and the method
export const Z_BINARY = 0;
export const Z_TEXT = 1;
export const Z_ASCII = 1;
export const Z_UNKNOWN = 2;
export const Z_DEFLATED = 8;

/** Every function, by the name it has in C. */
export const definitions = {
  // The library.
  zlibVersion: { parameters: [], result: "cstring" },
  zlibCompileFlags: { parameters: [], result: "ulong" },
  zError: { parameters: ["i32"], result: "cstring" },

  // Compressing, piece by piece. The stream is memory of the program that stays where it is.
  deflateInit_: { parameters: [{ pointer: "z_stream" }, "i32", "cstring", "i32"], result: "i32" },
  deflateInit2_: {
    parameters: [{ pointer: "z_stream" }, "i32", "i32", "i32", "i32", "i32", "cstring", "i32"],
    result: "i32",
  },
  deflate: { parameters: [{ pointer: "z_stream" }, "i32"], result: "i32" },
  deflateEnd: { parameters: [{ pointer: "z_stream" }], result: "i32" },
  deflateReset: { parameters: [{ pointer: "z_stream" }], result: "i32" },
  deflateResetKeep: { parameters: [{ pointer: "z_stream" }], result: "i32", optional: true },
  deflateCopy: { parameters: [{ pointer: "z_stream" }, { pointer: "z_stream" }], result: "i32" },
  deflateParams: { parameters: [{ pointer: "z_stream" }, "i32", "i32"], result: "i32" },
  deflateTune: { parameters: [{ pointer: "z_stream" }, "i32", "i32", "i32", "i32"], result: "i32" },
  deflateBound: { parameters: [{ pointer: "z_stream" }, "ulong"], result: "ulong" },
  deflatePending: {
    parameters: [{ pointer: "z_stream" }, { out: "u32" }, { out: "i32" }],
    result: "i32",
  },
  deflatePrime: { parameters: [{ pointer: "z_stream" }, "i32", "i32"], result: "i32" },
  deflateSetHeader: {
    parameters: [{ pointer: "z_stream" }, { pointer: "gz_header" }],
    result: "i32",
  },
  deflateSetDictionary: {
    parameters: [{ pointer: "z_stream" }, { in: "buffer" }, "u32"],
    result: "i32",
  },
  deflateGetDictionary: {
    parameters: [{ pointer: "z_stream" }, { out: "buffer" }, { out: "u32" }],
    result: "i32",
    optional: true,
  },

  // Decompressing, piece by piece.
  inflateInit_: { parameters: [{ pointer: "z_stream" }, "cstring", "i32"], result: "i32" },
  inflateInit2_: { parameters: [{ pointer: "z_stream" }, "i32", "cstring", "i32"], result: "i32" },
  inflate: { parameters: [{ pointer: "z_stream" }, "i32"], result: "i32" },
  inflateEnd: { parameters: [{ pointer: "z_stream" }], result: "i32" },
  inflateReset: { parameters: [{ pointer: "z_stream" }], result: "i32" },
  inflateReset2: { parameters: [{ pointer: "z_stream" }, "i32"], result: "i32" },
  inflateResetKeep: { parameters: [{ pointer: "z_stream" }], result: "i32", optional: true },
  inflateCopy: { parameters: [{ pointer: "z_stream" }, { pointer: "z_stream" }], result: "i32" },
  inflatePrime: { parameters: [{ pointer: "z_stream" }, "i32", "i32"], result: "i32" },
  inflateMark: { parameters: [{ pointer: "z_stream" }], result: "long" },
  inflateSync: { parameters: [{ pointer: "z_stream" }], result: "i32" },
  inflateSyncPoint: { parameters: [{ pointer: "z_stream" }], result: "i32" },
  inflateUndermine: { parameters: [{ pointer: "z_stream" }, "i32"], result: "i32", optional: true },
  inflateValidate: { parameters: [{ pointer: "z_stream" }, "i32"], result: "i32", optional: true },
  inflateCodesUsed: { parameters: [{ pointer: "z_stream" }], result: "ulong", optional: true },
  inflateGetHeader: {
    parameters: [{ pointer: "z_stream" }, { pointer: "gz_header" }],
    result: "i32",
  },
  inflateSetDictionary: {
    parameters: [{ pointer: "z_stream" }, { in: "buffer" }, "u32"],
    result: "i32",
  },
  inflateGetDictionary: {
    parameters: [{ pointer: "z_stream" }, { out: "buffer" }, { out: "u32" }],
    result: "i32",
    optional: true,
  },

  // Decompressing with functions that fetch and take the bytes.
  inflateBackInit_: {
    parameters: [{ pointer: "z_stream" }, "i32", "pointer", "cstring", "i32"],
    result: "i32",
  },
  inflateBack: {
    parameters: [
      { pointer: "z_stream" },
      { function: { parameters: ["pointer", "pointer"], result: "u32" } },
      "pointer",
      { function: { parameters: ["pointer", "pointer", "u32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
  },
  inflateBackEnd: { parameters: [{ pointer: "z_stream" }], result: "i32" },

  // Everything at once. The length goes in as room, and comes out as what was used.
  compress: {
    parameters: [{ out: "buffer" }, { inout: "ulong" }, { in: "buffer" }, "ulong"],
    result: "i32",
  },
  compress2: {
    parameters: [{ out: "buffer" }, { inout: "ulong" }, { in: "buffer" }, "ulong", "i32"],
    result: "i32",
  },
  compressBound: { parameters: ["ulong"], result: "ulong" },
  uncompress: {
    parameters: [{ out: "buffer" }, { inout: "ulong" }, { in: "buffer" }, "ulong"],
    result: "i32",
  },
  uncompress2: {
    parameters: [{ out: "buffer" }, { inout: "ulong" }, { in: "buffer" }, { inout: "ulong" }],
    result: "i32",
    optional: true,
  },

  // Files of gzip.
  gzopen: { parameters: ["cstring", "cstring"], result: { pointer: "gzFile_s" } },
  gzdopen: { parameters: ["i32", "cstring"], result: { pointer: "gzFile_s" } },
  gzbuffer: { parameters: [{ pointer: "gzFile_s" }, "u32"], result: "i32" },
  gzsetparams: { parameters: [{ pointer: "gzFile_s" }, "i32", "i32"], result: "i32" },
  gzread: { parameters: [{ pointer: "gzFile_s" }, { out: "buffer" }, "u32"], result: "i32" },
  gzfread: {
    parameters: [{ out: "buffer" }, "usize", "usize", { pointer: "gzFile_s" }],
    result: "u53",
    optional: true,
  },
  gzwrite: { parameters: [{ pointer: "gzFile_s" }, { in: "buffer" }, "u32"], result: "i32" },
  gzfwrite: {
    parameters: [{ in: "buffer" }, "usize", "usize", { pointer: "gzFile_s" }],
    result: "u53",
    optional: true,
  },
  gzprintf: { parameters: [{ pointer: "gzFile_s" }, "cstring"], result: "i32", variadic: 2 },
  gzprintf_text: {
    name: "gzprintf",
    parameters: [{ pointer: "gzFile_s" }, "cstring", "cstring"],
    result: "i32",
    variadic: 2,
  },
  gzprintf_i32: {
    name: "gzprintf",
    parameters: [{ pointer: "gzFile_s" }, "cstring", "i32"],
    result: "i32",
    variadic: 2,
  },
  gzputs: { parameters: [{ pointer: "gzFile_s" }, "cstring"], result: "i32" },
  gzgets: { parameters: [{ pointer: "gzFile_s" }, { out: "buffer" }, "i32"], result: "pointer" },
  gzputc: { parameters: [{ pointer: "gzFile_s" }, "i32"], result: "i32" },
  gzgetc: { parameters: [{ pointer: "gzFile_s" }], result: "i32" },
  gzgetc_: { parameters: [{ pointer: "gzFile_s" }], result: "i32", optional: true },
  gzungetc: { parameters: ["i32", { pointer: "gzFile_s" }], result: "i32" },
  gzflush: { parameters: [{ pointer: "gzFile_s" }, "i32"], result: "i32" },
  gzseek: { parameters: [{ pointer: "gzFile_s" }, "i53", "i32"], result: "i53" },
  gzrewind: { parameters: [{ pointer: "gzFile_s" }], result: "i32" },
  gztell: { parameters: [{ pointer: "gzFile_s" }], result: "i53" },
  gzoffset: { parameters: [{ pointer: "gzFile_s" }], result: "i53" },
  gzeof: { parameters: [{ pointer: "gzFile_s" }], result: "i32" },
  gzdirect: { parameters: [{ pointer: "gzFile_s" }], result: "i32" },
  gzclose: { parameters: [{ pointer: "gzFile_s" }], result: "i32" },
  gzclose_r: { parameters: [{ pointer: "gzFile_s" }], result: "i32" },
  gzclose_w: { parameters: [{ pointer: "gzFile_s" }], result: "i32" },
  gzerror: { parameters: [{ pointer: "gzFile_s" }, { out: "i32" }], result: "cstring" },
  gzclearerr: { parameters: [{ pointer: "gzFile_s" }], result: "void" },

  // Checksums.
  adler32: { parameters: ["ulong", { in: "buffer" }, "u32"], result: "ulong" },
  adler32_z: { parameters: ["ulong", { in: "buffer" }, "usize"], result: "ulong", optional: true },
  adler32_combine: { parameters: ["ulong", "ulong", "i53"], result: "ulong" },
  crc32: { parameters: ["ulong", { in: "buffer" }, "u32"], result: "ulong" },
  crc32_z: { parameters: ["ulong", { in: "buffer" }, "usize"], result: "ulong", optional: true },
  crc32_combine: { parameters: ["ulong", "ulong", "i53"], result: "ulong" },
  crc32_combine_gen: { parameters: ["i53"], result: "ulong", optional: true },
  crc32_combine_op: { parameters: ["ulong", "ulong", "ulong"], result: "ulong", optional: true },
  get_crc_table: { parameters: [], result: { bytes: { constant: 1024 } } },
} as const;

const paths = {
  linux: "libz.so.1",
  darwin: "libz.dylib",
  windows: "zlib1.dll",
} as const;

/** Opens the zlib of the system, or another one. */
export function openZlib(path: LibraryPath = paths): Library<typeof definitions> {
  return open(path, definitions);
}
