/**
 * The type language of definitions: plain literal data in Deno's shape, so that a definition
 * stays inferable under `as const`, `isolatedDeclarations` and JSR's rule against slow types.
 *
 * @module
 */

/** @internal */
declare const pointerTags: unique symbol;
/** @internal */
declare const narrowedTo: unique symbol;

/**
 * An address in native memory, as the signed 64-bit value: `-1` is `(void *)-1`, `null` is `NULL`.
 *
 * `Tag` names what it points to, and tags do not mix: `Pointer<"sqlite3">` is accepted where
 * `Pointer` is asked for, never the other way round, and never as `Pointer<"sqlite3_stmt">`.
 * A pointer with several tags (`Pointer<"GtkWidget" | "GObject">`) is accepted for each of them.
 * A cast makes one: `-1 as Pointer`. It owns nothing and keeps nothing alive.
 */
export type Pointer<Tag extends string = never> = number & {
  /** What it points to; exists in the type only. */
  readonly [pointerTags]: { readonly [Name in Tag]: true };
};

/**
 * The name of a number type whose JavaScript side is narrowed to `Narrow`: enums and flags.
 *
 * Results are not checked at run time; the narrowing is the author's word.
 *
 * @example
 * ```ts
 * import type { Result, Typed } from "@siding/ffi";
 *
 * type Status = 0 | 5 | 100 | 101;
 * const step = {
 *   parameters: [{ pointer: "sqlite3_stmt" }],
 *   result: "i32" as Typed<"i32", Status>,
 * } as const;
 * const row: Result<typeof step> = 100;
 * ```
 */
export type Typed<Name extends NumberName | BigIntName, Narrow extends number | bigint> = Name & {
  /** What it is narrowed to; exists in the type only. */
  readonly [narrowedTo]: Narrow;
};

/** Memory of JavaScript that is copied in and out around a call, or lent to a `.sync` call. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/**
 * Names of the types that are `number` in JavaScript, both ways.
 *
 * `i53` and `u53` are 64-bit integers in C, `long` and `ulong` have C's size on the system at
 * hand; a value beyond `Number.MAX_SAFE_INTEGER` is a `RangeError`.
 */
export type NumberName =
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "i53"
  | "u53"
  | "long"
  | "ulong"
  | "f32"
  | "f64";

/** Names of the 64-bit integers that are `bigint` as results and `number | bigint` as arguments. */
export type BigIntName = "i64" | "u64" | "isize" | "usize";

/** Names of the types that fit one machine word: numbers, `bool` and the plain pointers. */
export type ScalarName = NumberName | BigIntName | "bool" | "pointer" | "function";

/** A pointer that mixes only with pointers of the same tag. */
export interface TaggedPointer {
  /** The tag, most often the C name of what it points to. */
  readonly pointer: string;
}

/** A struct, by value, laid out as C does. */
export interface StructType {
  /** The fields in order of declaration; at least one. */
  readonly struct: { readonly [field: string]: FieldType };
}

/** A type that fits a struct field or a variable. */
export type FieldType = ScalarName | TaggedPointer | StructType;

/** A buffer that C only reads: copied in at submission. */
export interface InBuffer {
  /** The kind of memory. */
  readonly in: "buffer";
}

/** A buffer that C only writes: copied back at completion; it stays an argument. */
export interface OutBuffer {
  /** The kind of memory. */
  readonly out: "buffer";
}

/** A buffer argument by direction; `"buffer"` alone is copied both ways. */
export type BufferType = "buffer" | InBuffer | OutBuffer;

/** A pointer to a cell that C fills: no argument, its value comes with the result. */
export interface OutType {
  /** The type of the cell; it starts as zero. */
  readonly out: ScalarName | TaggedPointer;
}

/** A type that fits a parameter. */
export type ParameterType = FieldType | "cstring" | BufferType | OutType;

/** A type that fits a result; a `cstring` is copied, the C memory stays with C. */
export type ResultType = FieldType | "cstring" | "void";

/**
 * A function of a library.
 *
 * @example
 * ```ts
 * import type { FunctionDefinition } from "@siding/ffi";
 *
 * const read = {
 *   parameters: ["i32", { out: "buffer" }, "usize"],
 *   result: "isize",
 *   errno: true,
 * } as const satisfies FunctionDefinition;
 * ```
 */
export interface FunctionDefinition {
  /** The symbol, where it differs from the key. */
  readonly name?: string;
  /** The parameters in order, the variable ones of a variadic function included. */
  readonly parameters: readonly ParameterType[];
  /** The result. */
  readonly result: ResultType;
  /** Marks a variadic function: the number of its fixed parameters. */
  readonly variadic?: number;
  /** `true` gives `errno` with the result, `"throw"` rejects where the result says failure. */
  readonly errno?: true | "throw";
  /** Where `true`, a missing symbol is `null` and no error. */
  readonly optional?: boolean;
  /** Accepted from Deno's definitions and without effect: only `.sync` blocks. */
  readonly nonblocking?: boolean;
}

/** A variable of a library. */
export interface VariableDefinition {
  /** The symbol, where it differs from the key. */
  readonly name?: string;
  /** The type of the variable. */
  readonly type: FieldType;
  /** Where `true`, a missing symbol is `null` and no error. */
  readonly optional?: boolean;
}

/** A symbol of a library. */
export type Definition = FunctionDefinition | VariableDefinition;

/** The symbols of a library by the name that JavaScript gives them. */
export interface Definitions {
  /** One symbol. */
  readonly [key: string]: Definition;
}
