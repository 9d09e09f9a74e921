/**
 * What callbacks are tried with, `tests/native/testlib_callback.c`.
 *
 * @module
 */
import { type Library, open } from "../../mod.ts";
import { definitions as usual, mixed, point, testlibPath } from "./testlib.ts";

/** `void (*)(uint32_t thread, uint32_t index)`. */
export const post = { parameters: ["u32", "u32"], result: "void" } as const;
/** `int32_t (*)(int32_t)`. */
export const ask = { parameters: ["i32"], result: "i32" } as const;
/** `void (*)(void)`. */
export const nothing = { parameters: [], result: "void" } as const;
/** `void (*)(uint32_t index, const char *text)`. */
export const text = { parameters: ["u32", "cstring"], result: "void" } as const;
/** `size_t (*)(const uint8_t *, size_t size, size_t count, void *)`. */
export const write = {
  parameters: [{ bytes: [1, 2] }, "usize", "usize", "pointer"],
  result: "usize",
} as const;
/** `struct test_entry`. */
export const entry = {
  struct: {
    id: "u32",
    name: "cstring",
    size: "u32",
    payload: { bytes: "size" },
    tags: "pointer",
  },
} as const;
/** `void (*)(const struct test_entry *, struct test_entry)`. */
export const entries = {
  parameters: [{ copy: entry as typeof entry }, entry as typeof entry],
  result: "void",
} as const;
/** `void (*)(const uint8_t *, int32_t)`. */
export const sized = { parameters: [{ bytes: 1 }, "i32"], result: "void" } as const;
/** `void (*)(const char *, const uint16_t *)`. */
export const texts = { parameters: ["cstring", "cstring16"], result: "void" } as const;
/** `double (*)(…)` with twelve arguments. */
export const many = {
  parameters: [
    "i8",
    "u16",
    "i32",
    "u64",
    "f32",
    "f64",
    point as typeof point,
    "bool",
    "i64",
    "pointer",
    "u8",
    "f64",
  ],
  result: "f64",
} as const;

const storm = { pointer: "storm" } as const;
const asker = { pointer: "asker" } as const;

/** Its functions. */
export const definitions = {
  callForeign: {
    name: "test_call_foreign",
    parameters: [{ function: nothing as typeof nothing }],
    result: "void",
  },
  errnoAround: {
    name: "test_errno_around",
    parameters: [{ function: nothing as typeof nothing }, "i32"],
    result: "i32",
  },
  askI32: {
    name: "test_ask_i32",
    parameters: [{ function: ask as typeof ask }, "i32", "bool"],
    result: "i32",
  },
  askPoint: {
    name: "test_ask_point",
    parameters: ["function", point as typeof point, "bool"],
    result: point as typeof point,
  },
  askMixed: {
    name: "test_ask_mixed",
    parameters: ["function", mixed as typeof mixed, "bool"],
    result: mixed as typeof mixed,
  },
  stormStart: {
    name: "test_storm_start",
    parameters: [{ function: post as typeof post }, "u32", "u32"],
    result: storm as typeof storm,
  },
  stormJoin: { name: "test_storm_join", parameters: [storm as typeof storm], result: "void" },
  asksStart: {
    name: "test_asks_start",
    parameters: [{ function: ask as typeof ask }, "u32", "u32", "i32"],
    result: storm as typeof storm,
  },
  asksMade: { name: "test_asks_made", parameters: [storm as typeof storm], result: "u32" },
  asksJoin: {
    name: "test_asks_join",
    parameters: [storm as typeof storm, { out: "i53" }],
    result: "i53",
  },
  askerStart: {
    name: "test_asker_start",
    parameters: [{ function: ask as typeof ask }, "i32"],
    result: asker as typeof asker,
  },
  askerJoin: { name: "test_asker_join", parameters: [asker as typeof asker], result: "i32" },
  askInChild: {
    name: "test_ask_in_child",
    parameters: [{ function: ask as typeof ask }, "i32"],
    result: "i32",
  },
  say: {
    name: "test_say",
    parameters: [{ function: text as typeof text }, "u32", "bool"],
    result: "void",
  },
  write: {
    name: "test_write",
    parameters: [{ function: write as typeof write }, "u32", "u32"],
    result: "u53",
  },
  entries: {
    name: "test_entries",
    parameters: [{ function: entries as typeof entries }, "u32"],
    result: "void",
  },
  sized: {
    name: "test_sized",
    parameters: [{ function: sized as typeof sized }, "i64", "i32"],
    result: "void",
  },
  texts: {
    name: "test_texts",
    parameters: [{ function: texts as typeof texts }, "cstring", "cstring16"],
    result: "void",
  },
  many: { name: "test_many", parameters: [{ function: many as typeof many }], result: "f64" },
  addAt: { name: "test_add_at", parameters: ["pointer", "i64"], result: "i53" },
} as const;

/** The library with those functions. */
export type CallbackLib = Library<typeof usual & typeof definitions>;

/** Opens it. */
export function openCallbackLib(): CallbackLib {
  return open(testlibPath, { ...usual, ...definitions });
}
