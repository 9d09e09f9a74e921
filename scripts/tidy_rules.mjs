// @ts-check
/** The limits of this code base: each rule takes a source and names what breaks it. */
import { functionsOf, language, lineAt } from "./tidy_source.mjs";

/**
 * @typedef {import("./tidy_source.mjs").Source} Source
 * @typedef {{ path: string, line: number, rule: string, message: string }} Finding
 * @typedef {(source: Source) => { line: number, message: string }[]} Check
 */

export const fileLinesMax = 800;
export const functionLinesMax = 70;
export const functionLinesMedianMax = 15;
export const lineColumnsMax = 100;

/** Spelled in halves, so that this file passes its own rule. */
const unfinished = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`);
const vagueName = /(^|[_./])(utils?|common|helpers?|misc)([_./]|$)/;
const runtimeName = /\b(Deno|Bun)\s*\.|["']bun:/;
const nodeName = /["']node:/;
const systemName = /\b(_WIN32|_WIN64|_MSC_VER|__linux__|__linux|__APPLE__|__\w+BSD__|__unix__)\b/;
const apiMacro = /^#(if|elif) defined\(\w+\)\n#define SIDING_API\b/;

/** @type {Readonly<Record<string, Check>>} */
export const rules = {
  "file length": ({ lines }) =>
    lines.length <= fileLinesMax
      ? []
      : [{ line: lines.length, message: `${lines.length} lines, at most ${fileLinesMax}` }],

  "function length": (source) =>
    functionsOf(source).filter(({ length }) => length > functionLinesMax).map((span) => ({
      line: span.line,
      message: `function ${span.name} has ${span.length} lines, at most ${functionLinesMax}`,
    })),

  "line length": (source) =>
    eachLine(source, (line) => {
      const columns = [...line].length;
      return columns > lineColumnsMax ? `${columns} columns, at most ${lineColumnsMax}` : undefined;
    }),

  "tab": (source) => eachLine(source, (line) => line.includes("\t") ? "a tab" : undefined),

  "trailing space": (source) =>
    eachLine(source, (line) => /\s$/.test(line) ? "space at the end of the line" : undefined),

  "unfinished": (source) => eachLine(source, (line) => line.match(unfinished)?.[0]),

  "file name": ({ path }) =>
    /^(README\.md|[a-z0-9_]+(\.[a-z0-9_]+)*)$/.test(path.split("/").at(-1) ?? "")
      ? []
      : [{ line: 1, message: "the name of the file is not snake_case" }],

  "vague name": ({ path }) =>
    vagueName.test(path) ? [{ line: 1, message: "the path says nothing of what is inside" }] : [],

  "runtime": ({ path, code }) => {
    if (!/^(src\/(?!runtime\/)|cli\/|mod\.ts$)/.test(path)) return [];
    const names = path.startsWith("cli/") ? [runtimeName] : [runtimeName, nodeName];
    return names.flatMap((name) => eachMatch(code, name, (text) => `${text} outside src/runtime`));
  },

  "system": (source) =>
    /^lib\/(?!platform\/)/.test(source.path)
      ? eachMatch(withoutApiMacro(source), systemName, (text) => `${text} outside lib/platform`)
      : [],

  "any": ({ path, bare }) =>
    /^(src|cli)\/|^mod\.ts$/.test(path)
      ? eachMatch(bare, /(?<![.\w$])any\b(?!\s*(?:\(|\??:))/, () => "the type any")
      : [],

  "enum": (source) =>
    isTypeScript(source)
      ? eachMatch(source.bare, /(?<![.\w$])enum\s+\w+\s*\{/, () => "an enum")
      : [],

  "default export": (source) =>
    isTypeScript(source)
      ? eachMatch(source.bare, /\bexport\s+default\b|\bas\s+default\b/, () => "a default export")
      : [],

  "test name": (source) => /_test\.ts$/.test(source.path) ? repeatedTestNames(source) : [],
};

/** @param {Source} source @returns {Finding[]} */
export function findingsOf(source) {
  const path = source.path;
  const checked = isText(path) ? Object.keys(rules) : ["file name", "vague name"];
  return checked.flatMap((rule) =>
    rules[rule](source).map((finding) => ({ path, rule, ...finding }))
  );
}

/**
 * Median length of the functions of each language.
 * @param {Source[]} sources
 */
export function medians(sources) {
  return ["C", "TypeScript"].map((name) => {
    const spans = sources.filter(({ path }) => language(path) === name).flatMap(functionsOf);
    const lengths = spans.map(({ length }) => length).sort((a, b) => a - b);
    return { name, count: lengths.length, median: lengths[lengths.length >> 1] ?? 0 };
  });
}

/** @param {string} path */
function isText(path) {
  return language(path) !== undefined || /\.(zig|sh|zon)$/.test(path);
}

/** @param {Source} source */
function isTypeScript({ path }) {
  return path.endsWith(".ts") && !path.endsWith(".d.ts");
}

/** @param {Source} source @param {(line: string) => string | undefined} check */
function eachLine({ lines }, check) {
  return lines.flatMap((line, index) => {
    const message = check(line);
    return message === undefined ? [] : [{ line: index + 1, message }];
  });
}

/** @param {string} text @param {RegExp} pattern @param {(text: string) => string} message */
function eachMatch(text, pattern, message) {
  return [...text.matchAll(new RegExp(pattern, "g"))].map((match) => ({
    line: lineAt(text, match.index),
    message: message(match[0]),
  }));
}

/** The code, without the one conditional that siding.h needs. @param {Source} source */
function withoutApiMacro({ path, code }) {
  if (path !== "lib/include/siding.h") return code;
  return code.split("\n").map((line, index, lines) =>
    apiMacro.test(`${line}\n${lines[index + 1]}`) ? "" : line
  ).join("\n");
}

/** @param {Source} source */
function repeatedTestNames({ code }) {
  const pattern = /(?<![.\w$])(?:Deno\.)?(?:test|it)(?:\.\w+)*\(\s*(["'`])((?:\\.|(?!\1).)*)\1/g;
  /** @type {Map<string, number>} */
  const seen = new Map();
  return [...code.matchAll(pattern)].flatMap((match) => {
    const first = seen.get(match[2]);
    const line = lineAt(code, match.index);
    if (first === undefined) seen.set(match[2], line);
    const message = `the name "${match[2]}" is that of the test in line ${first}`;
    return first === undefined || match[2].includes("${") ? [] : [{ line, message }];
  });
}
