/**
 * What definitions become in JavaScript: arguments, results, functions, libraries.
 *
 * A type that is not literal (`FunctionDefinition` itself, say) becomes `unknown`.
 *
 * @module
 */

import type { EmbeddedLibrary } from "./embedded.ts";
import type { Interrupt } from "./interrupt.ts";
import type {
  BigIntName,
  BufferType,
  Bytes,
  Callable,
  CallbackDefinition,
  CopiedType,
  Definition,
  Definitions,
  FieldType,
  FixedArrayType,
  FunctionDefinition,
  FunctionPointer,
  FunctionType,
  InOutType,
  InType,
  ListType,
  NumberName,
  OutType,
  OwnedText,
  Pointer,
  SizedBytes,
  StructType,
  TaggedPointer,
  TextName,
  Typed,
  UnionType,
  VariableDefinition,
} from "./types.ts";

/**
 * What JavaScript receives for the native type `T`.
 *
 * @example
 * ```ts
 * import type { From } from "@siding/ffi";
 *
 * const size: From<"usize"> = 4096n;
 * const point: From<{ struct: { x: "f64"; y: "f64" } }> = { x: 1, y: 2 };
 * ```
 *
 * @category Libraries
 */
export type From<T> = [NumberName] extends [T] ? unknown // also stops TS2589 on constraints
  : T extends Typed<NumberName | BigIntName, infer Narrow> ? Narrow
  : T extends NumberName ? number
  : T extends BigIntName ? bigint
  : T extends "bool" ? boolean
  : T extends "pointer" | "function" ? Pointer | null
  : T extends TaggedPointer ? Pointer<T["pointer"]> | null
  : T extends TextName | OwnedText ? string | null
  : T extends "void" ? undefined
  : T extends StructType ? T["struct"] extends readonly unknown[] ? Uint8Array
    : { -readonly [Field in keyof T["struct"]]: From<T["struct"][Field]> }
  : T extends UnionType ? { readonly [Field in keyof T["union"]]: From<T["union"][Field]> }
  : T extends FixedArrayType ? From<T["array"]>[]
  : T extends FunctionType ? FunctionPointer<T["function"]> | null
  : T extends SizedBytes ? Uint8Array | null
  : T extends CopiedType ? From<T["copy"]> | null
  : T extends ListType ? From<T["list"]>[] | null
  : never;

/**
 * What JavaScript gives for the native type `T`; `never` for what is no argument.
 *
 * @example
 * ```ts
 * import type { To } from "@siding/ffi";
 *
 * const size: To<"usize"> = 4096;
 * const bytes: To<{ in: "buffer" }> = new Uint8Array(8);
 * ```
 *
 * @category Libraries
 */
export type To<T> = [NumberName] extends [T] ? unknown
  : T extends Typed<NumberName | BigIntName, infer Narrow> ? Narrow
  : T extends NumberName ? number
  : T extends BigIntName ? number | bigint
  : T extends "bool" ? boolean
  : T extends "pointer" | "function" ? Pointer | Callable | null
  : T extends TaggedPointer ? Pointer<T["pointer"]> | null
  : T extends TextName ? string | null
  : T extends BufferType | SizedBytes ? Bytes | null
  : T extends StructType ? T["struct"] extends readonly unknown[] ? Bytes
    : { readonly [Field in keyof T["struct"]]: To<T["struct"][Field]> }
  : T extends UnionType ? OneOf<T["union"]>
  : T extends FixedArrayType ? readonly To<T["array"]>[]
  : T extends FunctionType ? FunctionPointer<T["function"]> | Callable<T["function"]> | null
  : T extends ListType ? readonly To<T["list"]>[] | null
  : T extends InType ? To<T["in"]> | null
  : T extends InOutType ? To<T["inout"]>
  : never;

/**
 * An object with exactly one of the fields.
 *
 * @internal
 */
type OneOf<Fields> = {
  [Field in keyof Fields]:
    & { readonly [Only in Field]: To<Fields[Only]> }
    & { readonly [Other in Exclude<keyof Fields, Field>]?: never };
}[keyof Fields];

