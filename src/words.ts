/**
 * A stretch of 8-byte words with every view that records need.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";
import type { TextAccess } from "./runtime/runtime.ts";

/** Words shared with the native side for the time of one call. */
export interface Words {
  /** Number of words. */
  readonly length: number;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly view: DataView;
  /** The strings in them. */
  readonly texts: TextAccess;
}

/** Makes `length` zeroed words. */
export function words(length: number): Words {
  const buffer = new ArrayBuffer(length * 8);
  return {
    length,
    u8: new Uint8Array(buffer),
    u32: new Uint32Array(buffer),
    i32: new Int32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    i64: new BigInt64Array(buffer),
    u64: new BigUint64Array(buffer),
    view: new DataView(buffer),
    texts: runtime.texts(buffer),
  };
}
