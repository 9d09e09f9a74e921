/**
 * Connections: opening, errors, settings, hooks, write-ahead log.
 *
 * @module
 */
import type { Typed } from "../../mod.ts";

/** Connections. */
export const connections = {
  // Opening and closing. The connection is there after a failure too, for its message.
  sqlite3_open: { parameters: ["cstring", { out: { pointer: "sqlite3" } }], result: "i32" },
  sqlite3_open16: { parameters: ["cstring16", { out: { pointer: "sqlite3" } }], result: "i32" },
  sqlite3_open_v2: {
    parameters: ["cstring", { out: { pointer: "sqlite3" } }, "i32", "cstring"],
    result: "i32",
  },
  sqlite3_close: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_close_v2: { parameters: [{ pointer: "sqlite3" }], result: "i32" },

  // What went wrong last; the text is copied at once, so a later call does not change it.
  sqlite3_errcode: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_extended_errcode: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_errmsg: { parameters: [{ pointer: "sqlite3" }], result: "cstring" },
  sqlite3_errmsg16: { parameters: [{ pointer: "sqlite3" }], result: "cstring16" },
  sqlite3_errstr: { parameters: ["i32"], result: "cstring" },
  sqlite3_error_offset: { parameters: [{ pointer: "sqlite3" }], result: "i32", optional: true },
  sqlite3_system_errno: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_extended_result_codes: { parameters: [{ pointer: "sqlite3" }, "i32"], result: "i32" },

  // Whole statements in one call. The message is freed once it is copied.
  sqlite3_exec: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      { function: { parameters: ["pointer", "i32", "pointer", "pointer"], result: "i32" } },
      "pointer",
      { out: { cstring: "owned", free: "sqlite3_free" } },
    ],
    result: "i32",
  },
  sqlite3_get_table: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      { out: "pointer" },
      { out: "i32" },
      { out: "i32" },
      { out: { cstring: "owned", free: "sqlite3_free" } },
    ],
    result: "i32",
  },
  sqlite3_free_table: { parameters: ["pointer"], result: "void" },

  // Settings and limits. sqlite3_db_config is variadic; most options take an int and give one.
  sqlite3_db_config: { parameters: [{ pointer: "sqlite3" }, "i32"], result: "i32", variadic: 2 },
  sqlite3_db_config_i32: {
    name: "sqlite3_db_config",
    parameters: [{ pointer: "sqlite3" }, "i32", "i32", { out: "i32" }],
    result: "i32",
    variadic: 2,
  },
  sqlite3_limit: { parameters: [{ pointer: "sqlite3" }, "i32", "i32"], result: "i32" },
  sqlite3_busy_timeout: { parameters: [{ pointer: "sqlite3" }, "i32"], result: "i32" },
  sqlite3_db_status: {
    parameters: [{ pointer: "sqlite3" }, "i32", { out: "i32" }, { out: "i32" }, "i32"],
    result: "i32",
  },
  sqlite3_db_release_memory: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_db_cacheflush: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_db_mutex: { parameters: [{ pointer: "sqlite3" }], result: { pointer: "sqlite3_mutex" } },
  sqlite3_file_control: {
    parameters: [{ pointer: "sqlite3" }, "cstring", "i32", "buffer"],
    result: "i32",
  },
  sqlite3_interrupt: { parameters: [{ pointer: "sqlite3" }], result: "void" },

  // What was changed, and which transaction is open.
  sqlite3_last_insert_rowid: { parameters: [{ pointer: "sqlite3" }], result: "i64" },
  sqlite3_set_last_insert_rowid: { parameters: [{ pointer: "sqlite3" }, "i64"], result: "void" },
  sqlite3_changes: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_changes64: { parameters: [{ pointer: "sqlite3" }], result: "i53", optional: true },
  sqlite3_total_changes: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_total_changes64: { parameters: [{ pointer: "sqlite3" }], result: "i53", optional: true },
  sqlite3_get_autocommit: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_txn_state: {
    parameters: [{ pointer: "sqlite3" }, "cstring"],
    result: "i32" as Typed<"i32", -1 | 0 | 1 | 2>,
    optional: true,
  },

  // Databases of a connection.
  sqlite3_db_name: { parameters: [{ pointer: "sqlite3" }, "i32"], result: "cstring" },
  sqlite3_db_filename: { parameters: [{ pointer: "sqlite3" }, "cstring"], result: "cstring" },
  sqlite3_db_filename_pointer: {
    name: "sqlite3_db_filename",
    parameters: [{ pointer: "sqlite3" }, "cstring"],
    result: { pointer: "sqlite3_filename" },
  },
  sqlite3_db_readonly: { parameters: [{ pointer: "sqlite3" }, "cstring"], result: "i32" },
  sqlite3_table_column_metadata: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "cstring",
      "cstring",
      { out: "cstring" },
      { out: "cstring" },
      { out: "i32" },
      { out: "i32" },
      { out: "i32" },
    ],
    result: "i32",
  },

  // Extensions.
  sqlite3_load_extension: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "cstring",
      { out: { cstring: "owned", free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3_enable_load_extension: {
    parameters: [{ pointer: "sqlite3" }, "i32"],
    result: "i32",
    optional: true,
  },
  sqlite3_auto_extension: {
    parameters: [{ function: { parameters: [], result: "void" } }],
    result: "i32",
  },
  sqlite3_cancel_auto_extension: {
    parameters: [{ function: { parameters: [], result: "void" } }],
    result: "i32",
  },
  sqlite3_reset_auto_extension: { parameters: [], result: "void" },

  // Write-ahead log.
  sqlite3_wal_autocheckpoint: { parameters: [{ pointer: "sqlite3" }, "i32"], result: "i32" },
  sqlite3_wal_checkpoint: { parameters: [{ pointer: "sqlite3" }, "cstring"], result: "i32" },
  sqlite3_wal_checkpoint_v2: {
    parameters: [{ pointer: "sqlite3" }, "cstring", "i32", { out: "i32" }, { out: "i32" }],
    result: "i32",
  },
  sqlite3_wal_hook: {
    parameters: [
      { pointer: "sqlite3" },
      {
        function: {
          parameters: ["pointer", { pointer: "sqlite3" }, "cstring", "i32"],
          result: "i32",
        },
      },
      "pointer",
    ],
    result: "pointer",
  },
} as const;
