/**
 * What tests put into a cache.
 *
 * @module
 */

/** How many files each process makes. */
export const CACHED_FILES = 100;
const SIZE = 200_000;

/** The content of each. */
export const cachedBytes: Uint8Array = Uint8Array.from(
  { length: SIZE },
  (_, index) => index % 251,
);
