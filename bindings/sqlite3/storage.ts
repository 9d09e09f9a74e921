/**
 * Blobs piece by piece, backups, snapshots, databases as bytes, virtual tables.
 *
 * @module
 */

/** Blobs, backups, snapshots, virtual tables. */
export const storage = {
  // One blob, piece by piece.
  sqlite3_blob_open: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      "cstring",
      "cstring",
      "i64",
      "i32",
      { out: { pointer: "sqlite3_blob" } },
    ],
    result: "i32",
  },
  sqlite3_blob_reopen: { parameters: [{ pointer: "sqlite3_blob" }, "i64"], result: "i32" },
  sqlite3_blob_close: { parameters: [{ pointer: "sqlite3_blob" }], result: "i32" },
  sqlite3_blob_bytes: { parameters: [{ pointer: "sqlite3_blob" }], result: "i32" },
  sqlite3_blob_read: {
    parameters: [{ pointer: "sqlite3_blob" }, { out: "buffer" }, "i32", "i32"],
    result: "i32",
  },
  sqlite3_blob_write: {
    parameters: [{ pointer: "sqlite3_blob" }, { in: "buffer" }, "i32", "i32"],
    result: "i32",
  },

  // Backups, a few pages at a time.
  sqlite3_backup_init: {
    parameters: [{ pointer: "sqlite3" }, "cstring", { pointer: "sqlite3" }, "cstring"],
    result: { pointer: "sqlite3_backup" },
  },
  sqlite3_backup_step: { parameters: [{ pointer: "sqlite3_backup" }, "i32"], result: "i32" },
  sqlite3_backup_finish: { parameters: [{ pointer: "sqlite3_backup" }], result: "i32" },
  sqlite3_backup_remaining: { parameters: [{ pointer: "sqlite3_backup" }], result: "i32" },
  sqlite3_backup_pagecount: { parameters: [{ pointer: "sqlite3_backup" }], result: "i32" },

  // A whole database as bytes; with SQLITE_SERIALIZE_NOCOPY nothing is to be freed.
  sqlite3_serialize: {
    parameters: [{ pointer: "sqlite3" }, "cstring", { out: "i64" }, "u32"],
    result: { bytes: 2, free: "sqlite3_free" },
    optional: true,
  },
  sqlite3_serialize_nocopy: {
    name: "sqlite3_serialize",
    parameters: [{ pointer: "sqlite3" }, "cstring", { out: "i64" }, "u32"],
    result: { bytes: 2 },
    optional: true,
  },
  sqlite3_deserialize: {
    parameters: [{ pointer: "sqlite3" }, "cstring", "pointer", "i64", "i64", "u32"],
    result: "i32",
    optional: true,
  },

  // Snapshots, in builds that have them.
  sqlite3_snapshot_get: {
    parameters: [{ pointer: "sqlite3" }, "cstring", { out: { pointer: "sqlite3_snapshot" } }],
    result: "i32",
    optional: true,
  },
  sqlite3_snapshot_open: {
    parameters: [{ pointer: "sqlite3" }, "cstring", { pointer: "sqlite3_snapshot" }],
    result: "i32",
    optional: true,
  },
  sqlite3_snapshot_free: {
    parameters: [{ pointer: "sqlite3_snapshot" }],
    result: "void",
    optional: true,
  },
  sqlite3_snapshot_cmp: {
    parameters: [{ pointer: "sqlite3_snapshot" }, { pointer: "sqlite3_snapshot" }],
    result: "i32",
    optional: true,
  },
  sqlite3_snapshot_recover: {
    parameters: [{ pointer: "sqlite3" }, "cstring"],
    result: "i32",
    optional: true,
  },

  // Virtual tables.
  sqlite3_create_module: {
    parameters: [{ pointer: "sqlite3" }, "cstring", { pointer: "sqlite3_module" }, "pointer"],
    result: "i32",
  },
  sqlite3_create_module_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      { pointer: "sqlite3_module" },
      "pointer",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
  },
  sqlite3_drop_modules: {
    parameters: [{ pointer: "sqlite3" }, { list: "cstring" }],
    result: "i32",
  },
  sqlite3_declare_vtab: { parameters: [{ pointer: "sqlite3" }, "cstring"], result: "i32" },
  sqlite3_vtab_config: { parameters: [{ pointer: "sqlite3" }, "i32"], result: "i32", variadic: 2 },
  sqlite3_vtab_config_i32: {
    name: "sqlite3_vtab_config",
    parameters: [{ pointer: "sqlite3" }, "i32", "i32"],
    result: "i32",
    variadic: 2,
  },
  sqlite3_vtab_on_conflict: { parameters: [{ pointer: "sqlite3" }], result: "i32" },
  sqlite3_vtab_nochange: { parameters: [{ pointer: "sqlite3_context" }], result: "i32" },
  sqlite3_vtab_collation: {
    parameters: [{ pointer: "sqlite3_index_info" }, "i32"],
    result: "cstring",
  },
  sqlite3_vtab_distinct: {
    parameters: [{ pointer: "sqlite3_index_info" }],
    result: "i32",
    optional: true,
  },
  sqlite3_vtab_in: {
    parameters: [{ pointer: "sqlite3_index_info" }, "i32", "i32"],
    result: "i32",
    optional: true,
  },
  sqlite3_vtab_in_first: {
    parameters: [{ pointer: "sqlite3_value" }, { out: { pointer: "sqlite3_value" } }],
    result: "i32",
    optional: true,
  },
  sqlite3_vtab_in_next: {
    parameters: [{ pointer: "sqlite3_value" }, { out: { pointer: "sqlite3_value" } }],
    result: "i32",
    optional: true,
  },
  sqlite3_vtab_rhs_value: {
    parameters: [{ pointer: "sqlite3_index_info" }, "i32", { out: { pointer: "sqlite3_value" } }],
    result: "i32",
    optional: true,
  },

  // R-trees.
  sqlite3_rtree_geometry_callback: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      {
        function: {
          parameters: [{ pointer: "sqlite3_rtree_geometry" }, "i32", "pointer", "pointer"],
          result: "i32",
        },
      },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3_rtree_query_callback: {
    parameters: [
      { pointer: "sqlite3" },
      "cstring",
      { function: { parameters: [{ pointer: "sqlite3_rtree_query_info" }], result: "i32" } },
      "pointer",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
    optional: true,
  },
} as const;
