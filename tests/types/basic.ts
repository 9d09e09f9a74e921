// Checked, never run: every conversion of the type language, and the uses that must not compile.
import { Context, fn, open } from "../../mod.ts";
import type {
  Arguments,
  Bytes,
  Callable,
  ContextLibrary,
  Definitions,
  From,
  FunctionDefinition,
  InvokeOptions,
  Library,
  LibraryFunction,
  LibraryPath,
  NativeFunction,
  NativeVariable,
  NumberName,
  Outputs,
  ParameterType,
  Pointer,
  Result,
  ResultType,
  To,
  Typed,
} from "../../mod.ts";
import { same } from "./equal.ts";

type Status = 0 | 5 | 100 | 101;
type Timespec = { readonly struct: { readonly sec: "i64"; readonly nsec: "long" } };
type Nested = { struct: { at: Timespec; owner: { pointer: "owner" }; done: "bool" } };

// Results.
same<From<"void">, undefined>(true);
same<From<"bool">, boolean>(true);
same<From<"i8" | "u8" | "i16" | "u16" | "i32" | "u32">, number>(true);
same<From<"i53">, number>(true);
same<From<"u53">, number>(true);
same<From<"long">, number>(true);
same<From<"ulong">, number>(true);
same<From<"f32">, number>(true);
same<From<"f64">, number>(true);
same<From<"i64">, bigint>(true);
same<From<"u64">, bigint>(true);
same<From<"isize">, bigint>(true);
same<From<"usize">, bigint>(true);
same<From<"pointer">, Pointer | null>(true);
same<From<"function">, Pointer | null>(true);
same<From<"cstring">, string | null>(true);
same<From<"buffer">, never>(true);
same<From<{ pointer: "sqlite3" }>, Pointer<"sqlite3"> | null>(true);
same<From<Typed<"i32", Status>>, Status>(true);
same<From<Typed<"u64", 1n | 2n>>, 1n | 2n>(true);
same<From<Timespec>, { sec: bigint; nsec: number }>(true);
same<
  From<Nested>,
  { at: { sec: bigint; nsec: number }; owner: Pointer<"owner"> | null; done: boolean }
>(true);

// Arguments.
same<To<"bool">, boolean>(true);
same<To<"i8" | "u8" | "i16" | "u16" | "i32" | "u32">, number>(true);
same<To<"i53">, number>(true);
same<To<"u53">, number>(true);
same<To<"long">, number>(true);
same<To<"ulong">, number>(true);
same<To<"f32">, number>(true);
same<To<"f64">, number>(true);
same<To<"i64">, number | bigint>(true);
same<To<"u64">, number | bigint>(true);
same<To<"isize">, number | bigint>(true);
same<To<"usize">, number | bigint>(true);
same<To<"pointer">, Pointer | Callable | null>(true);
same<To<"function">, Pointer | Callable | null>(true);
same<To<"cstring">, string | null>(true);
same<To<"buffer">, Bytes | null>(true);
same<To<{ in: "buffer" }>, Bytes | null>(true);
same<To<{ out: "buffer" }>, Bytes | null>(true);
same<To<{ out: "i32" }>, never>(true);
same<To<"void">, never>(true);
same<To<{ pointer: "sqlite3" }>, Pointer<"sqlite3"> | null>(true);
same<To<Typed<"i32", Status>>, Status>(true);
same<To<Timespec>, { readonly sec: number | bigint; readonly nsec: number }>(true);
same<
  To<Nested>,
  {
    readonly at: { readonly sec: number | bigint; readonly nsec: number };
    readonly owner: Pointer<"owner"> | null;
    readonly done: boolean;
  }
>(true);

// Tuples.
type Cells = readonly [
  "cstring",
  { readonly out: { readonly pointer: "sqlite3" } },
  { readonly out: "buffer" },
  { readonly out: "bool" },
  "i32",
  { readonly out: "u64" },
  { readonly out: "pointer" },
  { readonly out: Typed<"i32", Status> },
];
same<Arguments<readonly []>, []>(true);
same<Arguments<readonly ["i32", "buffer", "usize"]>, [number, Bytes | null, number | bigint]>(true);
same<Arguments<Cells>, [string | null, Bytes | null, number]>(true);
same<Arguments<readonly [{ readonly out: "i32" }]>, []>(true);
same<Outputs<Cells>, [Pointer<"sqlite3"> | null, boolean, bigint, Pointer | null, Status]>(true);
same<Outputs<readonly ["i32", { readonly out: "buffer" }]>, []>(true);

