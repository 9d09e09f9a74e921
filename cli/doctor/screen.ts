/**
 * Reports as text for people.
 *
 * @module
 */
import { type Terminal, terminal } from "../../src/runtime/terminal.ts";
import type { LoadedReport, MachineReport, PermissionReport } from "./report.ts";

const RED = 31;
const GREEN = 32;
const BOLD = 1;
/** Of a line's label and the space behind it. */
const LABEL_COLUMNS = 14;

/** What a row says is well, is not, or is neither. */
type Mood = "good" | "bad" | "plain";

/** A row of a screen: a label, and what is to be said, a line each. */
export interface Row {
  readonly label: string;
  readonly lines: readonly string[];
  readonly mood?: Mood;
}

const colors: Readonly<Record<Mood, number | undefined>> = {
  good: GREEN,
  bad: RED,
  plain: undefined,
};

function colored(text: string, color: number | undefined): string {
  return color === undefined ? text : `\x1b[${color}m${text}\x1b[0m`;
}

/** A line in pieces of so many columns, parted at spaces; a longer word stays whole. */
function wrapped(line: string, columns: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const word of line.split(" ")) {
    const longer = piece === "" ? word : `${piece} ${word}`;
    if (longer.length > columns && piece !== "") {
      pieces.push(piece);
      piece = word;
    } else {
      piece = longer;
    }
  }
  return [...pieces, piece];
}

function rowText({ label, lines, mood = "plain" }: Row, { columns, hasColors }: Terminal): string {
  const width = columns === undefined ? Infinity : Math.max(columns - LABEL_COLUMNS, 20);
  const head = colored(label.padEnd(LABEL_COLUMNS), hasColors ? BOLD : undefined);
  const color = hasColors ? colors[mood] : undefined;
  return lines.flatMap((line) => wrapped(line, width))
    .map((line, index) => (index === 0 ? head : " ".repeat(LABEL_COLUMNS)) + colored(line, color))
    .join("\n");
}

/** Rows as text, without a line feed behind the last. */
export function screen(rows: readonly Row[]): string {
  const out = terminal();
  return rows.filter(({ lines }) => lines.length > 0).map((row) => rowText(row, out)).join("\n");
}

const origins: Readonly<Record<LoadedReport["source"], string>> = {
  chosen: "named by SIDING_LIBRARY",
  package: "a file of this package",
  memory: "carried by this package, loaded from memory",
  cache: "carried by this package, kept in the cache",
};

function permissionLine({ flag, purpose, granted, required }: PermissionReport): string {
  if (granted) return `${flag}: granted`;
  return `${flag}: missing, ${required ? "needed" : "wanted only"} ${purpose}`;
}

/** The last row: whether all is well, and what is not. */
export function verdict(problems: readonly string[], well: string): Row {
  return problems.length === 0
    ? { label: "verdict", lines: [well], mood: "good" }
    : { label: "verdict", lines: problems, mood: "bad" };
}

/** What `siding doctor` prints. */
export function machineScreen(report: MachineReport): string {
  const { runtime, library, permissions } = report;
  const name = runtime.name === "bun" ? "Bun" : "Deno";
  return screen([
    { label: "siding", lines: [report.version] },
    { label: "platform", lines: [report.platform] },
    { label: "runtime", lines: [`${name} ${runtime.version}`] },
    {
      label: "library",
      lines: library === null ? ["not loaded"] : [library.path, origins[library.source]],
      mood: library === null ? "bad" : "plain",
    },
    { label: "ABI", lines: [String(report.abi)] },
    {
      label: "permissions",
      lines: permissions.length === 0 ? ["this runtime has none"] : permissions.map(permissionLine),
    },
    verdict(report.problems, "Siding works here"),
  ]);
}