/**
 * The arguments of a function with the parameters `P`: one for each, `{ out: T }` cells left out.
 *
 * @example
 * ```ts
 * import type { Arguments } from "@siding/ffi";
 *
 * const args: Arguments<["cstring", { out: { pointer: "sqlite3" } }, "i32"]> = ["a.db", 6];
 * ```
 *
 * @category Libraries
 */
export type Arguments<P extends readonly unknown[]> = number extends P["length"] ? unknown[]
  : Extract<P[number], OutType> extends never ? EachTo<P>
  : ArgumentsBesideCells<P>;

/**
 * Every parameter as an argument; the mapping takes the tuple itself so that it stays one.
 *
 * @internal
 */
type EachTo<P extends readonly unknown[]> = {
  -readonly [Index in keyof P]: To<P[Index]>;
};

/**
 * The arguments where some parameters are cells.
 *
 * @internal
 */
type ArgumentsBesideCells<P extends readonly unknown[]> = P extends
  readonly [infer First, ...infer Rest]
  ? First extends OutType ? ArgumentsBesideCells<Rest> : [To<First>, ...ArgumentsBesideCells<Rest>]
  : [];

/**
 * The values of the `{ out: T }` and `{ inout: T }` cells among the parameters `P`, in order.
 *
 * @category Libraries
 */
export type Outputs<P extends readonly unknown[]> = number extends P["length"] ? unknown[]
  : P extends readonly [infer First, ...infer Rest]
    ? First extends OutType ? [From<First["out"]>, ...Outputs<Rest>]
    : First extends InOutType ? [From<First["inout"]>, ...Outputs<Rest>]
    : Outputs<Rest>
  : [];

/**
 * What a call of the function `D` gives: the plain value, or an object where `errno: true`,
 * `lastError: true` or `{ out: T }` and `{ inout: T }` cells add to it.
 *
 * @example
 * ```ts
 * import type { Result } from "@siding/ffi";
 *
 * type Read = { parameters: ["i32", { out: "buffer" }, "usize"]; result: "isize"; errno: true };
 * const result: Result<Read> = { value: -1n, errno: 9 };
 * ```
 *
 * @category Libraries
 */
export type Result<D extends FunctionDefinition> = number extends D["parameters"]["length"]
  ? unknown
  : Extract<D["parameters"][number], OutType | InOutType> extends never
    ? D extends { readonly errno: true } ? { value: From<D["result"]>; errno: number }
    : D extends { readonly lastError: true } ? { value: From<D["result"]>; lastError: number }
    : From<D["result"]>
  : D extends { readonly errno: true }
    ? { value: From<D["result"]>; errno: number; out: Outputs<D["parameters"]> }
  : D extends { readonly lastError: true }
    ? { value: From<D["result"]>; lastError: number; out: Outputs<D["parameters"]> }
  : { value: From<D["result"]>; out: Outputs<D["parameters"]> };

/**
 * What JavaScript gets of a call from C with the signature `D`.
 *
 * @example
 * ```ts
 * import type { CallbackArguments } from "@siding/ffi";
 *
 * type Log = { parameters: ["i32", "cstring"]; result: "void" };
 * const line: CallbackArguments<Log> = [3, "three"];
 * ```
 *
 * @category Callbacks
 */
export type CallbackArguments<D extends CallbackDefinition> = number extends
  D["parameters"]["length"] ? unknown[]
  : EachFrom<D["parameters"]>;

/**
 * Every parameter as C gives it.
 *
 * @internal
 */
type EachFrom<P extends readonly unknown[]> = {
  -readonly [Index in keyof P]: From<P[Index]>;
};

/**
 * What a callback with the signature `D` answers; `never` for what nothing would own.
 *
 * @category Callbacks
 */
export type CallbackResult<D extends CallbackDefinition> = D["result"] extends
  TextName | SizedBytes | FixedArrayType ? never
  : To<D["result"]>;

/**
 * Options of one call.
 *
 * @category Libraries
 */
