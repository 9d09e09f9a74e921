/**
 * SQLite as a whole: version, set-up, memory, status, names of files, the system below.
 *
 * @module
 */

/** Version, set-up, memory, status. */
export const library = {
  // Version and build options; each result is a string that never goes away.
  sqlite3_libversion: { parameters: [], result: "cstring" },
  sqlite3_sourceid: { parameters: [], result: "cstring" },
  sqlite3_libversion_number: { parameters: [], result: "i32" },
  sqlite3_compileoption_used: { parameters: ["cstring"], result: "i32", optional: true },
  sqlite3_compileoption_get: { parameters: ["i32"], result: "cstring", optional: true },
  sqlite3_threadsafe: { parameters: [], result: "i32" },

  // Start and end. The option of sqlite3_config decides what follows: a definition for each shape.
  sqlite3_initialize: { parameters: [], result: "i32" },
  sqlite3_shutdown: { parameters: [], result: "i32" },
  sqlite3_os_init: { parameters: [], result: "i32" },
  sqlite3_os_end: { parameters: [], result: "i32" },
  sqlite3_config: { parameters: ["i32"], result: "i32", variadic: 1 },
  sqlite3_config_i32: {
    name: "sqlite3_config",
    parameters: ["i32", "i32"],
    result: "i32",
    variadic: 1,
  },
  sqlite3_config_i64: {
    name: "sqlite3_config",
    parameters: ["i32", "i64", "i64"],
    result: "i32",
    variadic: 1,
  },
  sqlite3_config_pointer: {
    name: "sqlite3_config",
    parameters: ["i32", "pointer"],
    result: "i32",
    variadic: 1,
  },
  sqlite3_test_control: { parameters: ["i32"], result: "i32", variadic: 1 },

  // Memory of SQLite. What its documentation says to free is freed with sqlite3_free.
  sqlite3_malloc: { parameters: ["i32"], result: "pointer" },
  sqlite3_malloc64: { parameters: ["u64"], result: "pointer" },
  sqlite3_realloc: { parameters: ["pointer", "i32"], result: "pointer" },
  sqlite3_realloc64: { parameters: ["pointer", "u64"], result: "pointer" },
  sqlite3_free: { parameters: ["pointer"], result: "void" },
  sqlite3_msize: { parameters: ["pointer"], result: "u53" },
  sqlite3_memory_used: { parameters: [], result: "i53" },
  sqlite3_memory_highwater: { parameters: ["i32"], result: "i53" },
  sqlite3_release_memory: { parameters: ["i32"], result: "i32" },
  sqlite3_soft_heap_limit64: { parameters: ["i53"], result: "i53" },
  sqlite3_hard_heap_limit64: { parameters: ["i53"], result: "i53", optional: true },
  sqlite3_soft_heap_limit: { parameters: ["i32"], result: "void", optional: true },

  // Counters: the current and the highest value.
  sqlite3_status: { parameters: ["i32", { out: "i32" }, { out: "i32" }, "i32"], result: "i32" },
  sqlite3_status64: { parameters: ["i32", { out: "i53" }, { out: "i53" }, "i32"], result: "i32" },

  // Strings. A variadic function has one definition for each list of arguments.
  sqlite3_mprintf: {
    parameters: ["cstring"],
    result: { cstring: "owned", free: "sqlite3_free" },
    variadic: 1,
  },
  sqlite3_mprintf_text: {
    name: "sqlite3_mprintf",
    parameters: ["cstring", "cstring"],
    result: { cstring: "owned", free: "sqlite3_free" },
    variadic: 1,
  },
  sqlite3_mprintf_i64: {
    name: "sqlite3_mprintf",
    parameters: ["cstring", "i64"],
    result: { cstring: "owned", free: "sqlite3_free" },
    variadic: 1,
  },
  sqlite3_snprintf: {
    parameters: ["i32", { out: "buffer" }, "cstring"],
    result: "cstring",
    variadic: 3,
  },
  sqlite3_stricmp: { parameters: ["cstring", "cstring"], result: "i32" },
  sqlite3_strnicmp: { parameters: ["cstring", "cstring", "i32"], result: "i32" },
  sqlite3_strglob: { parameters: ["cstring", "cstring"], result: "i32" },
  sqlite3_strlike: { parameters: ["cstring", "cstring", "u32"], result: "i32" },
  sqlite3_complete: { parameters: ["cstring"], result: "i32" },
  sqlite3_complete16: { parameters: ["cstring16"], result: "i32" },
  sqlite3_keyword_count: { parameters: [], result: "i32" },
  sqlite3_keyword_name: {
    parameters: ["i32", { out: { bytes: 2 } }, { out: "i32" }],
    result: "i32",
  },
  sqlite3_keyword_check: { parameters: ["cstring", "i32"], result: "i32" },

  // Strings that grow; finishing gives the text and ends the object.
  sqlite3_str_new: { parameters: [{ pointer: "sqlite3" }], result: { pointer: "sqlite3_str" } },
  sqlite3_str_finish: {
    parameters: [{ pointer: "sqlite3_str" }],
    result: { cstring: "owned", free: "sqlite3_free" },
  },
  sqlite3_str_appendf: {
    parameters: [{ pointer: "sqlite3_str" }, "cstring"],
    result: "void",
    variadic: 2,
  },
  sqlite3_str_appendf_text: {
    name: "sqlite3_str_appendf",
    parameters: [{ pointer: "sqlite3_str" }, "cstring", "cstring"],
    result: "void",
    variadic: 2,
  },
  sqlite3_str_append: {
    parameters: [{ pointer: "sqlite3_str" }, { in: "buffer" }, "i32"],
    result: "void",
  },
  sqlite3_str_appendall: { parameters: [{ pointer: "sqlite3_str" }, "cstring"], result: "void" },
  sqlite3_str_appendchar: { parameters: [{ pointer: "sqlite3_str" }, "i32", "i8"], result: "void" },
  sqlite3_str_reset: { parameters: [{ pointer: "sqlite3_str" }], result: "void" },
  sqlite3_str_errcode: { parameters: [{ pointer: "sqlite3_str" }], result: "i32" },
  sqlite3_str_length: { parameters: [{ pointer: "sqlite3_str" }], result: "i32" },
  sqlite3_str_value: { parameters: [{ pointer: "sqlite3_str" }], result: "cstring" },

  // Names of files as SQLite keeps them: a string with its parameters behind it, so a pointer.
  sqlite3_uri_parameter: {
    parameters: [{ pointer: "sqlite3_filename" }, "cstring"],
    result: "cstring",
  },
  sqlite3_uri_boolean: {
    parameters: [{ pointer: "sqlite3_filename" }, "cstring", "i32"],
    result: "i32",
  },
  sqlite3_uri_int64: {
    parameters: [{ pointer: "sqlite3_filename" }, "cstring", "i64"],
    result: "i64",
  },
  sqlite3_uri_key: {
    parameters: [{ pointer: "sqlite3_filename" }, "i32"],
    result: "cstring",
    optional: true,
  },
  sqlite3_filename_database: {
    parameters: [{ pointer: "sqlite3_filename" }],
    result: "cstring",
    optional: true,
  },
  sqlite3_filename_journal: {
    parameters: [{ pointer: "sqlite3_filename" }],
    result: "cstring",
    optional: true,
  },
  sqlite3_filename_wal: {
    parameters: [{ pointer: "sqlite3_filename" }],
    result: "cstring",
    optional: true,
  },
  sqlite3_database_file_object: {
    parameters: ["pointer"],
    result: { pointer: "sqlite3_file" },
    optional: true,
  },
  sqlite3_create_filename: {
    parameters: ["cstring", "cstring", "cstring", "i32", { list: "cstring" }],
    result: { pointer: "sqlite3_filename" },
    optional: true,
  },
  sqlite3_free_filename: {
    parameters: [{ pointer: "sqlite3_filename" }],
    result: "void",
    optional: true,
  },

  // The operating system below.
  sqlite3_vfs_find: { parameters: ["cstring"], result: { pointer: "sqlite3_vfs" } },
  sqlite3_vfs_register: { parameters: [{ pointer: "sqlite3_vfs" }, "i32"], result: "i32" },
  sqlite3_vfs_unregister: { parameters: [{ pointer: "sqlite3_vfs" }], result: "i32" },
  sqlite3_randomness: { parameters: ["i32", { out: "buffer" }], result: "void" },
  sqlite3_sleep: { parameters: ["i32"], result: "i32" },
  sqlite3_log: { parameters: ["i32", "cstring"], result: "void", variadic: 2 },
  sqlite3_win32_set_directory: { parameters: ["ulong", "pointer"], result: "i32", optional: true },
  sqlite3_win32_set_directory8: { parameters: ["ulong", "cstring"], result: "i32", optional: true },
  sqlite3_win32_set_directory16: {
    parameters: ["ulong", "cstring16"],
    result: "i32",
    optional: true,
  },

  // Mutexes; one that is entered is left on the same thread, so use them on one context.
  sqlite3_mutex_alloc: { parameters: ["i32"], result: { pointer: "sqlite3_mutex" } },
  sqlite3_mutex_free: { parameters: [{ pointer: "sqlite3_mutex" }], result: "void" },
  sqlite3_mutex_enter: { parameters: [{ pointer: "sqlite3_mutex" }], result: "void" },
  sqlite3_mutex_try: { parameters: [{ pointer: "sqlite3_mutex" }], result: "i32" },
  sqlite3_mutex_leave: { parameters: [{ pointer: "sqlite3_mutex" }], result: "void" },
  sqlite3_mutex_held: { parameters: [{ pointer: "sqlite3_mutex" }], result: "i32", optional: true },
  sqlite3_mutex_notheld: {
    parameters: [{ pointer: "sqlite3_mutex" }],
    result: "i32",
    optional: true,
  },

  // Kept for old programs.
  sqlite3_aggregate_count: {
    parameters: [{ pointer: "sqlite3_context" }],
    result: "i32",
    optional: true,
  },
  sqlite3_expired: { parameters: [{ pointer: "sqlite3_stmt" }], result: "i32", optional: true },
  sqlite3_transfer_bindings: {
    parameters: [{ pointer: "sqlite3_stmt" }, { pointer: "sqlite3_stmt" }],
    result: "i32",
    optional: true,
  },
  sqlite3_global_recover: { parameters: [], result: "i32", optional: true },
  sqlite3_thread_cleanup: { parameters: [], result: "void", optional: true },
  sqlite3_memory_alarm: {
    parameters: [
      { function: { parameters: ["pointer", "i64", "i32"], result: "void" } },
      "pointer",
      "i64",
    ],
    result: "i32",
    optional: true,
  },
  sqlite3_enable_shared_cache: { parameters: ["i32"], result: "i32", optional: true },
} as const;
