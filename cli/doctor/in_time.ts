/**
 * Bounds for what may never end.
 *
 * @module
 */

/** Something took too long. */
export class LateError extends Error {}

/** What `run` gives; rejects with {@linkcode LateError} where it takes longer, and leaves it. */
export async function inTime<T>(run: () => Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`${ms} ms passed`)), ms);
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}
