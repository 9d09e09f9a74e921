/**
 * What a connection calls back: hooks, tracing, authorisation, progress.
 *
 * @module
 */

/** What a connection calls back. */
export const hooks = {
  // While it works.
  sqlite3_busy_handler: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "i32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
  },
  sqlite3_progress_handler: {
    parameters: [
      { pointer: "sqlite3" },
      "i32",
      { function: { parameters: ["pointer"], result: "i32" } },
      "pointer",
    ],
    result: "void",
  },
  sqlite3_set_authorizer: {
    parameters: [
      { pointer: "sqlite3" },
      {
        function: {
          parameters: ["pointer", "i32", "cstring", "cstring", "cstring", "cstring"],
          result: "i32",
        },
      },
      "pointer",
    ],
    result: "i32",
  },
  sqlite3_trace_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "u32",
      { function: { parameters: ["u32", "pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
  },
  sqlite3_trace: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "cstring"], result: "void" } },
      "pointer",
    ],
    result: "pointer",
    optional: true,
  },
  sqlite3_profile: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "cstring", "u64"], result: "void" } },
      "pointer",
    ],
    result: "pointer",
    optional: true,
  },

  // When something changes.
  sqlite3_commit_hook: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer"], result: "i32" } },
      "pointer",
    ],
    result: "pointer",
  },
  sqlite3_rollback_hook: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer"], result: "void" } },
      "pointer",
    ],
    result: "pointer",
  },
  sqlite3_update_hook: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "i32", "cstring", "cstring", "i64"], result: "void" } },
      "pointer",
    ],
    result: "pointer",
  },
  sqlite3_autovacuum_pages: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "cstring", "u32", "u32", "u32"], result: "u32" } },
      "pointer",
      { function: { parameters: ["pointer"], result: "void" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3_unlock_notify: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "i32"], result: "void" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },

  // Before something changes, in builds that have it.
  sqlite3_preupdate_hook: {
    parameters: [
      { pointer: "sqlite3" },
      {
        function: {
          parameters: [
            "pointer",
            { pointer: "sqlite3" },
            "i32",
            "cstring",
            "cstring",
            "i64",
            "i64",
          ],
          result: "void",
        },
      },
      "pointer",
    ],
    result: "pointer",
    optional: true,
  },
  sqlite3_preupdate_old: {
    parameters: [{ pointer: "sqlite3" }, "i32", { out: { pointer: "sqlite3_value" } }],
    result: "i32",
    optional: true,
  },
  sqlite3_preupdate_count: { parameters: [{ pointer: "sqlite3" }], result: "i32", optional: true },
  sqlite3_preupdate_depth: { parameters: [{ pointer: "sqlite3" }], result: "i32", optional: true },
  sqlite3_preupdate_new: {
    parameters: [{ pointer: "sqlite3" }, "i32", { out: { pointer: "sqlite3_value" } }],
    result: "i32",
    optional: true,
  },
  sqlite3_preupdate_blobwrite: {
    parameters: [{ pointer: "sqlite3" }],
    result: "i32",
    optional: true,
  },
} as const;
