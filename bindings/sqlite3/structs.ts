/**
 * The structs of sqlite3.h, for layouts, and for functions out of them.
 *
 * @module
 */

/** An open file, begins with its methods. */
export const sqlite3_file = {
  struct: {
    pMethods: { pointer: "sqlite3_io_methods" },
  },
} as const;

/** What can be done with a file. */
export const sqlite3_io_methods = {
  struct: {
    iVersion: "i32",
    xClose: { function: { parameters: [{ pointer: "sqlite3_file" }], result: "i32" } },
    xRead: {
      function: {
        parameters: [{ pointer: "sqlite3_file" }, "pointer", "i32", "i64"],
        result: "i32",
      },
    },
    xWrite: {
      function: {
        parameters: [{ pointer: "sqlite3_file" }, "pointer", "i32", "i64"],
        result: "i32",
      },
    },
    xTruncate: { function: { parameters: [{ pointer: "sqlite3_file" }, "i64"], result: "i32" } },
    xSync: { function: { parameters: [{ pointer: "sqlite3_file" }, "i32"], result: "i32" } },
    xFileSize: {
      function: { parameters: [{ pointer: "sqlite3_file" }, "pointer"], result: "i32" },
    },
    xLock: { function: { parameters: [{ pointer: "sqlite3_file" }, "i32"], result: "i32" } },
    xUnlock: { function: { parameters: [{ pointer: "sqlite3_file" }, "i32"], result: "i32" } },
    xCheckReservedLock: {
      function: { parameters: [{ pointer: "sqlite3_file" }, "pointer"], result: "i32" },
    },
    xFileControl: {
      function: { parameters: [{ pointer: "sqlite3_file" }, "i32", "pointer"], result: "i32" },
    },
    xSectorSize: { function: { parameters: [{ pointer: "sqlite3_file" }], result: "i32" } },
    xDeviceCharacteristics: {
      function: { parameters: [{ pointer: "sqlite3_file" }], result: "i32" },
    },
    xShmMap: {
      function: {
        parameters: [{ pointer: "sqlite3_file" }, "i32", "i32", "i32", "pointer"],
        result: "i32",
      },
    },
    xShmLock: {
      function: { parameters: [{ pointer: "sqlite3_file" }, "i32", "i32", "i32"], result: "i32" },
    },
    xShmBarrier: { function: { parameters: [{ pointer: "sqlite3_file" }], result: "void" } },
    xShmUnmap: { function: { parameters: [{ pointer: "sqlite3_file" }, "i32"], result: "i32" } },
    xFetch: {
      function: {
        parameters: [{ pointer: "sqlite3_file" }, "i64", "i32", "pointer"],
        result: "i32",
      },
    },
    xUnfetch: {
      function: { parameters: [{ pointer: "sqlite3_file" }, "i64", "pointer"], result: "i32" },
    },
  },
} as const;

/** An operating system. */
export const sqlite3_vfs = {
  struct: {
    iVersion: "i32",
    szOsFile: "i32",
    mxPathname: "i32",
    pNext: { pointer: "sqlite3_vfs" },
    zName: "cstring",
    pAppData: "pointer",
    xOpen: {
      function: {
        parameters: [
          { pointer: "sqlite3_vfs" },
          "cstring",
          { pointer: "sqlite3_file" },
          "i32",
          "pointer",
        ],
        result: "i32",
      },
    },
    xDelete: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "cstring", "i32"], result: "i32" },
    },
    xAccess: {
      function: {
        parameters: [{ pointer: "sqlite3_vfs" }, "cstring", "i32", "pointer"],
        result: "i32",
      },
    },
    xFullPathname: {
      function: {
        parameters: [{ pointer: "sqlite3_vfs" }, "cstring", "i32", "pointer"],
        result: "i32",
      },
    },
    xDlOpen: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "cstring"], result: "pointer" },
    },
    xDlError: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "i32", "pointer"], result: "void" },
    },
    xDlSym: {
      function: {
        parameters: [{ pointer: "sqlite3_vfs" }, "pointer", "cstring"],
        result: { function: { parameters: [], result: "void" } },
      },
    },
    xDlClose: { function: { parameters: [{ pointer: "sqlite3_vfs" }, "pointer"], result: "void" } },
    xRandomness: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "i32", "pointer"], result: "i32" },
    },
    xSleep: { function: { parameters: [{ pointer: "sqlite3_vfs" }, "i32"], result: "i32" } },
    xCurrentTime: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "pointer"], result: "i32" },
    },
    xGetLastError: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "i32", "pointer"], result: "i32" },
    },
    xCurrentTimeInt64: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "pointer"], result: "i32" },
    },
    xSetSystemCall: {
      function: {
        parameters: [{ pointer: "sqlite3_vfs" }, "cstring", {
          function: { parameters: [], result: "void" },
        }],
        result: "i32",
      },
    },
    xGetSystemCall: {
      function: {
        parameters: [{ pointer: "sqlite3_vfs" }, "cstring"],
        result: { function: { parameters: [], result: "void" } },
      },
    },
    xNextSystemCall: {
      function: { parameters: [{ pointer: "sqlite3_vfs" }, "cstring"], result: "cstring" },
    },
  },
} as const;

