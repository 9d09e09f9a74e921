/**
 * What is wrong, collected while everything else is looked at.
 *
 * @module
 */

/** Takes a problem: a text, or what was thrown, of which the first line counts. */
export type Tell = (problem: unknown) => void;

/** The first line of a text, or of an error's. */
export function firstLine(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem);
  return text.split("\n", 1)[0]!;
}
