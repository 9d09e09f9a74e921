/**
 * Reports as text for people.
 *
 * @module
 */
import { type Terminal, terminal } from "../../src/runtime/terminal.ts";
import type {
  BinaryReport,
  Figures,
  LibraryReport,
  LoadedReport,
  MachineReport,
  NeededReport,
  PermissionReport,
  Rate,
  SelfTestReport,
  SymbolsReport,
} from "./report.ts";

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
  chosen: "named by SIDING_LIBRARY or configure",
  package: "a file of this package",
  memory: "carried by this package, loaded from memory",
  cache: "carried by this package, kept in the cache",
};

function permissionLine({ flag, purpose, granted, required }: PermissionReport): string {
  if (granted) return `${flag}: granted`;
  return `${flag}: missing${required ? `, ${purpose}` : ", optional"}`;
}

function timeText(microseconds: number): string {
  const isLong = microseconds >= 1000;
  const value = Number((isLong ? microseconds / 1000 : microseconds).toPrecision(3));
  return `${value} ${isLong ? "ms" : "µs"}`;
}

function timesText({ medianUs, p99Us, maxUs }: Figures): string {
  return [medianUs, p99Us, maxUs].map(timeText).join(", ");
}

function rateText({ inFlight, perSecond }: Rate): string {
  return `${perSecond.toLocaleString("en")} a second, ${inFlight.toLocaleString("en")} in flight`;
}

function selfTestLines({ calls, pipelined, callbacks, timer }: SelfTestReport): string[] {
  return [
    calls && `call: ${timesText(calls)} (median, 99 %, most)`,
    pipelined && `calls: ${rateText(pipelined)}`,
    callbacks && `callback from a thread of C's: ${timesText(callbacks)}`,
    timer && `timer, late by: ${timesText(timer)}`,
  ].filter((line) => line !== null);
}

/** The last row: whether all is well, and what is not. */
export function verdict(problems: readonly string[], well: string): Row {
  return problems.length === 0
    ? { label: "verdict", lines: [well], mood: "good" }
    : { label: "verdict", lines: problems, mood: "bad" };
}

function platformText({ platform, glibc, processors }: MachineReport): string {
  const parts = [platform, glibc && `glibc ${glibc}`, `${processors} processors`];
  return parts.filter((part) => part !== null).join(", ");
}

/** What `siding doctor` prints. */
export function machineScreen(report: MachineReport): string {
  const { runtime, library, permissions, selfTest } = report;
  const name = runtime.name === "bun" ? "Bun" : "Deno";
  return screen([
    { label: "siding", lines: [report.version] },
    { label: "platform", lines: [platformText(report)] },
    { label: "runtime", lines: [`${name} ${runtime.version}`] },
    {
      label: "library",
      lines: library === null ? ["not loaded"] : [library.path, origins[library.source]],
      mood: library === null ? "bad" : "plain",
    },
    { label: "ABI", lines: [String(report.abi)] },
    { label: "wake channel", lines: [report.wakeChannel ?? "none"] },
    { label: "trampolines", lines: [report.trampolines ?? "none"] },
    {
      label: "permissions",
      lines: permissions.length === 0 ? ["this runtime has none"] : permissions.map(permissionLine),
      mood: permissions.some(({ granted, required }) => required && !granted) ? "bad" : "plain",
    },
    { label: "self-test", lines: selfTest === null ? ["not begun"] : selfTestLines(selfTest) },
    verdict(report.problems, "Siding works here"),
  ]);
}

function binaryLine({ format, kind, system, architecture }: BinaryReport): string {
  return `${kind}, ${system} ${architecture} (${format})`;
}

function neededLines(needed: readonly NeededReport[]): string[] {
  const names = needed.map(({ name }) => name).join(", ");
  if (needed.some(({ state }) => state === "unknown")) return [`not looked for: ${names}`];
  const missing = needed.filter(({ state }) => state === "missing");
  if (missing.length === 0) return needed.length === 0 ? [] : [`all found: ${names}`];
  return missing.map(({ name, reason }) => `${name} is missing: ${reason}`);
}

function symbolLines(symbols: SymbolsReport | null): string[] {
  if (symbols === null) return [];
  const { count, absent, absentOptional, askedOf } = symbols;
  const where = askedOf === "loader" ? "" : ", by the file's own list";
  const counts = `${count} in the definitions, ${absent.length} absent${where}`;
  return [counts, ...absentOptional.map((name) => `${name}: absent, optional`)];
}

/** What `siding doctor LIBRARY` prints. */
export function libraryScreen(report: LibraryReport): string {
  const { binaries, needed, symbols } = report;
  const isMissing = needed.some(({ state }) => state === "missing");
  return screen([
    { label: "siding", lines: [report.version] },
    { label: "platform", lines: [report.platform] },
    { label: "library", lines: [report.path, ...binaries.map(binaryLine)] },
    { label: "loaded", lines: [report.loaded ? "yes" : "no"] },
    { label: "needs", lines: neededLines(needed), mood: isMissing ? "bad" : "plain" },
    { label: "symbols", lines: symbolLines(symbols) },
    verdict(report.problems, "this library can be used here"),
  ]);
}
