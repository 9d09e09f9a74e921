/**
 * Which version this is.
 *
 * @module
 */

/** Version of `@siding/ffi`; `scripts/release.mjs` compares it with the others. */
export const version = "0.1.0";
