// @ts-check
/** Reads siding.h and what belongs to it; what cannot be read is an error, never left out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const headerName = "lib/include/siding.h";
const headerNames = [headerName, "lib/include/siding_station.h"];

/** @param {string} root @returns {string} the text of the whole interface */
export function readHeader(root) {
  return headerNames.map((name) => readFileSync(join(root, name), "utf8")).join("\n");
}

/** @type {Readonly<Record<string, number>>} */
const fieldSizes = {
  uint8_t: 1,
  int8_t: 1,
  uint16_t: 2,
  int16_t: 2,
  uint32_t: 4,
  int32_t: 4,
  uint64_t: 8,
  int64_t: 8,
};

/** @type {Readonly<Record<string, string>>} */
const scalarTypes = { uint32_t: "u32", int32_t: "i32", uint64_t: "u64", void: "void" };

/**
 * @typedef {{ name: string, value: string, comment: string }} Constant
 * @typedef {{ name: string, value: number, text: string }} Status
 * @typedef {{ name: string, size: number, offsets: [string, number][] }} Layout
 * @typedef {{ name: string, parameters: string[], result: string }} NativeFunction
 */

/** @param {string} text */
export function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\/\/.*/g, "");
}

/** `SIDING_CALL_WORDS` becomes `callWords`. @param {string} name */
export function camelCase(name) {
  const words = name.toLowerCase().replace(/^siding_/, "").split("_");
  return words.map((word, index) => index === 0 ? word : word[0].toUpperCase() + word.slice(1))
    .join("");
}

/** @param {string} header @returns {Constant[]} */
export function parseConstants(header) {
  const value = /(0x[0-9a-f]+|-?\d+|UINT64_MAX)[ul]*/;
  const note = /(?:[ \t]*\/\*(.*?)\*\/)?[ \t]*$/;
  const pattern = new RegExp(`^#define (SIDING_\\w+) ${value.source}${note.source}`, "gim");
  const constants = [...header.matchAll(pattern)].map(([, name, value, comment]) => ({
    name,
    value: value === "UINT64_MAX" ? "0xffffffffffffffffn" : value.toLowerCase(),
    comment: (comment ?? "").trim(),
  }));
  const objects = [...header.matchAll(/^#define (SIDING_\w+) +(?!__)\S/gm)].map((match) =>
    match[1]
  );
  for (const name of objects) {
    if (constants.some((constant) => constant.name === name)) continue;
    throw new Error(`Cannot read the value of ${name} in ${headerName}`);
  }
  return constants;
}

/** @param {string} header @returns {Status[]} */
export function parseStatuses(header) {
  const pattern = /^\s+X\((SIDING_\w+), (-?\d+), "([^"]*)"\)/gm;
  const statuses = [...header.matchAll(pattern)].map(([, name, value, text]) => ({
    name,
    value: Number(value),
    text,
  }));
  if (statuses.length === 0) throw new Error(`Cannot find the status list in ${headerName}`);
  return statuses;
}

/** @param {string} source @returns {[string, number][]} */
export function parseTypes(source) {
  const body = source.match(/enum siding_type \{([^}]*)\}/)?.[1];
  if (body === undefined) throw new Error(`Cannot find enum siding_type in ${headerName}`);
  return [...body.matchAll(/SIDING_TYPE_(\w+)\s*=\s*(\d+)/g)]
    .map(([, name, value]) => [name.toLowerCase(), Number(value)]);
}

/** @param {string} source @returns {Layout[]} */
export function parseLayouts(source) {
  return [...source.matchAll(/struct siding_(\w+) \{([^}]*)\};/g)].map(([, name, body]) => {
    /** @type {[string, number][]} */
    const offsets = [];
    let end = 0;
    let alignment = 1;
    for (const field of body.split(";").map((text) => text.trim()).filter(Boolean)) {
      const match = field.match(/^(\w+)\s+(\w+)$/);
      const size = match ? fieldSizes[match[1]] : undefined;
      if (!match || size === undefined) {
        throw new Error(`Cannot lay out "${field}" of struct siding_${name} in ${headerName}`);
      }
      const offset = roundUp(end, size);
      offsets.push([camelCase(match[2]), offset]);
      end = offset + size;
      alignment = Math.max(alignment, size);
    }
    return { name: camelCase(name), size: roundUp(end, alignment), offsets };
  });
}

/** @param {number} value @param {number} step */
function roundUp(value, step) {
  return Math.ceil(value / step) * step;
}

/** @param {string} source @returns {NativeFunction[]} */
export function parseFunctions(source) {
  const declarations = source.split("\n").filter((line) => !line.startsWith("#")).join("\n");
  const found = [...declarations.matchAll(/SIDING_API\s+([^;(]+?)(siding_\w+)\(([^)]*)\);/g)];
  const expected = [...declarations.matchAll(/\bSIDING_API\b/g)].length;
  if (found.length === 0 || found.length !== expected) {
    throw new Error(`Cannot read all SIDING_API declarations: ${found.length} of ${expected}`);
  }
  return found.map(([, result, name, parameters]) => ({
    name,
    result: result.includes("*") ? "pointer" : scalarType(result),
    parameters: parameters.trim() === "void" ? [] : parameters.split(",").map(parameterType),
  }));
}

/** @param {string} parameter */
function parameterType(parameter) {
  if (parameter.includes("*")) return "buffer";
  return scalarType(parameter.trim().replace(/\s+\w+$/, ""));
}

/** @param {string} text */
function scalarType(text) {
  const type = scalarTypes[text.trim()];
  if (type === undefined) throw new Error(`Cannot map the C type "${text.trim()}" to a host type`);
  return type;
}
