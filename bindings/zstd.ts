/**
 * Zstandard: the stable part of zstd.h.
 *
 * @module
 */
import { type Library, type LibraryPath, open, type Typed } from "../mod.ts";

/** What is still to be read: memory that C reads from, its size, and how far it has come. */
export const ZSTD_inBuffer = {
  struct: { src: "pointer", size: "u53", pos: "u53" },
} as const;

/** Where there is room: memory that C writes to, its size, and how far it has come. */
export const ZSTD_outBuffer = {
  struct: { dst: "pointer", size: "u53", pos: "u53" },
} as const;

/** Between what a parameter may be, unless the error is one. */
export const ZSTD_bounds = {
  struct: { error: "usize", lowerBound: "i32", upperBound: "i32" },
} as const;

// What streaming does with what it has
export const ZSTD_e_continue = 0;
export const ZSTD_e_flush = 1;
export const ZSTD_e_end = 2;

// What is reset
export const ZSTD_reset_session_only = 1;
export const ZSTD_reset_parameters = 2;
export const ZSTD_reset_session_and_parameters = 3;

// Strategies
export const ZSTD_fast = 1;
export const ZSTD_dfast = 2;
export const ZSTD_greedy = 3;
export const ZSTD_lazy = 4;
export const ZSTD_lazy2 = 5;
export const ZSTD_btlazy2 = 6;
export const ZSTD_btopt = 7;
export const ZSTD_btultra = 8;
export const ZSTD_btultra2 = 9;

// Parameters of compression
export const ZSTD_c_compressionLevel = 100;
export const ZSTD_c_windowLog = 101;
export const ZSTD_c_hashLog = 102;
export const ZSTD_c_chainLog = 103;
export const ZSTD_c_searchLog = 104;
export const ZSTD_c_minMatch = 105;
export const ZSTD_c_targetLength = 106;
export const ZSTD_c_strategy = 107;
export const ZSTD_c_enableLongDistanceMatching = 160;
export const ZSTD_c_ldmHashLog = 161;
export const ZSTD_c_ldmMinMatch = 162;
export const ZSTD_c_ldmBucketSizeLog = 163;
export const ZSTD_c_ldmHashRateLog = 164;
export const ZSTD_c_contentSizeFlag = 200;
export const ZSTD_c_checksumFlag = 201;
export const ZSTD_c_dictIDFlag = 202;
export const ZSTD_c_nbWorkers = 400;
export const ZSTD_c_jobSize = 401;
export const ZSTD_c_overlapLog = 402;

// Parameters of decompression
export const ZSTD_d_windowLogMax = 100;

// Sizes and magic numbers
export const ZSTD_CLEVEL_DEFAULT = 3;
export const ZSTD_MAGICNUMBER = 4247762216;
export const ZSTD_MAGIC_DICTIONARY = 3962610743;
export const ZSTD_MAGIC_SKIPPABLE_START = 407710288;
export const ZSTD_MAGIC_SKIPPABLE_MASK = 4294967280;
export const ZSTD_BLOCKSIZELOG_MAX = 17;
export const ZSTD_BLOCKSIZE_MAX = 131072;
export const ZSTD_CONTENTSIZE_UNKNOWN = 0xffff_ffff_ffff_ffffn;
export const ZSTD_CONTENTSIZE_ERROR = 0xffff_ffff_ffff_fffen;