// The shape of a result.
type Plain = { parameters: ["i32"]; result: "isize" };
type Cell = { parameters: [{ out: "i32" }]; result: "i32" };
same<Result<Plain>, bigint>(true);
same<Result<Plain & { errno: true }>, { value: bigint; errno: number }>(true);
same<Result<Plain & { errno: "throw" }>, bigint>(true);
same<Result<Plain & { lastError: true }>, { value: bigint; lastError: number }>(true);
same<Result<Cell>, { value: number; out: [number] }>(true);
same<Result<Cell & { errno: true }>, { value: number; errno: number; out: [number] }>(true);
same<Result<Cell & { errno: "throw" }>, { value: number; out: [number] }>(true);
same<Result<{ parameters: [{ out: "buffer" }]; result: "void" }>, undefined>(true);

// Definitions that are not literal.
same<From<ResultType>, unknown>(true);
same<To<ParameterType>, unknown>(true);
same<From<NumberName>, unknown>(true);
same<Arguments<FunctionDefinition["parameters"]>, unknown[]>(true);
same<Result<FunctionDefinition>, unknown>(true);
export function openAny(path: LibraryPath, definitions: Definitions): Library<Definitions> {
  return open(path, definitions);
}

const libc = open("libc.so.6", {
  getpid: { parameters: [], result: "i32" },
  read: { parameters: ["i32", { out: "buffer" }, "usize"], result: "isize", errno: true },
  printf_d: { name: "printf", parameters: ["cstring", "i32"], variadic: 1, result: "i32" },
  close: { parameters: ["i32"], result: "i32", errno: "throw", nonblocking: true },
  memfd_create: { parameters: ["cstring", "u32"], result: "i32", optional: true },
  div: { parameters: ["i32", "i32"], result: { struct: { quot: "i32", rem: "i32" } } },
  strtol: { parameters: ["cstring", { out: "pointer" }, "i32"], result: "long" },
  free: { parameters: ["pointer"], result: "void", optional: false },
  optind: { type: "i32" },
  environ: { type: "pointer" },
  missing: { type: { struct: { a: "i32" } }, optional: true },
});
type Read = LibraryFunction<
  [number, Bytes | null, number | bigint],
  { value: bigint; errno: number }
>;
same<typeof libc.getpid, LibraryFunction<[], number>>(true);
same<typeof libc.read, Read>(true);
same<typeof libc.printf_d, LibraryFunction<[string | null, number], number>>(true);
same<typeof libc.close, LibraryFunction<[number], number>>(true);
same<
  typeof libc.memfd_create,
  LibraryFunction<[string | null, number], number> | null
>(true);
same<typeof libc.free, LibraryFunction<[Pointer | Callable | null], undefined>>(true);
same<typeof libc.optind, NativeVariable<"i32">>(true);
same<
  typeof libc.missing,
  NativeVariable<{ readonly struct: { readonly a: "i32" } }> | null
>(true);

export async function useLibrary(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const read = await libc.read(0, bytes, 8);
  same<typeof read, { value: bigint; errno: number }>(true);
  const { value, out: [end] } = libc.strtol.sync("12", 10);
  same<typeof value, number>(true);
  same<typeof end, Pointer | null>(true);
  same<ReturnType<typeof libc.div.sync>, { quot: number; rem: number }>(true);
  same<ReturnType<typeof libc.close.send>, void>(true);
  const options: InvokeOptions = { signal, timeout: 500, runTimeout: 100 };
  await libc.read.with(options)(0, new DataView(bytes.buffer), 8n);
  await libc.read.with({})(0, new ArrayBuffer(8), 8n);
  await libc.memfd_create?.("x", 1);
  libc.optind.set(libc.optind.get() + 1);
  same<ReturnType<typeof libc.environ.get>, Pointer | null>(true);
  libc.missing?.set({ a: 1 });
  same<typeof libc.read.pointer, Pointer>(true);
  const at = fn(libc.getpid.pointer, { parameters: [{ pointer: "X" }], result: "f64" });
  same<typeof at, LibraryFunction<[Pointer<"X"> | null], number>>(true);
  await libc[Symbol.asyncDispose]();
}

const sqlite3 = open({ linux: "libsqlite3.so.0", darwin: "libsqlite3.dylib" }, {
  open_v2: {
    name: "sqlite3_open_v2",
    parameters: ["cstring", { out: { pointer: "sqlite3" } }, "i32", "cstring"],
    result: "i32" as Typed<"i32", Status>,
  },
  close: { name: "sqlite3_close", parameters: [{ pointer: "sqlite3" }], result: "i32" },
  step: { name: "sqlite3_step", parameters: [{ pointer: "sqlite3_stmt" }], result: "i32" },
  error: { name: "sqlite3_error_offset", parameters: [], result: "i32", optional: true },
  version: { name: "sqlite3_version", type: "pointer" },
});

