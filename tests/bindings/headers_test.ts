// Definitions against the headers that they were written from, by the C compiler.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import * as libc from "../../bindings/libc.ts";
import * as libcStructs from "../../bindings/libc/structs.ts";
import * as libcConstants from "../../bindings/libc/constants.ts";
import * as libpq from "../../bindings/libpq.ts";
import * as libpqConstants from "../../bindings/libpq/constants.ts";
import * as sqlite3 from "../../bindings/sqlite3.ts";
import * as sqliteConstants from "../../bindings/sqlite3/constants.ts";
import * as sqliteStructs from "../../bindings/sqlite3/structs.ts";
import * as zlib from "../../bindings/zlib.ts";
import * as zstd from "../../bindings/zstd.ts";
import { type Claims, faultsOf, functionsIn, type Headers, macrosIn } from "./fits.ts";
import { missingHeader, testUnless } from "./need.ts";

const sqliteHeaders: Headers = {
  include: ["sqlite3.h"],
  flags: ["SESSION", "NORMALIZE", "PREUPDATE_HOOK"].map((name) => `-DSQLITE_ENABLE_${name}`),
  preamble: ["constraint", "orderby", "constraint_usage"].map((name) =>
    `using sqlite3_index_${name} = sqlite3_index_info::sqlite3_index_${name};`
  ).join("\n"),
};
const zlibHeaders: Headers = { include: ["zlib.h"] };
const zstdHeaders: Headers = { include: ["zstd.h"], flags: ["-DZSTD_DISABLE_DEPRECATE_WARNINGS"] };
const libpqHeaders: Headers = {
  include: ["libpq/libpq-fs.h", "libpq-fe.h"],
  flags: ["-I/usr/include/postgresql", "-I/usr/include"],
};
const libcHeaders: Headers = {
  include: [
    ["arpa/inet.h", "dirent.h", "errno.h", "fcntl.h", "grp.h", "netdb.h", "netinet/in.h"],
    ["poll.h", "pwd.h", "signal.h", "stdio.h", "stdlib.h", "string.h", "strings.h", "ctype.h"],
    ["sys/mman.h", "sys/resource.h", "sys/socket.h", "sys/stat.h", "sys/time.h"],
    ["sys/utsname.h", "time.h", "unistd.h"],
  ].flat(),
};

