// The outcomes as text: a table for the terminal, one for README.md.

import { cpus } from "node:os";
import { markText, reaches, titles } from "./marks.mjs";

const readmeBegin = "<!-- bench:begin -->";
/** Rows of times that are compared. */
const timesOfTimes = ["fs.read", "station.scale", "timer.precision"];
const readmeEnd = "<!-- bench:end -->";

/** Whether a unit is that of a rate. */
export function isRate(unit) {
  return unit.endsWith("/s");
}

/** A number as people read it: three digits, k and M for rates. */
export function short(value, unit) {
  if (isRate(unit) && value >= 1e6) return `${digits(value / 1e6)} M`;
  if (isRate(unit) && value >= 1e3) return `${digits(value / 1e3)} k`;
  return digits(value);
}

/** The ratio with what it counts: times the peer, or a unit. */
export function ratioText({ ratio, unit, name }) {
  const isTimes = isRate(unit) || timesOfTimes.includes(name);
  return isTimes ? `${digits(ratio)} ×` : `${digits(ratio)} ${unit}`;
}

/** The table for the terminal. */
export function terminalTable(outcomes) {
  const header = ["name", "runtime", "siding", "peer", "its value", "unit", "ratio", "rounds"];
  const rows = outcomes.map((outcome) => [
    outcome.name,
    outcome.runtime,
    short(outcome.siding, outcome.unit),
    outcome.peer,
    short(outcome.peerValue, outcome.unit),
    outcome.unit,
    digits(outcome.ratio),
    `${digits(Math.min(...outcome.ratios))} to ${digits(Math.max(...outcome.ratios))}`,
    markText(outcome),
    { true: "ok", false: "MISSED", undefined: "" }[reaches(outcome)],
  ]);
  return aligned([[...header, "mark", ""], ...rows]);
}

/** The machine and the versions behind the numbers. */
export function machineText(versions) {
  const list = cpus();
  const model = list[0]?.model.trim() ?? "unknown processor";
  return `${list.length} × ${model}, ${process.platform} ${process.arch}, ${versions.join(", ")}`;
}

/** README.md's text with the table between its marks; `undefined` where it has none. */
export function readmeWith(text, outcomes, machine) {
  const [begin, end] = [text.indexOf(readmeBegin), text.indexOf(readmeEnd)];
  if (begin < 0 || end < begin) return undefined;
  const head = text.slice(0, begin + readmeBegin.length);
  return `${head}\n\n${markdownTable(outcomes)}\n\n${machine}.\n\n${text.slice(end)}`;
}

function markdownTable(outcomes) {
  const rows = outcomes.map((outcome) => [
    titles[outcome.name] ?? outcome.name,
    { bun: "Bun", deno: "Deno", tsc: "tsc" }[outcome.runtime],
    withUnit(outcome.siding, outcome.unit),
    `${outcome.peer}: ${withUnit(outcome.peerValue, outcome.unit)}`,
    ratioText(outcome),
  ]);
  const lines = [["What", "On", "Siding", "Against", "Ratio"], ["-", "-", "-", "-", "-"], ...rows];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const cell = (text, column) =>
    text === "-" ? "-".repeat(widths[column]) : text.padEnd(widths[column]);
  return lines.map((line) => `| ${line.map(cell).join(" | ")} |`).join("\n");
}

function withUnit(value, unit) {
  return isRate(unit)
    ? `${short(value, unit)}${unit === "calls/s" ? "" : ` ${unit.slice(0, -2)}`}/s`
      .replaceAll(" ", "\u00a0")
    : `${short(value, unit)} ${unit}`;
}

function digits(value) {
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

function aligned(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) =>
    line.map((text, column) => text.padEnd(widths[column])).join("  ").trimEnd()
  ).join("\n");
}