/** An allocator. */
export const sqlite3_mem_methods = {
  struct: {
    xMalloc: { function: { parameters: ["i32"], result: "pointer" } },
    xFree: { function: { parameters: ["pointer"], result: "void" } },
    xRealloc: { function: { parameters: ["pointer", "i32"], result: "pointer" } },
    xSize: { function: { parameters: ["pointer"], result: "i32" } },
    xRoundup: { function: { parameters: ["i32"], result: "i32" } },
    xInit: { function: { parameters: ["pointer"], result: "i32" } },
    xShutdown: { function: { parameters: ["pointer"], result: "void" } },
    pAppData: "pointer",
  },
} as const;

/** The functions of a virtual table. */
export const sqlite3_module = {
  struct: {
    iVersion: "i32",
    xCreate: {
      function: {
        parameters: [{ pointer: "sqlite3" }, "pointer", "i32", "pointer", "pointer", "pointer"],
        result: "i32",
      },
    },
    xConnect: {
      function: {
        parameters: [{ pointer: "sqlite3" }, "pointer", "i32", "pointer", "pointer", "pointer"],
        result: "i32",
      },
    },
    xBestIndex: {
      function: {
        parameters: [{ pointer: "sqlite3_vtab" }, { pointer: "sqlite3_index_info" }],
        result: "i32",
      },
    },
    xDisconnect: { function: { parameters: [{ pointer: "sqlite3_vtab" }], result: "i32" } },
    xDestroy: { function: { parameters: [{ pointer: "sqlite3_vtab" }], result: "i32" } },
    xOpen: { function: { parameters: [{ pointer: "sqlite3_vtab" }, "pointer"], result: "i32" } },
    xClose: { function: { parameters: [{ pointer: "sqlite3_vtab_cursor" }], result: "i32" } },
    xFilter: {
      function: {
        parameters: [{ pointer: "sqlite3_vtab_cursor" }, "i32", "cstring", "i32", "pointer"],
        result: "i32",
      },
    },
    xNext: { function: { parameters: [{ pointer: "sqlite3_vtab_cursor" }], result: "i32" } },
    xEof: { function: { parameters: [{ pointer: "sqlite3_vtab_cursor" }], result: "i32" } },
    xColumn: {
      function: {
        parameters: [{ pointer: "sqlite3_vtab_cursor" }, { pointer: "sqlite3_context" }, "i32"],
        result: "i32",
      },
    },
    xRowid: {
      function: { parameters: [{ pointer: "sqlite3_vtab_cursor" }, "pointer"], result: "i32" },
    },
    xUpdate: {
      function: {
        parameters: [{ pointer: "sqlite3_vtab" }, "i32", "pointer", "pointer"],
        result: "i32",
      },
    },
    xBegin: { function: { parameters: [{ pointer: "sqlite3_vtab" }], result: "i32" } },
    xSync: { function: { parameters: [{ pointer: "sqlite3_vtab" }], result: "i32" } },
    xCommit: { function: { parameters: [{ pointer: "sqlite3_vtab" }], result: "i32" } },
    xRollback: { function: { parameters: [{ pointer: "sqlite3_vtab" }], result: "i32" } },
    xFindFunction: {
      function: {
        parameters: [{ pointer: "sqlite3_vtab" }, "i32", "cstring", "pointer", "pointer"],
        result: "i32",
      },
    },
    xRename: { function: { parameters: [{ pointer: "sqlite3_vtab" }, "cstring"], result: "i32" } },
    xSavepoint: { function: { parameters: [{ pointer: "sqlite3_vtab" }, "i32"], result: "i32" } },
    xRelease: { function: { parameters: [{ pointer: "sqlite3_vtab" }, "i32"], result: "i32" } },
    xRollbackTo: { function: { parameters: [{ pointer: "sqlite3_vtab" }, "i32"], result: "i32" } },
    xShadowName: { function: { parameters: ["cstring"], result: "i32" } },
  },
} as const;

