/**
 * libpq: results.
 *
 * @module
 */
import type { Typed } from "../../mod.ts";
import type { ExecStatusType, PGContextVisibility, PGVerbosity } from "./constants.ts";

/** Results. */
export const results = {
  // State and errors.
  PQresultStatus: {
    parameters: [{ pointer: "PGresult" }],
    result: "u32" as Typed<"u32", ExecStatusType>,
  },
  PQresStatus: { parameters: ["u32" as Typed<"u32", ExecStatusType>], result: "cstring" },
  PQresultErrorMessage: { parameters: [{ pointer: "PGresult" }], result: "cstring" },
  PQresultVerboseErrorMessage: {
    parameters: [
      { pointer: "PGresult" },
      "u32" as Typed<"u32", PGVerbosity>,
      "u32" as Typed<"u32", PGContextVisibility>,
    ],
    result: { cstring: "owned", free: "PQfreemem" },
  },
  PQresultErrorField: { parameters: [{ pointer: "PGresult" }, "i32"], result: "cstring" },
  PQcmdStatus: { parameters: [{ pointer: "PGresult" }], result: "cstring" },
  PQcmdTuples: { parameters: [{ pointer: "PGresult" }], result: "cstring" },
  PQoidStatus: { parameters: [{ pointer: "PGresult" }], result: "cstring" },
  PQoidValue: { parameters: [{ pointer: "PGresult" }], result: "u32" },
  PQclear: { parameters: [{ pointer: "PGresult" }], result: "void" },

  // Columns.
  PQntuples: { parameters: [{ pointer: "PGresult" }], result: "i32" },
  PQnfields: { parameters: [{ pointer: "PGresult" }], result: "i32" },
  PQbinaryTuples: { parameters: [{ pointer: "PGresult" }], result: "i32" },
  PQfname: { parameters: [{ pointer: "PGresult" }, "i32"], result: "cstring" },
  PQfnumber: { parameters: [{ pointer: "PGresult" }, "cstring"], result: "i32" },
  PQftable: { parameters: [{ pointer: "PGresult" }, "i32"], result: "u32" },
  PQftablecol: { parameters: [{ pointer: "PGresult" }, "i32"], result: "i32" },
  PQfformat: { parameters: [{ pointer: "PGresult" }, "i32"], result: "i32" },
  PQftype: { parameters: [{ pointer: "PGresult" }, "i32"], result: "u32" },
  PQfsize: { parameters: [{ pointer: "PGresult" }, "i32"], result: "i32" },
  PQfmod: { parameters: [{ pointer: "PGresult" }, "i32"], result: "i32" },
  PQnparams: { parameters: [{ pointer: "PGresult" }], result: "i32" },
  PQparamtype: { parameters: [{ pointer: "PGresult" }, "i32"], result: "u32" },

  // Values. A binary one is a pointer: its length is another call, PQgetlength.
  PQgetvalue: { parameters: [{ pointer: "PGresult" }, "i32", "i32"], result: "cstring" },
  PQgetvalue_pointer: {
    name: "PQgetvalue",
    parameters: [{ pointer: "PGresult" }, "i32", "i32"],
    result: "pointer",
  },
  PQgetlength: { parameters: [{ pointer: "PGresult" }, "i32", "i32"], result: "i32" },
  PQgetisnull: { parameters: [{ pointer: "PGresult" }, "i32", "i32"], result: "i32" },

  // Results that the program makes.
  PQmakeEmptyPGresult: {
    parameters: [{ pointer: "PGconn" }, "u32" as Typed<"u32", ExecStatusType>],
    result: { pointer: "PGresult" },
  },
  PQcopyResult: { parameters: [{ pointer: "PGresult" }, "i32"], result: { pointer: "PGresult" } },
  PQsetResultAttrs: { parameters: [{ pointer: "PGresult" }, "i32", "pointer"], result: "i32" },
  PQresultAlloc: { parameters: [{ pointer: "PGresult" }, "usize"], result: "pointer" },
  PQresultMemorySize: { parameters: [{ pointer: "PGresult" }], result: "u53", optional: true },
  PQsetvalue: {
    parameters: [{ pointer: "PGresult" }, "i32", "i32", { in: "buffer" }, "i32"],
    result: "i32",
  },

  // Printing to a FILE of C.
  PQprint: {
    parameters: [{ pointer: "FILE" }, { pointer: "PGresult" }, { pointer: "PQprintOpt" }],
    result: "void",
  },
  PQdisplayTuples: {
    parameters: [{ pointer: "PGresult" }, { pointer: "FILE" }, "i32", "cstring", "i32", "i32"],
    result: "void",
  },
  PQprintTuples: {
    parameters: [{ pointer: "PGresult" }, { pointer: "FILE" }, "i32", "i32", "i32"],
    result: "void",
  },
} as const;
