// The table at the end.
import process from "node:process";
import type { GapMeter } from "./gap_meter.ts";

/** What one way of calling took. */
export interface Measured {
  readonly name: string;
  readonly rows: number;
  readonly loadSeconds: number;
  readonly querySeconds: number;
  /** What the query gave. */
  readonly answer: string;
  readonly meter: GapMeter;
}

const LABEL_COLUMNS = 28;
const VALUE_COLUMNS = 16;

const count = (value: number): string => value.toLocaleString("en");

/** Name and version of the runtime. */
export function runtimeName(): string {
  const { bun, deno } = process.versions;
  return bun !== undefined ? `Bun ${bun}` : `Deno ${deno}`;
}

/** Prints the ways side by side; throws where they came to different answers. */
export function printTable(ways: readonly Measured[]): void {
  const line = (label: string, value: (way: Measured) => string): void => {
    const values = ways.map((way) => value(way).padStart(VALUE_COLUMNS));
    console.log(`  ${label.padEnd(LABEL_COLUMNS)}${values.join("")}`);
  };
  console.log();
  line("", ({ name }) => name);
  line("rows", ({ rows }) => count(rows));
  line("load, s", ({ loadSeconds }) => loadSeconds.toFixed(2));
  line("query, s", ({ querySeconds }) => querySeconds.toFixed(2));
  line("largest event-loop gap, ms", ({ meter }) => meter.largestMs.toFixed(1));
  line("ticks of a 1 ms timer", ({ meter }) => count(meter.ticks));
  const answers = [...new Set(ways.map(({ answer }) => answer))];
  if (answers.length > 1) throw new Error(`Cannot trust this: answers ${answers.join(" and ")}`);
  console.log(`  both gave ${answers[0]}\n`);
}