/* Other versions declare more or less; those that were read are Debian 12's. */
const sqlite = testUnless(missingHeader("sqlite3.h", /SQLITE_VERSION\s+"3\.40\./));
const compressionHeaders = missingHeader("zlib.h", /ZLIB_VERSION "1\.2\.13"/) ??
  missingHeader("zstd.h", /ZSTD_VERSION_MINOR\s+5\b/);
const compression = testUnless(compressionHeaders);
const postgres = testUnless(missingHeader("postgresql/pg_config.h", /PG_MAJORVERSION "15"/));
const system = testUnless(missingHeader("features.h", /__GLIBC__\s+2\b/));

type Names = Readonly<Record<string, unknown>>;

/** The numbers and the layouts among what a file exports. */
function numbersOf(names: Names): Names {
  const isNumber = (value: unknown): boolean =>
    typeof value === "bigint" || typeof value === "number";
  return Object.fromEntries(Object.entries(names).filter(([, value]) => isNumber(value)));
}

function structsOf(names: Names): Names {
  const isStruct = (value: unknown): boolean =>
    typeof value === "object" && value !== null && "struct" in value;
  return Object.fromEntries(Object.entries(names).filter(([, value]) => isStruct(value)));
}

function without(names: Names, ...left: readonly string[]): Names {
  return Object.fromEntries(Object.entries(names).filter(([name]) => !left.includes(name)));
}

/** What a binding claims; addresses are no constants for the compiler. */
function claimsOf(definitions: Names, ...exports: readonly Names[]): Claims {
  const names = Object.assign({}, ...exports) as Names;
  const constants = without(numbersOf(names), "SQLITE_TRANSIENT", "MAP_FAILED");
  return { definitions, structs: structsOf(names), constants };
}

const sqliteClaims = claimsOf(sqlite3.definitions, sqliteConstants, sqliteStructs);

sqlite("C16: the definitions of SQLite are what sqlite3.h declares", async () => {
  same(await faultsOf(sqliteHeaders, sqliteClaims), []);
});

compression("C16: the definitions of zlib are what zlib.h declares", async () => {
  same(await faultsOf(zlibHeaders, claimsOf(zlib.definitions, zlib)), []);
});

compression("C16: the definitions of zstd are what zstd.h declares", async () => {
  same(await faultsOf(zstdHeaders, claimsOf(zstd.definitions, zstd)), []);
});

postgres("C16: the definitions of libpq are what libpq-fe.h declares", async () => {
  same(await faultsOf(libpqHeaders, claimsOf(libpq.definitions, libpqConstants)), []);
});

system("C16: the definitions of libc are what its headers declare", async () => {
  const claims = claimsOf(libc.definitions, libcConstants, libcStructs);
  same(await faultsOf(libcHeaders, claims), []);
});

/** Functions of a header that no definition calls. */
async function undefinedIn(headers: Headers, definitions: Names): Promise<string[]> {
  const defined = new Set(
    Object.entries(definitions).map(([key, definition]) =>
      (definition as { name?: string }).name ?? key
    ),
  );
  const declared = await functionsIn(headers);
  ok(declared.length > 50, `only ${declared.length} functions found in ${headers.include}`);
  return declared.filter((name) => !defined.has(name)).sort();
}

sqlite("every function of sqlite3.h is defined, but for those that take a va_list", async () => {
  same(await undefinedIn(sqliteHeaders, sqlite3.definitions), [
    "sqlite3_str_vappendf",
    "sqlite3_vmprintf",
    "sqlite3_vsnprintf",
  ]);
});

compression("every function of zlib.h is defined, but for the one with a va_list", async () => {
  /* names that end in 64 are those without, on systems whose off_t has 32 bits */
  const left = await undefinedIn(zlibHeaders, zlib.definitions);
  same(left.filter((name) => !name.endsWith("64")), ["gzvprintf"]);
});

compression("every function of the stable part of zstd.h is defined", async () => {
  same(await undefinedIn(zstdHeaders, zstd.definitions), []);
});

postgres("every function of libpq-fe.h is defined", async () => {
  same(await undefinedIn(libpqHeaders, libpq.definitions), []);
});

/** Macros that are no constants: versions, switches, attributes. */
const otherMacros = new RegExp(
  "^SQLITE_(ENABLE_\\w+|VERSION|VERSION_NUMBER|SOURCE_ID|API|EXTERN|DEPRECATED|EXPERIMENTAL|" +
    "CDECL|APICALL|STDCALL|CALLBACK|SYSAPI|TCLAPI)$",
);

sqlite("every constant of sqlite3.h is exported", async () => {
  const macros = await macrosIn(sqliteHeaders, /^SQLITE3?_/);
  ok(macros.length > 400);
  const constants = macros.filter((name) => !otherMacros.test(name));
  same(constants.filter((name) => !(name in sqliteConstants)), []);
});

type Definition = { readonly parameters: readonly unknown[] } & Names;

/** The definitions of SQLite with one changed. */
function changed(name: keyof typeof sqlite3.definitions, change: Names): Names {
  return { [name]: { ...sqlite3.definitions[name], ...change } };
}

const db = { pointer: "sqlite3" };
const statement = { pointer: "sqlite3_stmt" };

/** What is wrong, and what is to be said of it. */
const mistakes: readonly (readonly [Claims, RegExp])[] = [
  [
    { definitions: changed("sqlite3_open", { parameters: ["cstring"] }) },
    /^sqlite3_open: has not 1 parameters/,
  ],
  [
    { definitions: changed("sqlite3_open", { parameters: ["cstring", { out: statement }] }) },
    /^sqlite3_open: parameter 1 is not/,
  ],
  [
    { definitions: changed("sqlite3_open", { parameters: ["cstring", db] }) },
    /^sqlite3_open: parameter 1 is not/,
  ],
  [
    { definitions: changed("sqlite3_bind_int64", { parameters: [statement, "i32", "i32"] }) },
    /^sqlite3_bind_int64: parameter 2 is not/,
  ],
  [
    { definitions: changed("sqlite3_bind_int64", { parameters: [statement, "i32", "u64"] }) },
    /^sqlite3_bind_int64: parameter 2 is not/,
  ],
  [
    { definitions: changed("sqlite3_bind_double", { parameters: [statement, "i32", "i64"] }) },
    /^sqlite3_bind_double: parameter 2 is not/,
  ],
  [
    { definitions: changed("sqlite3_column_int64", { result: "i32" }) },
    /^sqlite3_column_int64: result is not/,
  ],
  [
    { definitions: changed("sqlite3_free", { result: "pointer" }) },
    /^sqlite3_free: result is not/,
  ],
  [
    { definitions: changed("sqlite3_mprintf", { variadic: undefined }) },
    /^sqlite3_mprintf: variadic is wrong/,
  ],
  [
    { definitions: changed("sqlite3_errmsg16", { parameters: ["cstring16"] }) },
    /^sqlite3_errmsg16: parameter 0 is not/,
  ],
  [
    {
      definitions: changed("sqlite3_busy_handler", {
        parameters: [db, { function: { parameters: ["pointer"], result: "i32" } }, "pointer"],
      }),
    },
    /^sqlite3_busy_handler: parameter 1 is not/,
  ],
  [
    {
      definitions: changed("sqlite3_bind_blob", {
        parameters: [
          statement,
          "i32",
          { out: "buffer" },
          "i32",
          { function: { parameters: ["pointer"], result: "void" } },
        ],
      }),
    },
    /^sqlite3_bind_blob: parameter 2 is not/,
  ],
  [
    { definitions: { sqlite3_no_such: { parameters: [], result: "void" } } },
    /sqlite3_no_such/,
  ],
  [{ definitions: { sqlite3_temp_directory: { type: "i32" } } }, /^sqlite3_temp_directory: type/],
  [{ constants: { SQLITE_ROW: 101 } }, /^SQLITE_ROW: value is not 101/],
  [{ structs: { sqlite3_vtab: { struct: { pModule: "pointer" } } } }, /^sqlite3_vtab: size/],
  [
    {
      structs: {
        sqlite3_vtab: { struct: { nRef: "i32", pModule: "pointer", zErrMsg: "cstring" } },
      },
    },
    /^sqlite3_vtab\.nRef: offset is not 0/,
  ],
  [
    { structs: { sqlite3_vtab: { struct: { pModule: "i64", nRef: "i32", zErrMsg: "cstring" } } } },
    /^sqlite3_vtab\.pModule: type is not/,
  ],
];

sqlite("a definition that is wrong is found by name and place, whatever is wrong", async () => {
  for (const [claims, said] of mistakes) {
    const faults = await faultsOf(sqliteHeaders, claims);
    ok(faults.some((fault) => said.test(fault)), `${said} is not among ${JSON.stringify(faults)}`);
  }
});

sqlite("a wrong parameter is found in each function of SQLite that has one", async () => {
  const entries = Object.entries(sqlite3.definitions as Names)
    .filter(([, definition]) => (definition as Definition).parameters?.length > 0);
  const wrong = entries.map(([key, definition], index) => {
    const parameters = [...(definition as Definition).parameters];
    const fixed = Number((definition as Names)["variadic"] ?? parameters.length);
    parameters[index % fixed] = "f32";
    return [key, { ...definition as Definition, parameters }] as const;
  });
  const faults = await faultsOf(sqliteHeaders, { definitions: Object.fromEntries(wrong) });
  const found = new Set(faults.map((fault) => fault.split(":", 1)[0]));
  same(entries.map(([key]) => key).filter((key) => !found.has(key)), []);
  ok(entries.length > 300);
});
