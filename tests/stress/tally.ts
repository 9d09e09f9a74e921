/**
 * What happened: how many of each kind began, and how each ended.
 *
 * @module
 */

/** Counts by kind and ending. */
export type Counts = Record<string, Record<string, number>>;

/** An invariant that does not hold. */
export class Broken extends Error {
  override readonly name = "Broken";
  /** The one that is broken. */
  readonly invariant: string;

  /** @param invariant that is broken @param detail what was seen */
  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

/** Throws {@linkcode Broken} unless it holds. */
export function hold(held: boolean, invariant: string, detail: () => string): void {
  if (!held) throw new Broken(invariant, detail());
}

/** Errors that may come of what is done here; any other is a broken invariant. */
const EXPECTED: ReadonlySet<string> = new Set([
  "ERR_SIDING_CONTEXT_RECYCLING",
  "ERR_SIDING_TIMEOUT",
  "ERR_SIDING_POOL_EXHAUSTED",
  "aborted",
]);

/** The reason that aborts have here. */
export const ABORTED: Error = new Error("aborted");

function nameOf(error: unknown): string {
  if (error === ABORTED) return "aborted";
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : String(error);
}

/** Follows promises from their beginning to their end. */
export class Tally {
  readonly counts: Counts = {};
  readonly #pending: Map<number, string> = new Map();
  #number = 0;
  #failure: unknown;

  /** What broke first. */
  get failure(): unknown {
    return this.#failure;
  }

  /** What has begun and not ended. */
  get pending(): readonly string[] {
    return [...this.#pending.values()];
  }

  /** How many have ended. */
  get settled(): number {
    return this.#number - this.#pending.size;
  }

  /** Notes a failure. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Counts without a promise. */
  note(kind: string, ending: string, count = 1): void {
    const kinds = this.counts[kind] ??= {};
    kinds[ending] = (kinds[ending] ?? 0) + count;
  }

  /**
   * Follows a promise; gives its value, or `undefined` where it was rejected for a reason that may
   * be. That it settles a second time would be a thing of the engine; that it never does is seen in
   * {@linkcode Tally.pending}.
   */
  async follow<T>(kind: string, promise: Promise<T>): Promise<T | undefined> {
    const number = this.#number++;
    this.#pending.set(number, kind);
    try {
      const value = await promise;
      this.note(kind, "fulfilled");
      return value;
    } catch (error) {
      const name = nameOf(error);
      this.note(kind, name);
      if (error instanceof Broken) throw error;
      hold(EXPECTED.has(name), "errors are those that may be", () => `${kind}: ${name}`);
      return undefined;
    } finally {
      this.#pending.delete(number);
    }
  }

  /** Adds what was counted elsewhere. */
  add(counts: Counts): void {
    for (const [kind, endings] of Object.entries(counts)) {
      const kinds = this.counts[kind] ??= {};
      for (const [ending, count] of Object.entries(endings)) {
        kinds[ending] = (kinds[ending] ?? 0) + count;
      }
    }
  }
}