export interface InvokeOptions {
  /** Rejects the call with the signal's reason; where it has not started, C never runs. */
  signal?: AbortSignal;
  /** Milliseconds from submission to completion. */
  timeout?: number;
  /** Milliseconds from the start of the C function to completion; the wait before is free. */
  runTimeout?: number;
  /**
   * How the C function is made to return when the call is given up while it runs; without it, the
   * way that its context has ({@linkcode Context.interruptWith}).
   */
  interrupt?: Interrupt;
  /** `false`: where the limit of calls in flight is reached, fail with `ERR_SIDING_BUSY`. */
  wait?: boolean;
}

/**
 * A C function that runs on a native thread and never blocks this one.
 *
 * @category Libraries
 */
export interface NativeFunction<A extends readonly unknown[], R> {
  /** Submits a call; `TypeError` and `RangeError` for wrong arguments are thrown before it. */
  (...args: A): Promise<R>;
  /** Gives the same function with options for its calls. */
  with(options: InvokeOptions): (...args: A) => Promise<R>;
  /** Submits a call and forgets its result; no promise is made. */
  send(...args: A): void;
  /** The address of the function. */
  readonly pointer: Pointer;
}

/**
 * A C function that may also run on this thread.
 *
 * @category Libraries
 */
export interface LibraryFunction<A extends readonly unknown[], R> extends NativeFunction<A, R> {
  /** Calls it on this thread, which blocks until C returns. */
  sync(...args: A): R;
}

/**
 * A variable of a library.
 *
 * @category Libraries
 */
export interface NativeVariable<T extends FieldType> {
  /** The address of the variable. */
  readonly pointer: Pointer;
  /** Reads it. */
  get(): From<T>;
  /** Writes it. */
  set(value: To<T>): void;
}

/**
 * What the definition `D` becomes, where its symbol exists.
 *
 * @category Libraries
 */
export type LibrarySymbol<D extends Definition> = D extends FunctionDefinition
  ? LibraryFunction<Arguments<D["parameters"]>, Result<D>>
  : D extends VariableDefinition ? NativeVariable<D["type"]>
  : never;

/**
 * A library opened with the definitions `D`; symbols marked `optional` may be `null`.
 *
 * Disposal lets running calls end; the library is not unmapped.
 *
 * @example
 * ```ts
 * import type { Library } from "@siding/ffi";
 *
 * const definitions = { getpid: { parameters: [], result: "i32" } } as const;
 * function report(libc: Library<typeof definitions>): number {
 *   return libc.getpid.sync();
 * }
 * ```
 *
 * @category Libraries
 */
export type Library<D extends Definitions> =
  & { readonly [Key in keyof D]: LibrarySymbol<D[Key]> | Missing<D[Key]> }
  & AsyncDisposable;

/**
 * `null` for a symbol that may be missing.
 *
 * @internal
 */
type Missing<D> = D extends { readonly optional: false } ? never
  : D extends { readonly optional: boolean } ? null
  : never;

/**
 * The symbols of the library `L` on one context: the same functions without `sync`.
 *
 * @category Libraries
 */
export type ContextLibrary<L extends object> = {
  readonly [Key in Exclude<keyof L, symbol>]: L[Key] extends LibraryFunction<infer A, infer R>
    ? NativeFunction<A, R>
    : L[Key] extends LibraryFunction<infer A, infer R> | null ? NativeFunction<A, R> | null
    : L[Key];
};

/**
 * Where a library is: a name or path, a `file:` URL, several names of which the first that loads
 * is taken, one name for each system, what a package brings along ({@linkcode embedded}), or `null`
 * for what the process has loaded already.
 *
 * @category Libraries
 */
export type LibraryPath =
  | string
  | URL
  | null
  | readonly string[]
  | LibraryPathBySystem
  | EmbeddedLibrary;

/**
 * Where a library is on each system; a system that is left out is not supported.
 *
 * @category Libraries
 */
export interface LibraryPathBySystem {
  /** Name or path on Linux. */
  readonly linux?: string;
  /** Name or path on macOS. */
  readonly darwin?: string;
  /** Name or path on Windows. */
  readonly windows?: string;
}
