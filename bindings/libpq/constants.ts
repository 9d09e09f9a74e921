/**
 * The structs, enums and constants of libpq-fe.h.
 *
 * @module
 */

/** What NOTIFY sent. */
export const PGnotify = {
  struct: { relname: "cstring", be_pid: "i32", extra: "cstring", next: "pointer" },
} as const;

/** An option of a connection. */
export const PQconninfoOption = {
  struct: {
    keyword: "cstring",
    envvar: "cstring",
    compiled: "cstring",
    val: "cstring",
    label: "cstring",
    dispchar: "cstring",
    dispsize: "i32",
  },
} as const;

/** A column of a result that the program makes. */
export const PGresAttDesc = {
  struct: {
    name: "cstring",
    tableid: "u32",
    columnid: "i32",
    format: "i32",
    typid: "u32",
    typlen: "i32",
    atttypmod: "i32",
  },
} as const;

/** An argument of PQfn. */
export const PQArgBlock = {
  struct: { len: "i32", isint: "i32", u: { union: { ptr: "pointer", integer: "i32" } } },
} as const;

/** How PQprint prints. */
export const PQprintOpt = {
  struct: {
    header: "i8",
    align: "i8",
    standard: "i8",
    html3: "i8",
    expanded: "i8",
    pager: "i8",
    fieldSep: "cstring",
    tableOpt: "cstring",
    caption: "cstring",
    fieldName: "pointer",
  },
} as const;

/** State of a connection. */
export type ConnStatusType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13;
export const CONNECTION_OK = 0;
export const CONNECTION_BAD = 1;
export const CONNECTION_STARTED = 2;
export const CONNECTION_MADE = 3;
export const CONNECTION_AWAITING_RESPONSE = 4;
export const CONNECTION_AUTH_OK = 5;
export const CONNECTION_SETENV = 6;
export const CONNECTION_SSL_STARTUP = 7;
export const CONNECTION_NEEDED = 8;
export const CONNECTION_CHECK_WRITABLE = 9;
export const CONNECTION_CONSUME = 10;
export const CONNECTION_GSS_STARTUP = 11;
export const CONNECTION_CHECK_TARGET = 12;
export const CONNECTION_CHECK_STANDBY = 13;

/** What a connection that is being made waits for. */
export type PostgresPollingStatusType = 0 | 1 | 2 | 3 | 4;
export const PGRES_POLLING_FAILED = 0;
export const PGRES_POLLING_READING = 1;
export const PGRES_POLLING_WRITING = 2;
export const PGRES_POLLING_OK = 3;
export const PGRES_POLLING_ACTIVE = 4;

/** State of a result. */
export type ExecStatusType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;
export const PGRES_EMPTY_QUERY = 0;
export const PGRES_COMMAND_OK = 1;
export const PGRES_TUPLES_OK = 2;
export const PGRES_COPY_OUT = 3;
export const PGRES_COPY_IN = 4;
export const PGRES_BAD_RESPONSE = 5;
export const PGRES_NONFATAL_ERROR = 6;
export const PGRES_FATAL_ERROR = 7;
export const PGRES_COPY_BOTH = 8;
export const PGRES_SINGLE_TUPLE = 9;
export const PGRES_PIPELINE_SYNC = 10;
export const PGRES_PIPELINE_ABORTED = 11;

/** State of a transaction. */
export type PGTransactionStatusType = 0 | 1 | 2 | 3 | 4;
export const PQTRANS_IDLE = 0;
export const PQTRANS_ACTIVE = 1;
export const PQTRANS_INTRANS = 2;
export const PQTRANS_INERROR = 3;
export const PQTRANS_UNKNOWN = 4;

/** How much a message tells. */
export type PGVerbosity = 0 | 1 | 2 | 3;
export const PQERRORS_TERSE = 0;
export const PQERRORS_DEFAULT = 1;
export const PQERRORS_VERBOSE = 2;
export const PQERRORS_SQLSTATE = 3;

/** When a message tells its context. */
export type PGContextVisibility = 0 | 1 | 2;
export const PQSHOW_CONTEXT_NEVER = 0;
export const PQSHOW_CONTEXT_ERRORS = 1;
export const PQSHOW_CONTEXT_ALWAYS = 2;

/** State of a server. */
export type PGPing = 0 | 1 | 2 | 3;
export const PQPING_OK = 0;
export const PQPING_REJECT = 1;
export const PQPING_NO_RESPONSE = 2;
export const PQPING_NO_ATTEMPT = 3;

/** State of a pipeline. */
export type PGpipelineStatus = 0 | 1 | 2;
export const PQ_PIPELINE_OFF = 0;
export const PQ_PIPELINE_ON = 1;
export const PQ_PIPELINE_ABORTED = 2;

// Parts of a result to copy
export const PG_COPYRES_ATTRS = 1;
export const PG_COPYRES_TUPLES = 2;
export const PG_COPYRES_EVENTS = 4;
export const PG_COPYRES_NOTICEHOOKS = 8;

// Tracing, limits
export const PQTRACE_SUPPRESS_TIMESTAMPS = 1;
export const PQTRACE_REGRESS_MODE = 2;
export const PQ_QUERY_PARAM_MAX_LIMIT = 65535;

// Fields of an error
export const PG_DIAG_SEVERITY = 83;
export const PG_DIAG_SEVERITY_NONLOCALIZED = 86;
export const PG_DIAG_SQLSTATE = 67;
export const PG_DIAG_MESSAGE_PRIMARY = 77;
export const PG_DIAG_MESSAGE_DETAIL = 68;
export const PG_DIAG_MESSAGE_HINT = 72;
export const PG_DIAG_STATEMENT_POSITION = 80;
export const PG_DIAG_INTERNAL_POSITION = 112;
export const PG_DIAG_INTERNAL_QUERY = 113;
export const PG_DIAG_CONTEXT = 87;
export const PG_DIAG_SCHEMA_NAME = 115;
export const PG_DIAG_TABLE_NAME = 116;
export const PG_DIAG_COLUMN_NAME = 99;
export const PG_DIAG_DATATYPE_NAME = 100;
export const PG_DIAG_CONSTRAINT_NAME = 110;
export const PG_DIAG_SOURCE_FILE = 70;
export const PG_DIAG_SOURCE_LINE = 76;
export const PG_DIAG_SOURCE_FUNCTION = 82;

// Modes of large objects
export const INV_WRITE = 131072;
export const INV_READ = 262144;
