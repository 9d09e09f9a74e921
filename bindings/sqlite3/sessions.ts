/**
 * The session extension: recording changes, and applying them elsewhere. Optional in every build.
 *
 * @module
 */

/** Recording and applying changes. */
export const sessions = {
  // Sessions record.
  sqlite3session_create: {
    parameters: [{ pointer: "sqlite3" }, "cstring", { out: { pointer: "sqlite3_session" } }],
    result: "i32",
    optional: true,
  },
  sqlite3session_delete: {
    parameters: [{ pointer: "sqlite3_session" }],
    result: "void",
    optional: true,
  },
  sqlite3session_object_config: {
    parameters: [{ pointer: "sqlite3_session" }, "i32", "buffer"],
    result: "i32",
    optional: true,
  },
  sqlite3session_enable: {
    parameters: [{ pointer: "sqlite3_session" }, "i32"],
    result: "i32",
    optional: true,
  },
  sqlite3session_indirect: {
    parameters: [{ pointer: "sqlite3_session" }, "i32"],
    result: "i32",
    optional: true,
  },
  sqlite3session_attach: {
    parameters: [{ pointer: "sqlite3_session" }, "cstring"],
    result: "i32",
    optional: true,
  },
  sqlite3session_table_filter: {
    parameters: [
      { pointer: "sqlite3_session" },
      { function: { parameters: ["pointer", "cstring"], result: "i32" } },
      "pointer",
    ],
    result: "void",
    optional: true,
  },
  sqlite3session_changeset: {
    parameters: [
      { pointer: "sqlite3_session" },
      { out: "i32" },
      { out: { bytes: 1, free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3session_changeset_size: {
    parameters: [{ pointer: "sqlite3_session" }],
    result: "i64",
    optional: true,
  },
  sqlite3session_diff: {
    parameters: [
      { pointer: "sqlite3_session" },
      "cstring",
      "cstring",
      { out: { cstring: "owned", free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3session_patchset: {
    parameters: [
      { pointer: "sqlite3_session" },
      { out: "i32" },
      { out: { bytes: 1, free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3session_isempty: {
    parameters: [{ pointer: "sqlite3_session" }],
    result: "i32",
    optional: true,
  },
  sqlite3session_memory_used: {
    parameters: [{ pointer: "sqlite3_session" }],
    result: "i64",
    optional: true,
  },
  sqlite3session_config: { parameters: ["i32", "buffer"], result: "i32", optional: true },

  // Changesets are read, inverted, joined and applied.
  sqlite3changeset_start: {
    parameters: [{ out: { pointer: "sqlite3_changeset_iter" } }, "i32", "pointer"],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_start_v2: {
    parameters: [{ out: { pointer: "sqlite3_changeset_iter" } }, "i32", "pointer", "i32"],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_next: {
    parameters: [{ pointer: "sqlite3_changeset_iter" }],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_op: {
    parameters: [
      { pointer: "sqlite3_changeset_iter" },
      { out: "cstring" },
      { out: "i32" },
      { out: "i32" },
      { out: "i32" },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_pk: {
    parameters: [{ pointer: "sqlite3_changeset_iter" }, { out: { bytes: 2 } }, { out: "i32" }],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_old: {
    parameters: [
      { pointer: "sqlite3_changeset_iter" },
      "i32",
      { out: { pointer: "sqlite3_value" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_new: {
    parameters: [
      { pointer: "sqlite3_changeset_iter" },
      "i32",
      { out: { pointer: "sqlite3_value" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_conflict: {
    parameters: [
      { pointer: "sqlite3_changeset_iter" },
      "i32",
      { out: { pointer: "sqlite3_value" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_fk_conflicts: {
    parameters: [{ pointer: "sqlite3_changeset_iter" }, { out: "i32" }],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_finalize: {
    parameters: [{ pointer: "sqlite3_changeset_iter" }],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_invert: {
    parameters: [
      "i32",
      { in: "buffer" },
      { out: "i32" },
      { out: { bytes: 2, free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_concat: {
    parameters: [
      "i32",
      { in: "buffer" },
      "i32",
      { in: "buffer" },
      { out: "i32" },
      { out: { bytes: 4, free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_apply: {
    parameters: [
      { pointer: "sqlite3" },
      "i32",
      { in: "buffer" },
      { function: { parameters: ["pointer", "cstring"], result: "i32" } },
      {
        function: {
          parameters: ["pointer", "i32", { pointer: "sqlite3_changeset_iter" }],
          result: "i32",
        },
      },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_apply_v2: {
    parameters: [
      { pointer: "sqlite3" },
      "i32",
      { in: "buffer" },
      { function: { parameters: ["pointer", "cstring"], result: "i32" } },
      {
        function: {
          parameters: ["pointer", "i32", { pointer: "sqlite3_changeset_iter" }],
          result: "i32",
        },
      },
      "pointer",
      { out: { bytes: 7, free: "sqlite3_free" } },
      { out: "i32" },
      "i32",
    ],
    result: "i32",
    optional: true,
  },

  // Groups of changesets.
  sqlite3changegroup_new: {
    parameters: [{ out: { pointer: "sqlite3_changegroup" } }],
    result: "i32",
    optional: true,
  },
  sqlite3changegroup_add: {
    parameters: [{ pointer: "sqlite3_changegroup" }, "i32", { in: "buffer" }],
    result: "i32",
    optional: true,
  },
  sqlite3changegroup_output: {
    parameters: [
      { pointer: "sqlite3_changegroup" },
      { out: "i32" },
      { out: { bytes: 1, free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changegroup_delete: {
    parameters: [{ pointer: "sqlite3_changegroup" }],
    result: "void",
    optional: true,
  },

  // Rebasing.
  sqlite3rebaser_create: {
    parameters: [{ out: { pointer: "sqlite3_rebaser" } }],
    result: "i32",
    optional: true,
  },
  sqlite3rebaser_configure: {
    parameters: [{ pointer: "sqlite3_rebaser" }, "i32", { in: "buffer" }],
    result: "i32",
    optional: true,
  },
  sqlite3rebaser_rebase: {
    parameters: [
      { pointer: "sqlite3_rebaser" },
      "i32",
      { in: "buffer" },
      { out: "i32" },
      { out: { bytes: 3, free: "sqlite3_free" } },
    ],
    result: "i32",
    optional: true,
  },
  sqlite3rebaser_delete: {
    parameters: [{ pointer: "sqlite3_rebaser" }],
    result: "void",
    optional: true,
  },

  // The same with the bytes read and written by functions.
  sqlite3changeset_apply_strm: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
      { function: { parameters: ["pointer", "cstring"], result: "i32" } },
      {
        function: {
          parameters: ["pointer", "i32", { pointer: "sqlite3_changeset_iter" }],
          result: "i32",
        },
      },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_apply_v2_strm: {
    parameters: [
      { pointer: "sqlite3" },
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
      { function: { parameters: ["pointer", "cstring"], result: "i32" } },
      {
        function: {
          parameters: ["pointer", "i32", { pointer: "sqlite3_changeset_iter" }],
          result: "i32",
        },
      },
      "pointer",
      { out: { bytes: 7, free: "sqlite3_free" } },
      { out: "i32" },
      "i32",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_concat_strm: {
    parameters: [
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
      { function: { parameters: ["pointer", "pointer", "i32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_invert_strm: {
    parameters: [
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
      { function: { parameters: ["pointer", "pointer", "i32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_start_strm: {
    parameters: [
      { out: { pointer: "sqlite3_changeset_iter" } },
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changeset_start_v2_strm: {
    parameters: [
      { out: { pointer: "sqlite3_changeset_iter" } },
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
      "i32",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3session_changeset_strm: {
    parameters: [
      { pointer: "sqlite3_session" },
      { function: { parameters: ["pointer", "pointer", "i32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3session_patchset_strm: {
    parameters: [
      { pointer: "sqlite3_session" },
      { function: { parameters: ["pointer", "pointer", "i32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changegroup_add_strm: {
    parameters: [
      { pointer: "sqlite3_changegroup" },
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3changegroup_output_strm: {
    parameters: [
      { pointer: "sqlite3_changegroup" },
      { function: { parameters: ["pointer", "pointer", "i32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3rebaser_rebase_strm: {
    parameters: [
      { pointer: "sqlite3_rebaser" },
      { function: { parameters: ["pointer", "pointer", "pointer"], result: "i32" } },
      "pointer",
      { function: { parameters: ["pointer", "pointer", "i32"], result: "i32" } },
      "pointer",
    ],
    result: "i32",
    optional: true,
  },
} as const;
