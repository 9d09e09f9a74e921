/**
 * libpq: queries, copying, notices, large objects.
 *
 * @module
 */
import { PGnotify } from "./constants.ts";

/** Queries, copying, notices, large objects. */
export const queries = {
  // Queries that wait for their result. Parameters are texts, and null is NULL; binary ones are in
  // memory, with their lengths and formats in arrays of int.
  PQexec: { parameters: [{ pointer: "PGconn" }, "cstring"], result: { pointer: "PGresult" } },
  PQexecParams: {
    parameters: [
      { pointer: "PGconn" },
      "cstring",
      "i32",
      { in: "buffer" },
      { list: "cstring" },
      { in: "buffer" },
      { in: "buffer" },
      "i32",
    ],
    result: { pointer: "PGresult" },
  },
  PQexecParams_pointers: {
    name: "PQexecParams",
    parameters: [
      { pointer: "PGconn" },
      "cstring",
      "i32",
      { in: "buffer" },
      { list: "pointer" },
      { in: "buffer" },
      { in: "buffer" },
      "i32",
    ],
    result: { pointer: "PGresult" },
  },
  PQprepare: {
    parameters: [{ pointer: "PGconn" }, "cstring", "cstring", "i32", { in: "buffer" }],
    result: { pointer: "PGresult" },
  },
  PQexecPrepared: {
    parameters: [
      { pointer: "PGconn" },
      "cstring",
      "i32",
      { list: "cstring" },
      { in: "buffer" },
      { in: "buffer" },
      "i32",
    ],
    result: { pointer: "PGresult" },
  },
  PQdescribePrepared: {
    parameters: [{ pointer: "PGconn" }, "cstring"],
    result: { pointer: "PGresult" },
  },
  PQdescribePortal: {
    parameters: [{ pointer: "PGconn" }, "cstring"],
    result: { pointer: "PGresult" },
  },
  PQfn: {
    parameters: [
      { pointer: "PGconn" },
      "i32",
      { out: "buffer" },
      { out: "i32" },
      "i32",
      "pointer",
      "i32",
    ],
    result: { pointer: "PGresult" },
  },

  // Queries that do not wait.
  PQsendQuery: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "i32" },
  PQsendQueryParams: {
    parameters: [
      { pointer: "PGconn" },
      "cstring",
      "i32",
      { in: "buffer" },
      { list: "cstring" },
      { in: "buffer" },
      { in: "buffer" },
      "i32",
    ],
    result: "i32",
  },
  PQsendPrepare: {
    parameters: [{ pointer: "PGconn" }, "cstring", "cstring", "i32", { in: "buffer" }],
    result: "i32",
  },
  PQsendQueryPrepared: {
    parameters: [
      { pointer: "PGconn" },
      "cstring",
      "i32",
      { list: "cstring" },
      { in: "buffer" },
      { in: "buffer" },
      "i32",
    ],
    result: "i32",
  },
  PQsendDescribePrepared: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "i32" },
  PQsendDescribePortal: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "i32" },
  PQsetSingleRowMode: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQgetResult: { parameters: [{ pointer: "PGconn" }], result: { pointer: "PGresult" } },
  PQisBusy: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQconsumeInput: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQsetnonblocking: { parameters: [{ pointer: "PGconn" }, "i32"], result: "i32" },
  PQisnonblocking: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQflush: { parameters: [{ pointer: "PGconn" }], result: "i32" },

  // Many queries under way.
  PQenterPipelineMode: { parameters: [{ pointer: "PGconn" }], result: "i32", optional: true },
  PQexitPipelineMode: { parameters: [{ pointer: "PGconn" }], result: "i32", optional: true },
  PQpipelineSync: { parameters: [{ pointer: "PGconn" }], result: "i32", optional: true },
  PQsendFlushRequest: { parameters: [{ pointer: "PGconn" }], result: "i32", optional: true },

  // What NOTIFY sends: copied and freed at once, null where there is none.
  PQnotifies: {
    parameters: [{ pointer: "PGconn" }],
    result: { copy: PGnotify as typeof PGnotify, free: "PQfreemem" },
  },

  // COPY. The row that comes is copied and freed; its length is the result.
  PQputCopyData: { parameters: [{ pointer: "PGconn" }, { in: "buffer" }, "i32"], result: "i32" },
  PQputCopyEnd: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "i32" },
  PQgetCopyData: {
    parameters: [{ pointer: "PGconn" }, { out: { bytes: "result", free: "PQfreemem" } }, "i32"],
    result: "i32",
  },
  PQgetline: { parameters: [{ pointer: "PGconn" }, { out: "buffer" }, "i32"], result: "i32" },
  PQputline: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "i32" },
  PQgetlineAsync: { parameters: [{ pointer: "PGconn" }, { out: "buffer" }, "i32"], result: "i32" },
  PQputnbytes: { parameters: [{ pointer: "PGconn" }, { in: "buffer" }, "i32"], result: "i32" },
  PQendcopy: { parameters: [{ pointer: "PGconn" }], result: "i32" },

  // Quoting. What is made is copied and freed.
  PQescapeStringConn: {
    parameters: [{ pointer: "PGconn" }, { out: "buffer" }, "cstring", "usize", { out: "i32" }],
    result: "u53",
  },
  PQescapeLiteral: {
    parameters: [{ pointer: "PGconn" }, "cstring", "usize"],
    result: { cstring: "owned", free: "PQfreemem" },
  },
  PQescapeIdentifier: {
    parameters: [{ pointer: "PGconn" }, "cstring", "usize"],
    result: { cstring: "owned", free: "PQfreemem" },
  },
  PQescapeByteaConn: {
    parameters: [{ pointer: "PGconn" }, { in: "buffer" }, "usize", { out: "u53" }],
    result: { cstring: "owned", free: "PQfreemem" },
  },
  PQunescapeBytea: {
    parameters: ["cstring", { out: "u53" }],
    result: { bytes: 1, free: "PQfreemem" },
  },
  PQescapeString: { parameters: [{ out: "buffer" }, "cstring", "usize"], result: "u53" },
  PQescapeBytea: {
    parameters: [{ in: "buffer" }, "usize", { out: "u53" }],
    result: { cstring: "owned", free: "PQfreemem" },
  },

  // Large objects.
  lo_open: { parameters: [{ pointer: "PGconn" }, "u32", "i32"], result: "i32" },
  lo_close: { parameters: [{ pointer: "PGconn" }, "i32"], result: "i32" },
  lo_read: {
    parameters: [{ pointer: "PGconn" }, "i32", { out: "buffer" }, "usize"],
    result: "i32",
  },
  lo_write: {
    parameters: [{ pointer: "PGconn" }, "i32", { in: "buffer" }, "usize"],
    result: "i32",
  },
  lo_lseek: { parameters: [{ pointer: "PGconn" }, "i32", "i32", "i32"], result: "i32" },
  lo_lseek64: { parameters: [{ pointer: "PGconn" }, "i32", "i53", "i32"], result: "i53" },
  lo_creat: { parameters: [{ pointer: "PGconn" }, "i32"], result: "u32" },
  lo_create: { parameters: [{ pointer: "PGconn" }, "u32"], result: "u32" },
  lo_tell: { parameters: [{ pointer: "PGconn" }, "i32"], result: "i32" },
  lo_tell64: { parameters: [{ pointer: "PGconn" }, "i32"], result: "i53" },
  lo_truncate: { parameters: [{ pointer: "PGconn" }, "i32", "usize"], result: "i32" },
  lo_truncate64: { parameters: [{ pointer: "PGconn" }, "i32", "i53"], result: "i32" },
  lo_unlink: { parameters: [{ pointer: "PGconn" }, "u32"], result: "i32" },
  lo_import: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "u32" },
  lo_import_with_oid: { parameters: [{ pointer: "PGconn" }, "cstring", "u32"], result: "u32" },
  lo_export: { parameters: [{ pointer: "PGconn" }, "u32", "cstring"], result: "i32" },
} as const;
