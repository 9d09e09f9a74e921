// @ts-check
/**
 * Writes src/generated from lib/include/siding.h, so that the TypeScript side cannot drift from the
 * C ABI. With `--check` it only compares.
 *
 *   node scripts/generate_native_table.mjs [--check]
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  camelCase,
  headerName,
  parseConstants,
  parseFunctions,
  parseLayouts,
  parseStatuses,
  parseTypes,
  readHeader,
  withoutComments,
} from "./native_header.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const outputs = "src/generated";
const lineMax = 100;

/**
 * @typedef {import("./native_header.mjs").Constant} Constant
 * @typedef {import("./native_header.mjs").Status} Status
 * @typedef {import("./native_header.mjs").Layout} Layout
 * @typedef {import("./native_header.mjs").NativeFunction} NativeFunction
 */

main();

function main() {
  const header = readHeader(root);
  finish(`${outputs}/siding.ts`, renderRecords(header));
  finish(`${outputs}/functions.ts`, renderTable(header));
}

/** @param {string} name @param {string} output */
function finish(name, output) {
  const path = join(root, name);
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, output);
    return;
  }
  const found = readIfThere(path);
  if (found === output) return;
  const reason = found === undefined ? "is missing" : `does not match ${headerName}`;
  console.error(`${name} ${reason}: run node scripts/generate_native_table.mjs`);
  process.exitCode = 1;
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** @param {string} summary */
function renderHead(summary) {
  return [
    "/**",
    ` * ${summary}`,
    " *",
    ` * Generated from ${headerName} by \`node scripts/generate_native_table.mjs\`; do not edit.`,
    " *",
    " * @module",
    " */",
    "",
  ];
}

/** @param {string} header */
function renderTable(header) {
  return [
    ...renderHead("The functions of libsiding as TypeScript sees them."),
    ...renderFunctions(parseFunctions(withoutComments(header))),
    "",
  ].join("\n");
}

/** @param {string} header */
function renderRecords(header) {
  const source = withoutComments(header);
  const constants = parseConstants(header);
  const version = constants.find((constant) => constant.name === "SIDING_ABI_VERSION");
  if (version === undefined) throw new Error(`Cannot find SIDING_ABI_VERSION in ${headerName}`);
  return [
    ...renderHead("The records and constants of libsiding as TypeScript sees them."),
    "/** ABI version that this package speaks; the library must report the same one. */",
    `export const abiVersion: number = ${version.value};`,
    "",
    ...constants.filter((constant) => constant !== version).flatMap(renderConstant),
    ...renderStatuses(parseStatuses(header)),
    ...renderTypes(parseTypes(source)),
    ...renderLayouts(parseLayouts(source)),
  ].join("\n");
}

/** @param {Constant} constant */
function renderConstant({ name, value, comment }) {
  const type = value.endsWith("n") ? "bigint" : "number";
  const summary = comment === "" ? "" : `: ${comment}`;
  const line = `/** \`${name}\`${summary}. */`;
  const lines = ["/**", ` * \`${name}\``, ` *${summary.slice(1)}.`, " */"];
  return [
    ...(line.length <= lineMax ? [line] : lines),
    `export const ${camelCase(name)}: ${type} = ${value};`,
    "",
  ];
}

/** @param {Status[]} statuses */
function renderStatuses(statuses) {
  /** @type {(name: string) => string} */
  const short = (name) => name.replace(/^SIDING_E?/, "").toLowerCase();
  return [
    "/** Status values by short name: `SIDING_ESTALE` is `status.stale`. */",
    "export const status: {",
    ...statuses.map(({ name, value }) => `  readonly ${short(name)}: ${value};`),
    "} = {",
    ...statuses.map(({ name, value }) => `  ${short(name)}: ${value},`),
    "};",
    "",
    "/** Name and meaning of each status value. */",
    "export const statuses: Readonly<Record<number, { name: string; text: string }>> = {",
    ...statuses.flatMap(({ name, value, text }) => [
      `  ${value < 0 ? `[${value}]` : value}: {`,
      `    name: "${name}",`,
      `    text: "${text}",`,
      "  },",
    ]),
    "};",
    "",
  ];
}

/** @param {[string, number][]} types */
function renderTypes(types) {
  return [
    "/** Type codes of signature descriptors: `SIDING_TYPE_I32` is `types.i32`. */",
    "export const types: {",
    ...types.map(([name, value]) => `  readonly ${name}: ${value};`),
    "} = {",
    ...types.map(([name, value]) => `  ${name}: ${value},`),
    "};",
    "",
  ];
}

/** @param {Layout[]} layouts */
function renderLayouts(layouts) {
  return [
    "/** Size in bytes, and byte offset of each field, of every struct that crosses. */",
    "export const layouts = {",
    ...layouts.flatMap(({ name, size, offsets }) => [
      `  ${name}: {`,
      `    size: ${size},`,
      "    offsets: {",
      ...offsets.map(([field, offset]) => `      ${field}: ${offset},`),
      "    },",
      "  },",
    ]),
    "} as const;",
    "",
  ];
}

/** @param {NativeFunction[]} functions */
function renderFunctions(functions) {
  return [
    "/** How a parameter or result crosses: `buffer` is a typed array or `null`. */",
    'export type NativeType = "u32" | "i32" | "u64" | "buffer" | "pointer" | "void";',
    "",
    "/** Parameters and result of one exported function. */",
    "export interface NativeFunction {",
    "  readonly parameters: readonly NativeType[];",
    "  readonly result: NativeType;",
    "}",
    "",
    "/** Names of the functions that libsiding exports. */",
    "export type FunctionName =",
    ...functions.map(({ name }, index) =>
      `  | "${name}"${index === functions.length - 1 ? ";" : ""}`
    ),
    "",
    "/** Every function that libsiding exports. */",
    "export const functions: Readonly<Record<FunctionName, NativeFunction>> = {",
    ...functions.flatMap(({ name, parameters, result }) => [
      `  ${name}: {`,
      ...renderParameters(parameters),
      `    result: "${result}",`,
      "  },",
    ]),
    "};",
  ];
}

/** @param {string[]} parameters */
function renderParameters(parameters) {
  const line = `    parameters: [${parameters.map((type) => `"${type}"`).join(", ")}],`;
  if (line.length <= lineMax) return [line];
  return ["    parameters: [", ...parameters.map((type) => `      "${type}",`), "    ],"];
}