/** A virtual table. */
export const sqlite3_vtab = {
  struct: {
    pModule: { pointer: "sqlite3_module" },
    nRef: "i32",
    zErrMsg: "pointer",
  },
} as const;

/** A cursor of a virtual table. */
export const sqlite3_vtab_cursor = {
  struct: {
    pVtab: { pointer: "sqlite3_vtab" },
  },
} as const;

/** Mutexes. */
export const sqlite3_mutex_methods = {
  struct: {
    xMutexInit: { function: { parameters: [], result: "i32" } },
    xMutexEnd: { function: { parameters: [], result: "i32" } },
    xMutexAlloc: { function: { parameters: ["i32"], result: { pointer: "sqlite3_mutex" } } },
    xMutexFree: { function: { parameters: [{ pointer: "sqlite3_mutex" }], result: "void" } },
    xMutexEnter: { function: { parameters: [{ pointer: "sqlite3_mutex" }], result: "void" } },
    xMutexTry: { function: { parameters: [{ pointer: "sqlite3_mutex" }], result: "i32" } },
    xMutexLeave: { function: { parameters: [{ pointer: "sqlite3_mutex" }], result: "void" } },
    xMutexHeld: { function: { parameters: [{ pointer: "sqlite3_mutex" }], result: "i32" } },
    xMutexNotheld: { function: { parameters: [{ pointer: "sqlite3_mutex" }], result: "i32" } },
  },
} as const;

/** A page of the page cache. */
export const sqlite3_pcache_page = {
  struct: {
    pBuf: "pointer",
    pExtra: "pointer",
  },
} as const;

/** A page cache. */
export const sqlite3_pcache_methods2 = {
  struct: {
    iVersion: "i32",
    pArg: "pointer",
    xInit: { function: { parameters: ["pointer"], result: "i32" } },
    xShutdown: { function: { parameters: ["pointer"], result: "void" } },
    xCreate: {
      function: { parameters: ["i32", "i32", "i32"], result: { pointer: "sqlite3_pcache" } },
    },
    xCachesize: {
      function: { parameters: [{ pointer: "sqlite3_pcache" }, "i32"], result: "void" },
    },
    xPagecount: { function: { parameters: [{ pointer: "sqlite3_pcache" }], result: "i32" } },
    xFetch: {
      function: {
        parameters: [{ pointer: "sqlite3_pcache" }, "u32", "i32"],
        result: { pointer: "sqlite3_pcache_page" },
      },
    },
    xUnpin: {
      function: {
        parameters: [{ pointer: "sqlite3_pcache" }, { pointer: "sqlite3_pcache_page" }, "i32"],
        result: "void",
      },
    },
    xRekey: {
      function: {
        parameters: [
          { pointer: "sqlite3_pcache" },
          { pointer: "sqlite3_pcache_page" },
          "u32",
          "u32",
        ],
        result: "void",
      },
    },
    xTruncate: { function: { parameters: [{ pointer: "sqlite3_pcache" }, "u32"], result: "void" } },
    xDestroy: { function: { parameters: [{ pointer: "sqlite3_pcache" }], result: "void" } },
    xShrink: { function: { parameters: [{ pointer: "sqlite3_pcache" }], result: "void" } },
  },
} as const;

