/**
 * libpq: opening, closing, asking, cancelling.
 *
 * @module
 */
import type { Typed } from "../../mod.ts";
import type {
  ConnStatusType,
  PGContextVisibility,
  PGPing,
  PGpipelineStatus,
  PGTransactionStatusType,
  PGVerbosity,
  PostgresPollingStatusType,
} from "./constants.ts";
/** Opening, closing, asking, cancelling. */
export const connections = {
  // Opening; the connection is there after a failure too, for its message.
  PQconnectdb: { parameters: ["cstring"], result: { pointer: "PGconn" } },
  PQconnectdbParams: {
    parameters: [{ list: "cstring" }, { list: "cstring" }, "i32"],
    result: { pointer: "PGconn" },
  },
  PQsetdbLogin: {
    parameters: ["cstring", "cstring", "cstring", "cstring", "cstring", "cstring", "cstring"],
    result: { pointer: "PGconn" },
  },
  PQfinish: { parameters: [{ pointer: "PGconn" }], result: "void" },
  PQreset: { parameters: [{ pointer: "PGconn" }], result: "void" },
  PQping: { parameters: ["cstring"], result: "u32" as Typed<"u32", PGPing> },
  PQpingParams: {
    parameters: [{ list: "cstring" }, { list: "cstring" }, "i32"],
    result: "u32" as Typed<"u32", PGPing>,
  },

  // Opening without blocking, for programs that poll the socket themselves.
  PQconnectStart: { parameters: ["cstring"], result: { pointer: "PGconn" } },
  PQconnectStartParams: {
    parameters: [{ list: "cstring" }, { list: "cstring" }, "i32"],
    result: { pointer: "PGconn" },
  },
  PQconnectPoll: {
    parameters: [{ pointer: "PGconn" }],
    result: "u32" as Typed<"u32", PostgresPollingStatusType>,
  },
  PQresetStart: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQresetPoll: {
    parameters: [{ pointer: "PGconn" }],
    result: "u32" as Typed<"u32", PostgresPollingStatusType>,
  },

  // Options: an array that ends with a keyword of NULL.
  PQconndefaults: { parameters: [], result: { pointer: "PQconninfoOption" } },
  PQconninfoParse: {
    parameters: ["cstring", { out: { cstring: "owned", free: "PQfreemem" } }],
    result: { pointer: "PQconninfoOption" },
  },
  PQconninfo: { parameters: [{ pointer: "PGconn" }], result: { pointer: "PQconninfoOption" } },
  PQconninfoFree: { parameters: [{ pointer: "PQconninfoOption" }], result: "void" },

  // What the connection is.
  PQdb: { parameters: [{ pointer: "PGconn" }], result: "cstring" },
  PQuser: { parameters: [{ pointer: "PGconn" }], result: "cstring" },
  PQpass: { parameters: [{ pointer: "PGconn" }], result: "cstring" },
  PQhost: { parameters: [{ pointer: "PGconn" }], result: "cstring" },
  PQhostaddr: { parameters: [{ pointer: "PGconn" }], result: "cstring", optional: true },
  PQport: { parameters: [{ pointer: "PGconn" }], result: "cstring" },
  PQtty: { parameters: [{ pointer: "PGconn" }], result: "cstring", optional: true },
  PQoptions: { parameters: [{ pointer: "PGconn" }], result: "cstring" },
  PQstatus: { parameters: [{ pointer: "PGconn" }], result: "u32" as Typed<"u32", ConnStatusType> },
  PQtransactionStatus: {
    parameters: [{ pointer: "PGconn" }],
    result: "u32" as Typed<"u32", PGTransactionStatusType>,
  },
  PQparameterStatus: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "cstring" },
  PQprotocolVersion: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQserverVersion: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQerrorMessage: { parameters: [{ pointer: "PGconn" }], result: "cstring" },
  PQsocket: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQbackendPID: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQpipelineStatus: {
    parameters: [{ pointer: "PGconn" }],
    result: "u32" as Typed<"u32", PGpipelineStatus>,
    optional: true,
  },
  PQconnectionNeedsPassword: { parameters: [{ pointer: "PGconn" }], result: "i32", optional: true },
  PQconnectionUsedPassword: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQclientEncoding: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQsetClientEncoding: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "i32" },

  // Encryption.
  PQsslInUse: { parameters: [{ pointer: "PGconn" }], result: "i32" },
  PQsslStruct: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "pointer" },
  PQsslAttribute: { parameters: [{ pointer: "PGconn" }, "cstring"], result: "cstring" },
  PQsslAttributeNames: { parameters: [{ pointer: "PGconn" }], result: { list: "cstring" } },
  PQgetssl: { parameters: [{ pointer: "PGconn" }], result: "pointer", optional: true },
  PQinitSSL: { parameters: ["i32"], result: "void" },
  PQinitOpenSSL: { parameters: ["i32", "i32"], result: "void" },
  PQgssEncInUse: { parameters: [{ pointer: "PGconn" }], result: "i32", optional: true },
  PQgetgssctx: { parameters: [{ pointer: "PGconn" }], result: "pointer", optional: true },
  PQgetSSLKeyPassHook_OpenSSL: {
    parameters: [],
    result: { function: { parameters: ["pointer", "i32", { pointer: "PGconn" }], result: "i32" } },
    optional: true,
  },
  PQsetSSLKeyPassHook_OpenSSL: {
    parameters: [
      { function: { parameters: ["pointer", "i32", { pointer: "PGconn" }], result: "i32" } },
    ],
    result: "void",
    optional: true,
  },
  PQdefaultSSLKeyPassHook_OpenSSL: {
    parameters: [{ out: "buffer" }, "i32", { pointer: "PGconn" }],
    result: "i32",
    optional: true,
  },

  // Cancelling a query, from any thread.
  PQgetCancel: { parameters: [{ pointer: "PGconn" }], result: { pointer: "PGcancel" } },
  PQfreeCancel: { parameters: [{ pointer: "PGcancel" }], result: "void" },
  PQcancel: { parameters: [{ pointer: "PGcancel" }, { out: "buffer" }, "i32"], result: "i32" },
  PQrequestCancel: { parameters: [{ pointer: "PGconn" }], result: "i32" },

  // Messages, and what the program does with them.
  PQsetErrorVerbosity: {
    parameters: [{ pointer: "PGconn" }, "u32" as Typed<"u32", PGVerbosity>],
    result: "u32" as Typed<"u32", PGVerbosity>,
  },
  PQsetErrorContextVisibility: {
    parameters: [{ pointer: "PGconn" }, "u32" as Typed<"u32", PGContextVisibility>],
    result: "u32" as Typed<"u32", PGContextVisibility>,
  },
  PQsetNoticeReceiver: {
    parameters: [
      { pointer: "PGconn" },
      { function: { parameters: ["pointer", { pointer: "PGresult" }], result: "void" } },
      "pointer",
    ],
    result: { function: { parameters: ["pointer", { pointer: "PGresult" }], result: "void" } },
  },
  PQsetNoticeProcessor: {
    parameters: [
      { pointer: "PGconn" },
      { function: { parameters: ["pointer", "cstring"], result: "void" } },
      "pointer",
    ],
    result: { function: { parameters: ["pointer", "cstring"], result: "void" } },
  },
  PQtrace: { parameters: [{ pointer: "PGconn" }, { pointer: "FILE" }], result: "void" },
  PQuntrace: { parameters: [{ pointer: "PGconn" }], result: "void" },
  PQsetTraceFlags: { parameters: [{ pointer: "PGconn" }, "i32"], result: "void", optional: true },

  // The library.
  PQlibVersion: { parameters: [], result: "i32" },
  PQisthreadsafe: { parameters: [], result: "i32" },
  PQregisterThreadLock: {
    parameters: [{ function: { parameters: ["i32"], result: "void" } }],
    result: { function: { parameters: ["i32"], result: "void" } },
  },
  PQfreemem: { parameters: ["pointer"], result: "void" },
  PQmblen: { parameters: ["cstring", "i32"], result: "i32" },
  PQmblenBounded: { parameters: ["cstring", "i32"], result: "i32", optional: true },
  PQdsplen: { parameters: ["cstring", "i32"], result: "i32" },
  PQenv2encoding: { parameters: [], result: "i32" },
  pg_char_to_encoding: { parameters: ["cstring"], result: "i32" },
  pg_encoding_to_char: { parameters: ["i32"], result: "cstring" },
  pg_valid_server_encoding_id: { parameters: ["i32"], result: "i32" },
  PQencryptPassword: {
    parameters: ["cstring", "cstring"],
    result: { cstring: "owned", free: "PQfreemem" },
  },
  PQencryptPasswordConn: {
    parameters: [{ pointer: "PGconn" }, "cstring", "cstring", "cstring"],
    result: { cstring: "owned", free: "PQfreemem" },
    optional: true,
  },
} as const;
