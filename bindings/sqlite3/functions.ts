/**
 * SQL functions and collations: how they are made, what they get and give.
 *
 * @module
 */
import type { Typed } from "../../mod.ts";
import type { Datatype } from "./constants.ts";

/** SQL functions and collations. */
export const functions = {
  // Making functions.
  sqlite3_create_function: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      "i32",
      "pointer",
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      { function: { parameters: [{ pointer: "sqlite3_context" }], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_create_function16: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring16",
      "i32",
      "i32",
      "pointer",
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      { function: { parameters: [{ pointer: "sqlite3_context" }], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_create_function_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      "i32",
      "pointer",
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      { function: { parameters: [{ pointer: "sqlite3_context" }], result: "void" } },
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_create_window_function: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      "i32",
      "pointer",
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      { function: { parameters: [{ pointer: "sqlite3_context" }], result: "void" } },
      { function: { parameters: [{ pointer: "sqlite3_context" }], result: "void" } },
      {
        function: {
          parameters: [{ pointer: "sqlite3_context" }, "i32", "pointer"],
          result: "void",
        },
      },
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_overload_function: {
    parameters: [{ pointer: "sqlite3" }, "cstring", "i32"],
    result: "i32",
  },

  // Making collations.
  sqlite3_create_collation: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      "pointer",
      {
        function: {
          parameters: ["pointer", "i32", { bytes: 1 }, "i32", { bytes: 3 }],
          result: "i32",
        },
      },
    ],
    result: "i32",
  },
  sqlite3_create_collation_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      "pointer",
      {
        function: {
          parameters: ["pointer", "i32", { bytes: 1 }, "i32", { bytes: 3 }],
          result: "i32",
        },
      },
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_create_collation16: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring16",
      "i32",
      "pointer",
      {
        function: {
          parameters: ["pointer", "i32", { bytes: 1 }, "i32", { bytes: 3 }],
          result: "i32",
        },
      },
    ],
    result: "i32",
  },
  sqlite3_collation_needed: {
    parameters: [
      { pointer: "sqlite3" },
      "pointer",
      {
        function: {
          parameters: ["pointer", { pointer: "sqlite3" }, "i32", "cstring"],
          result: "void",
        },
      },
    ],
    result: "i32",
  },
  sqlite3_collation_needed16: {
    parameters: [
      { pointer: "sqlite3" },
      "pointer",
      {
        function: {
          parameters: ["pointer", { pointer: "sqlite3" }, "i32", "cstring16"],
          result: "void",
        },
      },
    ],
    result: "i32",
  },

  // What a function gets.
  sqlite3_value_blob: { parameters: [{ pointer: "sqlite3_value" }], result: "pointer" },
  sqlite3_value_double: { parameters: [{ pointer: "sqlite3_value" }], result: "f64" },
  sqlite3_value_int: { parameters: [{ pointer: "sqlite3_value" }], result: "i32" },
  sqlite3_value_int64: { parameters: [{ pointer: "sqlite3_value" }], result: "i64" },
  sqlite3_value_pointer: {
    parameters: [{ pointer: "sqlite3_value" }, "cstring"],
    result: "pointer",
  },
  sqlite3_value_text: { parameters: [{ pointer: "sqlite3_value" }], result: "cstring" },
  sqlite3_value_text16: { parameters: [{ pointer: "sqlite3_value" }], result: "cstring16" },
  sqlite3_value_text16le: { parameters: [{ pointer: "sqlite3_value" }], result: "pointer" },
  sqlite3_value_text16be: { parameters: [{ pointer: "sqlite3_value" }], result: "pointer" },
  sqlite3_value_bytes: { parameters: [{ pointer: "sqlite3_value" }], result: "i32" },
  sqlite3_value_bytes16: { parameters: [{ pointer: "sqlite3_value" }], result: "i32" },
  sqlite3_value_type: {
    parameters: [{ pointer: "sqlite3_value" }],
    result: "i32" as Typed<"i32", Datatype>,
  },
  sqlite3_value_numeric_type: {
    parameters: [{ pointer: "sqlite3_value" }],
    result: "i32" as Typed<"i32", Datatype>,
  },
  sqlite3_value_nochange: { parameters: [{ pointer: "sqlite3_value" }], result: "i32" },
  sqlite3_value_frombind: { parameters: [{ pointer: "sqlite3_value" }], result: "i32" },
  sqlite3_value_encoding: {
    parameters: [{ pointer: "sqlite3_value" }],
    result: "i32",
    optional: true,
  },
  sqlite3_value_subtype: { parameters: [{ pointer: "sqlite3_value" }], result: "u32" },
  sqlite3_value_dup: {
    parameters: [{ pointer: "sqlite3_value" }],
    result: { pointer: "sqlite3_value" },
  },
  sqlite3_value_free: { parameters: [{ pointer: "sqlite3_value" }], result: "void" },

  // What it keeps between calls.
  sqlite3_aggregate_context: {
    parameters: [{ pointer: "sqlite3_context" }, "i32"],
    result: "pointer",
  },
  sqlite3_user_data: { parameters: [{ pointer: "sqlite3_context" }], result: "pointer" },
  sqlite3_context_db_handle: {
    parameters: [{ pointer: "sqlite3_context" }],
    result: { pointer: "sqlite3" },
  },
  sqlite3_get_auxdata: { parameters: [{ pointer: "sqlite3_context" }, "i32"], result: "pointer" },
  sqlite3_set_auxdata: {
    parameters: [
      { pointer: "sqlite3_context" },
      "i32",
      "pointer",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },

  // What it gives.
  sqlite3_result_blob: {
    parameters: [
      { pointer: "sqlite3_context" },
      { in: "buffer" },
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },
  sqlite3_result_blob64: {
    parameters: [
      { pointer: "sqlite3_context" },
      { in: "buffer" },
      "u64",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },
  sqlite3_result_double: { parameters: [{ pointer: "sqlite3_context" }, "f64"], result: "void" },
  sqlite3_result_error: {
    parameters: [{ pointer: "sqlite3_context" }, "cstring", "i32"],
    result: "void",
  },
  sqlite3_result_error16: {
    parameters: [{ pointer: "sqlite3_context" }, "cstring16", "i32"],
    result: "void",
  },
  sqlite3_result_error_toobig: { parameters: [{ pointer: "sqlite3_context" }], result: "void" },
  sqlite3_result_error_nomem: { parameters: [{ pointer: "sqlite3_context" }], result: "void" },
  sqlite3_result_error_code: {
    parameters: [{ pointer: "sqlite3_context" }, "i32"],
    result: "void",
  },
  sqlite3_result_int: { parameters: [{ pointer: "sqlite3_context" }, "i32"], result: "void" },
  sqlite3_result_int64: { parameters: [{ pointer: "sqlite3_context" }, "i64"], result: "void" },
  sqlite3_result_null: { parameters: [{ pointer: "sqlite3_context" }], result: "void" },
  sqlite3_result_text: {
    parameters: [
      { pointer: "sqlite3_context" },
      "cstring",
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },
  sqlite3_result_text64: {
    parameters: [
      { pointer: "sqlite3_context" },
      "cstring",
      "u64",
      { function: { parameters: ["pointer"], result: "void" } },
      "u8",
    ],
    result: "void",
  },
  sqlite3_result_text16: {
    parameters: [
      { pointer: "sqlite3_context" },
      "cstring16",
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },
  sqlite3_result_text16le: {
    parameters: [
      { pointer: "sqlite3_context" },
      { in: "buffer" },
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },
  sqlite3_result_text16be: {
    parameters: [
      { pointer: "sqlite3_context" },
      { in: "buffer" },
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },
  sqlite3_result_value: {
    parameters: [{ pointer: "sqlite3_context" }, { pointer: "sqlite3_value" }],
    result: "void",
  },
  sqlite3_result_pointer: {
    parameters: [
      { pointer: "sqlite3_context" },
      "pointer",
      "pointer",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "void",
  },
  sqlite3_result_zeroblob: { parameters: [{ pointer: "sqlite3_context" }, "i32"], result: "void" },
  sqlite3_result_zeroblob64: { parameters: [{ pointer: "sqlite3_context" }, "u64"], result: "i32" },
  sqlite3_result_subtype: { parameters: [{ pointer: "sqlite3_context" }, "u32"], result: "void" },
} as const;