export async function useContext(): Promise<void> {
  await using context = await Context.acquire({ name: "db" });
  const db = context.use(sqlite3);
  same<typeof db, ContextLibrary<typeof sqlite3>>(true);
  same<typeof db.close, NativeFunction<[Pointer<"sqlite3"> | null], number>>(true);
  same<typeof db.error, NativeFunction<[], number> | null>(true);
  same<typeof db.version, NativeVariable<"pointer">>(true);
  const { value, out: [handle] } = await db.open_v2("x.db", 6, null);
  same<typeof value, Status>(true);
  same<typeof handle, Pointer<"sqlite3"> | null>(true);
  await db.close(handle);
  await context.release();
}

// Pointers.
declare const plain: Pointer;
declare const widget: Pointer<"GtkWidget" | "GObject">;
plain satisfies number;
widget satisfies Pointer;
widget satisfies Pointer<"GObject">;
(-1 as Pointer<"sqlite3">) satisfies Pointer<"sqlite3">;

// What must not compile. Inside a function that is never called.
export async function misuse(context: Context, handle: Pointer<"sqlite3">): Promise<void> {
  const db = context.use(sqlite3);
  // @ts-expect-error: a symbol that may be missing
  libc.memfd_create("x", 1);
  // @ts-expect-error: the type of an argument
  await libc.read("0", new Uint8Array(8), 8);
  // @ts-expect-error: too few arguments
  await libc.read(0, new Uint8Array(8));
  // @ts-expect-error: too many arguments
  libc.getpid.sync(1);
  // @ts-expect-error: a cell is no argument
  await db.open_v2("x.db", null, 6, null);
  // @ts-expect-error: bigint where the type is a number
  await libc.close(1n);
  // @ts-expect-error: a number is no boolean
  fn(handle, { parameters: ["bool"], result: "void" }).sync(1);
  // @ts-expect-error: another tag
  await db.step(handle);
  // @ts-expect-error: untagged where a tag is asked for
  await sqlite3.close(5 as Pointer);
  // @ts-expect-error: a plain number is no pointer
  await sqlite3.close(5);
  // @ts-expect-error: fewer tags than asked for
  handle satisfies Pointer<"sqlite3" | "GObject">;
  // @ts-expect-error: no sync on a context
  db.step.sync(null);
  // @ts-expect-error: a context's library is not disposable
  db[Symbol.asyncDispose]();
  // @ts-expect-error: an array of numbers is no buffer
  await libc.read(0, [1, 2, 3], 3);
  // @ts-expect-error: a string is no buffer
  await libc.read(0, "abc", 3);
  // @ts-expect-error: null is no number
  await libc.close(null);
  // @ts-expect-error: a struct argument lacks a field
  fn(handle, { parameters: [{ struct: { x: "f64", y: "f64" } }], result: "void" }).sync({ x: 1 });
  // @ts-expect-error: a value outside the narrowed type
  fn(handle, { parameters: ["i32" as Typed<"i32", Status>], result: "void" }).sync(7);
  // @ts-expect-error: the result of send
  await libc.close.send(1).then();
  // @ts-expect-error: the type of a variable
  libc.optind.set("1");
  // @ts-expect-error: an address is read-only
  libc.read.pointer = handle;
  // @ts-expect-error: a symbol that is not defined
  libc.nothing();
  // @ts-expect-error: an unknown option
  libc.close.with({ retries: 3 });
  // @ts-expect-error: options of another type
  libc.close.with({ timeout: "3s" });
}

/** Definitions that must not compile. */
export function misdefine(): void {
  // @ts-expect-error: an unknown type name
  open("x", { f: { parameters: ["i33"], result: "void" } });
  // @ts-expect-error: an unknown type name in a struct
  open("x", { f: { parameters: [{ struct: { a: "int" } }], result: "void" } });
  // @ts-expect-error: no result
  open("x", { f: { parameters: ["i32"] } });
  // @ts-expect-error: the shape of bun:ffi
  open("x", { f: { args: ["i32"], returns: "i32" } });
  // @ts-expect-error: void is no parameter
  open("x", { f: { parameters: ["void"], result: "void" } });
  // @ts-expect-error: a buffer is no result
  open("x", { f: { parameters: [], result: "buffer" } });
  // @ts-expect-error: a buffer is no field
  open("x", { f: { parameters: [{ struct: { a: "buffer" } }], result: "void" } });
  // @ts-expect-error: a cell is no result
  open("x", { f: { parameters: [], result: { out: "i32" } } });
  // @ts-expect-error: void is no variable
  open("x", { f: { type: "void" } });
  // @ts-expect-error: errno is true or "throw"
  open("x", { f: { parameters: [], result: "i32", errno: "report" } });
  // @ts-expect-error: variadic is a count
  open("x", { f: { parameters: ["i32"], result: "i32", variadic: true } });
  // @ts-expect-error: a system that does not exist
  open({ linuz: "x" }, {});
  // @ts-expect-error: a path that is none
  open(5, {});
}