/** A page cache of the first version. */
export const sqlite3_pcache_methods = {
  struct: {
    pArg: "pointer",
    xInit: { function: { parameters: ["pointer"], result: "i32" } },
    xShutdown: { function: { parameters: ["pointer"], result: "void" } },
    xCreate: { function: { parameters: ["i32", "i32"], result: { pointer: "sqlite3_pcache" } } },
    xCachesize: {
      function: { parameters: [{ pointer: "sqlite3_pcache" }, "i32"], result: "void" },
    },
    xPagecount: { function: { parameters: [{ pointer: "sqlite3_pcache" }], result: "i32" } },
    xFetch: {
      function: { parameters: [{ pointer: "sqlite3_pcache" }, "u32", "i32"], result: "pointer" },
    },
    xUnpin: {
      function: { parameters: [{ pointer: "sqlite3_pcache" }, "pointer", "i32"], result: "void" },
    },
    xRekey: {
      function: {
        parameters: [{ pointer: "sqlite3_pcache" }, "pointer", "u32", "u32"],
        result: "void",
      },
    },
    xTruncate: { function: { parameters: [{ pointer: "sqlite3_pcache" }, "u32"], result: "void" } },
    xDestroy: { function: { parameters: [{ pointer: "sqlite3_pcache" }], result: "void" } },
  },
} as const;

/** What a geometry function of an R-tree gets. */
export const sqlite3_rtree_geometry = {
  struct: {
    pContext: "pointer",
    nParam: "i32",
    aParam: { bytes: ["nParam", { constant: 8 }] },
    pUser: "pointer",
    xDelUser: { function: { parameters: ["pointer"], result: "void" } },
  },
} as const;

/** What a query function of an R-tree gets and gives. */
export const sqlite3_rtree_query_info = {
  struct: {
    pContext: "pointer",
    nParam: "i32",
    aParam: "pointer",
    pUser: "pointer",
    xDelUser: { function: { parameters: ["pointer"], result: "void" } },
    aCoord: "pointer",
    anQueue: "pointer",
    nCoord: "i32",
    iLevel: "i32",
    mxLevel: "i32",
    iRowid: "i64",
    rParentScore: "f64",
    eParentWithin: "i32",
    eWithin: "i32",
    rScore: "f64",
    apSqlParam: "pointer",
  },
} as const;

/** Where a phrase is, for FTS5. */
export const Fts5PhraseIter = {
  struct: {
    a: "pointer",
    b: "pointer",
  },
} as const;

/** A tokenizer of FTS5. */
export const fts5_tokenizer = {
  struct: {
    xCreate: { function: { parameters: ["pointer", "pointer", "i32", "pointer"], result: "i32" } },
    xDelete: { function: { parameters: [{ pointer: "Fts5Tokenizer" }], result: "void" } },
    xTokenize: {
      function: {
        parameters: [{ pointer: "Fts5Tokenizer" }, "pointer", "i32", "cstring", "i32", {
          function: {
            parameters: ["pointer", "i32", "cstring", "i32", "i32", "i32"],
            result: "i32",
          },
        }],
        result: "i32",
      },
    },
  },
} as const;

/** A constraint that an index may serve. */
export const sqlite3_index_constraint = {
  struct: {
    iColumn: "i32",
    op: "u8",
    usable: "u8",
    iTermOffset: "i32",
  },
} as const;

/** A column to order by. */
export const sqlite3_index_orderby = {
  struct: {
    iColumn: "i32",
    desc: "u8",
  },
} as const;

/** How a constraint is used. */
export const sqlite3_index_constraint_usage = {
  struct: {
    argvIndex: "i32",
    omit: "u8",
  },
} as const;

/** What xBestIndex gets and gives; its arrays have as many elements as the count before says. */
export const sqlite3_index_info = {
  struct: {
    nConstraint: "i32",
    aConstraint: "pointer",
    nOrderBy: "i32",
    aOrderBy: "pointer",
    aConstraintUsage: "pointer",
    idxNum: "i32",
    idxStr: "pointer",
    needToFreeIdxStr: "i32",
    orderByConsumed: "i32",
    estimatedCost: "f64",
    estimatedRows: "i64",
    idxFlags: "i32",
    colUsed: "u64",
  },
} as const;

/** A snapshot. */
export const sqlite3_snapshot = {
  struct: {
    hidden: { array: "u8", length: 48 },
  },
} as const;
