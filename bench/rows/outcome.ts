/**
 * What a row of the table is.
 *
 * @module
 */
import type { Effort, Rates } from "../measure.ts";
import { runtimeName } from "../peers.ts";

/** What was measured, as `npm run bench -- --json` prints it. */
export interface Outcome {
  readonly name: string;
  readonly runtime: string;
  readonly siding: number;
  readonly peer: string;
  readonly peerValue: number;
  readonly unit: string;
  /** What the mark applies to: how many times the peer, or the time or count itself. */
  readonly ratio: number;
  /** The ratio in each round, to show how steady it is; left out of what is printed. */
  readonly ratios: readonly number[];
}

/** Measures a row. */
export type Row = (name: string, effort: Effort) => Promise<Outcome>;

/** The outcome of a row that compares rates; a unit of work is `calls` calls. */
export function compared(name: string, peer: string, rates: Rates, calls = 1): Outcome {
  return {
    name,
    runtime: runtimeName,
    siding: rates.siding * calls,
    peer,
    peerValue: rates.peer * calls,
    unit: "calls/s",
    ratio: rates.siding / rates.peer,
    ratios: rates.ratios,
  };
}