/** Every function, by the name it has in C. */
export const definitions = {
  // The library.
  ZSTD_versionNumber: { parameters: [], result: "u32" },
  ZSTD_versionString: { parameters: [], result: "cstring" },
  ZSTD_minCLevel: { parameters: [], result: "i32" },
  ZSTD_maxCLevel: { parameters: [], result: "i32" },
  ZSTD_defaultCLevel: { parameters: [], result: "i32", optional: true },

  // Results: a size, or an error that ZSTD_isError knows.
  ZSTD_isError: { parameters: ["usize"], result: "u32" },
  ZSTD_getErrorName: { parameters: ["usize"], result: "cstring" },

  // Everything at once.
  ZSTD_compress: {
    parameters: [{ out: "buffer" }, "usize", { in: "buffer" }, "usize", "i32"],
    result: "usize",
  },
  ZSTD_decompress: {
    parameters: [{ out: "buffer" }, "usize", { in: "buffer" }, "usize"],
    result: "usize",
  },
  ZSTD_compressBound: { parameters: ["usize"], result: "usize" },
  ZSTD_getFrameContentSize: { parameters: [{ in: "buffer" }, "usize"], result: "u64" },
  ZSTD_getDecompressedSize: { parameters: [{ in: "buffer" }, "usize"], result: "u64" },
  ZSTD_findFrameCompressedSize: { parameters: [{ in: "buffer" }, "usize"], result: "usize" },

  // With a context, which is used again.
  ZSTD_createCCtx: { parameters: [], result: { pointer: "ZSTD_CCtx" } },
  ZSTD_freeCCtx: { parameters: [{ pointer: "ZSTD_CCtx" }], result: "usize" },
  ZSTD_compressCCtx: {
    parameters: [
      { pointer: "ZSTD_CCtx" },
      { out: "buffer" },
      "usize",
      { in: "buffer" },
      "usize",
      "i32",
    ],
    result: "usize",
  },
  ZSTD_compress2: {
    parameters: [{ pointer: "ZSTD_CCtx" }, { out: "buffer" }, "usize", { in: "buffer" }, "usize"],
    result: "usize",
  },
  ZSTD_createDCtx: { parameters: [], result: { pointer: "ZSTD_DCtx" } },
  ZSTD_freeDCtx: { parameters: [{ pointer: "ZSTD_DCtx" }], result: "usize" },
  ZSTD_decompressDCtx: {
    parameters: [{ pointer: "ZSTD_DCtx" }, { out: "buffer" }, "usize", { in: "buffer" }, "usize"],
    result: "usize",
  },

  // Parameters of a context.
  ZSTD_cParam_getBounds: { parameters: ["i32"], result: ZSTD_bounds as typeof ZSTD_bounds },
  ZSTD_CCtx_setParameter: { parameters: [{ pointer: "ZSTD_CCtx" }, "i32", "i32"], result: "usize" },
  ZSTD_CCtx_setPledgedSrcSize: { parameters: [{ pointer: "ZSTD_CCtx" }, "u64"], result: "usize" },
  ZSTD_CCtx_reset: {
    parameters: [{ pointer: "ZSTD_CCtx" }, "i32" as Typed<"i32", 1 | 2 | 3>],
    result: "usize",
  },
  ZSTD_dParam_getBounds: { parameters: ["i32"], result: ZSTD_bounds as typeof ZSTD_bounds },
  ZSTD_DCtx_setParameter: { parameters: [{ pointer: "ZSTD_DCtx" }, "i32", "i32"], result: "usize" },
  ZSTD_DCtx_reset: {
    parameters: [{ pointer: "ZSTD_DCtx" }, "i32" as Typed<"i32", 1 | 2 | 3>],
    result: "usize",
  },

  // Piece by piece: both buffers come back with how far they are.
  ZSTD_createCStream: { parameters: [], result: { pointer: "ZSTD_CStream" } },
  ZSTD_freeCStream: { parameters: [{ pointer: "ZSTD_CStream" }], result: "usize" },
  ZSTD_compressStream2: {
    parameters: [
      { pointer: "ZSTD_CCtx" },
      { inout: ZSTD_outBuffer as typeof ZSTD_outBuffer },
      { inout: ZSTD_inBuffer as typeof ZSTD_inBuffer },
      "i32" as Typed<"i32", 0 | 1 | 2>,
    ],
    result: "usize",
  },
  ZSTD_CStreamInSize: { parameters: [], result: "u53" },
  ZSTD_CStreamOutSize: { parameters: [], result: "u53" },
  ZSTD_initCStream: { parameters: [{ pointer: "ZSTD_CStream" }, "i32"], result: "usize" },
  ZSTD_compressStream: {
    parameters: [
      { pointer: "ZSTD_CStream" },
      { inout: ZSTD_outBuffer as typeof ZSTD_outBuffer },
      { inout: ZSTD_inBuffer as typeof ZSTD_inBuffer },
    ],
    result: "usize",
  },
  ZSTD_flushStream: {
    parameters: [{ pointer: "ZSTD_CStream" }, { inout: ZSTD_outBuffer as typeof ZSTD_outBuffer }],
    result: "usize",
  },
  ZSTD_endStream: {
    parameters: [{ pointer: "ZSTD_CStream" }, { inout: ZSTD_outBuffer as typeof ZSTD_outBuffer }],
    result: "usize",
  },
  ZSTD_createDStream: { parameters: [], result: { pointer: "ZSTD_DStream" } },
  ZSTD_freeDStream: { parameters: [{ pointer: "ZSTD_DStream" }], result: "usize" },
  ZSTD_initDStream: { parameters: [{ pointer: "ZSTD_DStream" }], result: "usize" },
  ZSTD_decompressStream: {
    parameters: [
      { pointer: "ZSTD_DStream" },
      { inout: ZSTD_outBuffer as typeof ZSTD_outBuffer },
      { inout: ZSTD_inBuffer as typeof ZSTD_inBuffer },
    ],
    result: "usize",
  },
  ZSTD_DStreamInSize: { parameters: [], result: "u53" },
  ZSTD_DStreamOutSize: { parameters: [], result: "u53" },

  // Dictionaries. A prefix is used later, so it is memory that stays.
  ZSTD_compress_usingDict: {
    parameters: [
      { pointer: "ZSTD_CCtx" },
      { out: "buffer" },
      "usize",
      { in: "buffer" },
      "usize",
      { in: "buffer" },
      "usize",
      "i32",
    ],
    result: "usize",
  },
  ZSTD_decompress_usingDict: {
    parameters: [
      { pointer: "ZSTD_DCtx" },
      { out: "buffer" },
      "usize",
      { in: "buffer" },
      "usize",
      { in: "buffer" },
      "usize",
    ],
    result: "usize",
  },
  ZSTD_createCDict: {
    parameters: [{ in: "buffer" }, "usize", "i32"],
    result: { pointer: "ZSTD_CDict" },
  },
  ZSTD_freeCDict: { parameters: [{ pointer: "ZSTD_CDict" }], result: "usize" },
  ZSTD_compress_usingCDict: {
    parameters: [
      { pointer: "ZSTD_CCtx" },
      { out: "buffer" },
      "usize",
      { in: "buffer" },
      "usize",
      { pointer: "ZSTD_CDict" },
    ],
    result: "usize",
  },
  ZSTD_createDDict: { parameters: [{ in: "buffer" }, "usize"], result: { pointer: "ZSTD_DDict" } },
  ZSTD_freeDDict: { parameters: [{ pointer: "ZSTD_DDict" }], result: "usize" },
  ZSTD_decompress_usingDDict: {
    parameters: [
      { pointer: "ZSTD_DCtx" },
      { out: "buffer" },
      "usize",
      { in: "buffer" },
      "usize",
      { pointer: "ZSTD_DDict" },
    ],
    result: "usize",
  },
  ZSTD_getDictID_fromDict: { parameters: [{ in: "buffer" }, "usize"], result: "u32" },
  ZSTD_getDictID_fromCDict: {
    parameters: [{ pointer: "ZSTD_CDict" }],
    result: "u32",
    optional: true,
  },
  ZSTD_getDictID_fromDDict: { parameters: [{ pointer: "ZSTD_DDict" }], result: "u32" },
  ZSTD_getDictID_fromFrame: { parameters: [{ in: "buffer" }, "usize"], result: "u32" },
  ZSTD_CCtx_loadDictionary: {
    parameters: [{ pointer: "ZSTD_CCtx" }, { in: "buffer" }, "usize"],
    result: "usize",
  },
  ZSTD_CCtx_refCDict: {
    parameters: [{ pointer: "ZSTD_CCtx" }, { pointer: "ZSTD_CDict" }],
    result: "usize",
  },
  ZSTD_CCtx_refPrefix: {
    parameters: [{ pointer: "ZSTD_CCtx" }, "pointer", "usize"],
    result: "usize",
  },
  ZSTD_DCtx_loadDictionary: {
    parameters: [{ pointer: "ZSTD_DCtx" }, { in: "buffer" }, "usize"],
    result: "usize",
  },
  ZSTD_DCtx_refDDict: {
    parameters: [{ pointer: "ZSTD_DCtx" }, { pointer: "ZSTD_DDict" }],
    result: "usize",
  },
  ZSTD_DCtx_refPrefix: {
    parameters: [{ pointer: "ZSTD_DCtx" }, "pointer", "usize"],
    result: "usize",
  },

  // Memory in use.
  ZSTD_sizeof_CCtx: { parameters: [{ pointer: "ZSTD_CCtx" }], result: "u53" },
  ZSTD_sizeof_DCtx: { parameters: [{ pointer: "ZSTD_DCtx" }], result: "u53" },
  ZSTD_sizeof_CStream: { parameters: [{ pointer: "ZSTD_CStream" }], result: "u53" },
  ZSTD_sizeof_DStream: { parameters: [{ pointer: "ZSTD_DStream" }], result: "u53" },
  ZSTD_sizeof_CDict: { parameters: [{ pointer: "ZSTD_CDict" }], result: "u53" },
  ZSTD_sizeof_DDict: { parameters: [{ pointer: "ZSTD_DDict" }], result: "u53" },
} as const;

const paths = {
  linux: "libzstd.so.1",
  darwin: "libzstd.dylib",
  windows: "libzstd.dll",
} as const;

/** Opens the Zstandard of the system, or another one. */
export function openZstd(path: LibraryPath = paths): Library<typeof definitions> {
  return open(path, definitions);
}
