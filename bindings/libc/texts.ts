/**
 * Strings, memory, numbers, sorting.
 *
 * @module
 */
import { div_t, ldiv_t } from "./structs.ts";

/** Strings, memory, numbers, sorting. */
export const texts = {
  // Memory.
  malloc: { parameters: ["usize"], result: "pointer" },
  calloc: { parameters: ["usize", "usize"], result: "pointer" },
  realloc: { parameters: ["pointer", "usize"], result: "pointer" },
  free: { parameters: ["pointer"], result: "void" },
  memcpy: { parameters: ["pointer", { in: "buffer" }, "usize"], result: "pointer" },
  memcpy_out: {
    name: "memcpy",
    parameters: [{ out: "buffer" }, "pointer", "usize"],
    result: "pointer",
  },
  memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
  memcmp: { parameters: [{ in: "buffer" }, { in: "buffer" }, "usize"], result: "i32" },

  // Strings.
  strlen: { parameters: ["cstring"], result: "u53" },
  strnlen: { parameters: [{ in: "buffer" }, "usize"], result: "u53" },
  strcmp: { parameters: ["cstring", "cstring"], result: "i32" },
  strncmp: { parameters: ["cstring", "cstring", "usize"], result: "i32" },
  strcasecmp: { parameters: ["cstring", "cstring"], result: "i32" },
  strdup: { parameters: ["cstring"], result: { cstring: "owned", free: "free" } },
  strndup: { parameters: ["cstring", "usize"], result: { cstring: "owned", free: "free" } },
  toupper: { parameters: ["i32"], result: "i32" },
  tolower: { parameters: ["i32"], result: "i32" },

  // Formatting: a definition for each list of variable arguments.
  snprintf_i32: {
    name: "snprintf",
    parameters: [{ out: "buffer" }, "usize", "cstring", "i32"],
    variadic: 3,
    result: "i32",
  },
  snprintf_f64: {
    name: "snprintf",
    parameters: [{ out: "buffer" }, "usize", "cstring", "f64"],
    variadic: 3,
    result: "i32",
  },
  snprintf_text_long: {
    name: "snprintf",
    parameters: [{ out: "buffer" }, "usize", "cstring", "cstring", "long"],
    variadic: 3,
    result: "i32",
  },
  sscanf_two: {
    name: "sscanf",
    parameters: ["cstring", "cstring", { out: "i32" }, { out: "f64" }],
    variadic: 2,
    result: "i32",
  },

  // Numbers. What follows the number comes as a text.
  atoi: { parameters: ["cstring"], result: "i32" },
  strtol: { parameters: ["cstring", { out: "cstring" }, "i32"], result: "long", errno: true },
  strtoul: { parameters: ["cstring", { out: "cstring" }, "i32"], result: "ulong", errno: true },
  strtod: { parameters: ["cstring", { out: "cstring" }], result: "f64", errno: true },
  abs: { parameters: ["i32"], result: "i32" },
  labs: { parameters: ["long"], result: "long" },
  div: { parameters: ["i32", "i32"], result: div_t as typeof div_t },
  ldiv: { parameters: ["long", "long"], result: ldiv_t as typeof ldiv_t },

  // Sorting and searching.
  qsort: {
    parameters: [
      "buffer",
      "usize",
      "usize",
      { function: { parameters: ["pointer", "pointer"], result: "i32" } },
    ],
    result: "void",
  },
  bsearch: {
    parameters: [
      { in: "buffer" },
      "pointer",
      "usize",
      "usize",
      { function: { parameters: ["pointer", "pointer"], result: "i32" } },
    ],
    result: "pointer",
  },
} as const;
