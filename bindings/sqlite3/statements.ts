/**
 * Prepared statements: parameters in, rows out.
 *
 * @module
 */
import type { Typed } from "../../mod.ts";
import type { Datatype } from "./constants.ts";

/** Prepared statements. */
export const statements = {
  // Preparing. The last cell is the rest of the text, behind the first statement.
  sqlite3_prepare: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      { out: { pointer: "sqlite3_stmt" } },
      { out: "cstring" },
    ],
    result: "i32",
  },
  sqlite3_prepare_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      { out: { pointer: "sqlite3_stmt" } },
      { out: "cstring" },
    ],
    result: "i32",
  },
  sqlite3_prepare_v3: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "i32",
      "u32",
      { out: { pointer: "sqlite3_stmt" } },
      { out: "cstring" },
    ],
    result: "i32",
  },
  sqlite3_prepare16: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring16",
      "i32",
      { out: { pointer: "sqlite3_stmt" } },
      { out: "cstring16" },
    ],
    result: "i32",
  },
  sqlite3_prepare16_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring16",
      "i32",
      { out: { pointer: "sqlite3_stmt" } },
      { out: "cstring16" },
    ],
    result: "i32",
  },
  sqlite3_prepare16_v3: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring16",
      "i32",
      "u32",
      { out: { pointer: "sqlite3_stmt" } },
      { out: "cstring16" },
    ],
    result: "i32",
  },

  // What was prepared.
  sqlite3_sql: { parameters: [{ pointer: "sqlite3_stmt" }], result: "cstring" },
  sqlite3_expanded_sql: {
    parameters: [{ pointer: "sqlite3_stmt" }],
    result: { cstring: "owned", free: "sqlite3_free" },
  },
  sqlite3_normalized_sql: {
    parameters: [{ pointer: "sqlite3_stmt" }],
    result: "cstring",
    optional: true,
  },
  sqlite3_stmt_readonly: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_stmt_isexplain: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_stmt_busy: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_stmt_status: { parameters: [{ pointer: "sqlite3_stmt" }, "i32", "i32"], result: "i32" },
  sqlite3_stmt_scanstatus: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", "i32", { out: "buffer" }],
    result: "i32",
    optional: true,
  },
  sqlite3_stmt_scanstatus_reset: {
    parameters: [{ pointer: "sqlite3_stmt" }],
    result: "void",
    optional: true,
  },
  sqlite3_db_handle: { parameters: [{ pointer: "sqlite3_stmt" }], result: { pointer: "sqlite3" } },
  sqlite3_next_stmt: {
    parameters: [{ pointer: "sqlite3" }, { pointer: "sqlite3_stmt" }],
    result: { pointer: "sqlite3_stmt" },
  },

  // Parameters. Texts and blobs are arguments of the call: SQLITE_TRANSIENT makes SQLite copy them.
  sqlite3_bind_blob: {
    parameters: [
      { pointer: "sqlite3_stmt" },
      "i32",
      { in: "buffer" },
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_bind_blob64: {
    parameters: [
      { pointer: "sqlite3_stmt" },
      "i32",
      { in: "buffer" },
      "u64",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_bind_double: { parameters: [{ pointer: "sqlite3_stmt" }, "i32", "f64"], result: "i32" },
  sqlite3_bind_int: { parameters: [{ pointer: "sqlite3_stmt" }, "i32", "i32"], result: "i32" },
  sqlite3_bind_int64: { parameters: [{ pointer: "sqlite3_stmt" }, "i32", "i64"], result: "i32" },
  sqlite3_bind_null: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "i32" },
  sqlite3_bind_text: {
    parameters: [
      { pointer: "sqlite3_stmt" },
      "i32",
      "cstring",
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_bind_text16: {
    parameters: [
      { pointer: "sqlite3_stmt" },
      "i32",
      "cstring16",
      "i32",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_bind_text64: {
    parameters: [
      { pointer: "sqlite3_stmt" },
      "i32",
      "cstring",
      "u64",
      { function: { parameters: ["pointer"], result: "void" } },
      "u8",
    ],
    result: "i32",
  },
  sqlite3_bind_value: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", { pointer: "sqlite3_value" }],
    result: "i32",
  },
  sqlite3_bind_pointer: {
    parameters: [
      { pointer: "sqlite3_stmt" },
      "i32",
      "pointer",
      "pointer",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_bind_zeroblob: { parameters: [{ pointer: "sqlite3_stmt" }, "i32", "i32"], result: "i32" },
  sqlite3_bind_zeroblob64: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32", "u64"],
    result: "i32",
  },
  sqlite3_bind_parameter_count: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_bind_parameter_name: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring",
  },
  sqlite3_bind_parameter_index: {
    parameters: [{ pointer: "sqlite3_stmt" }, "cstring"],
    result: "i32",
  },
  sqlite3_clear_bindings: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },

  // Running.
  sqlite3_step: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_reset: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_finalize: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },

  // Columns of the result.
  sqlite3_column_count: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_data_count: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  sqlite3_column_name: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "cstring" },
  sqlite3_column_name16: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "cstring16" },
  sqlite3_column_decltype: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "cstring" },
  sqlite3_column_decltype16: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring16",
  },
  sqlite3_column_database_name: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring",
    optional: true,
  },
  sqlite3_column_database_name16: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring16",
    optional: true,
  },
  sqlite3_column_table_name: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring",
    optional: true,
  },
  sqlite3_column_table_name16: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring16",
    optional: true,
  },
  sqlite3_column_origin_name: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring",
    optional: true,
  },
  sqlite3_column_origin_name16: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "cstring16",
    optional: true,
  },

  // Values of the row. A blob is a pointer: its length is another call, sqlite3_column_bytes.
  sqlite3_column_blob: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "pointer" },
  sqlite3_column_double: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "f64" },
  sqlite3_column_int: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "i32" },
  sqlite3_column_int64: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "i64" },
  sqlite3_column_text: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "cstring" },
  sqlite3_column_text16: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "cstring16" },
  sqlite3_column_value: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: { pointer: "sqlite3_value" },
  },
  sqlite3_column_bytes: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "i32" },
  sqlite3_column_bytes16: { parameters: [{ pointer: "sqlite3_stmt" }, "i32"], result: "i32" },
  sqlite3_column_type: {
    parameters: [{ pointer: "sqlite3_stmt" }, "i32"],
    result: "i32" as Typed<"i32", Datatype>,
  },
} as const;
