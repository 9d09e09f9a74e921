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
/** @internal */
declare const functionSignature: unique symbol;

/**
 * An address in native memory, as the signed 64-bit value: `-1` is `(void *)-1`, `null` is `NULL`.
 *
 * `Tag` names what it points to, and tags do not mix: `Pointer<"sqlite3">` is accepted where
 * `Pointer` is asked for, never the other way round, and never as `Pointer<"sqlite3_stmt">`.
 * A pointer with several tags (`Pointer<"GtkWidget" | "GObject">`) is accepted for each of them.
 * A cast makes one: `-1 as Pointer`. It owns nothing and keeps nothing alive.
 *
 * @category Definitions
 */
export type Pointer<Tag extends string = never> = number & {
  /** What it points to; exists in the type only. */
  readonly [pointerTags]: { readonly [Name in Tag]: true };
};

/**
 * The address of a C function with the signature `D`. A cast makes one of any pointer; pointers of
 * different signatures do not mix.
 *
 * @category Definitions
 */
export type FunctionPointer<D extends CallbackDefinition> = Pointer & {
  /** Its signature; exists in the type only. */
  readonly [functionSignature]: D;
};

/**
 * An object with a function pointer, which stands for it as an argument: a callback, or a bound
 * call.
 *
 * @category Definitions
 */
export interface Callable<D extends CallbackDefinition = CallbackDefinition> {
  /** What C calls. */
  readonly pointer: FunctionPointer<D>;
}

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
 *
 * @category Definitions
 */
export type Typed<Name extends NumberName | BigIntName, Narrow extends number | bigint> = Name & {
  /** What it is narrowed to; exists in the type only. */
  readonly [narrowedTo]: Narrow;
};

/**
 * Memory of JavaScript that is copied in and out around a call, or lent to a `.sync` call.
 *
 * @category Libraries
 */
export type Bytes = ArrayBuffer | ArrayBufferView;

/**
 * Names of the types that are `number` in JavaScript, both ways.
 *
 * `i53` and `u53` are 64-bit integers in C, `long` and `ulong` have C's size on the system at
 * hand; a value beyond `Number.MAX_SAFE_INTEGER` is a `RangeError`.
 *
 * @category Definitions
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

/**
 * Names of the 64-bit integers that are `bigint` as results and `number | bigint` as arguments.
 *
 * @category Definitions
 */
export type BigIntName = "i64" | "u64" | "isize" | "usize";

/**
 * Names of the types that fit one machine word: numbers, `bool` and the plain pointers.
 *
 * @category Definitions
 */
export type ScalarName = NumberName | BigIntName | "bool" | "pointer" | "function";

/**
 * Names of C strings: UTF-8, and UTF-16 in the byte order of the system; both end with a zero.
 *
 * @category Definitions
 */
export type TextName = "cstring" | "cstring16";

/**
 * A pointer that mixes only with pointers of the same tag.
 *
 * @category Definitions
 */
export interface TaggedPointer {
  /** The tag, most often the C name of what it points to. */
  readonly pointer: string;
}

/**
 * A struct, by value, laid out as C does.
 *
 * With named fields it is an object in JavaScript. The list of types that Deno has, without names,
 * is its bytes.
 *
 * @category Definitions
 */
export interface StructType {
  /** The fields in order of declaration; at least one. */
  readonly struct: { readonly [field: string]: FieldType } | readonly FieldType[];
}

/**
 * A union, by value. C does not tell which alternative holds: what it gives has them all, each read
 * when it is looked at; an argument is an object with exactly one.
 *
 * @category Definitions
 */
export interface UnionType {
  /** The alternatives; at least one. */
  readonly union: { readonly [field: string]: FieldType };
}

/**
 * A fixed number of elements, inside a struct or a cell.
 *
 * @category Definitions
 */
export interface FixedArrayType {
  /** Type of the elements. */
  readonly array: FieldType;
  /** How many there are, at least one. */
  readonly length: number;
}

/**
 * A function pointer whose signature is known.
 *
 * @category Definitions
 */
export interface FunctionType {
  /** The signature. */
  readonly function: CallbackDefinition;
}

/**
 * A pointer to bytes whose length is known from elsewhere.
 *
 * As a result, a cell or a field of what is copied, the bytes are copied on the native thread
 * before anything else runs there. As an argument they are copied in.
 *
 * @category Definitions
 */
export interface SizedBytes {
  /**
   * The length in bytes: the index of a parameter, the name of a field beside it, `"result"`,
   * `{ constant }`, or the product of a list of these.
   */
  readonly bytes: LengthPart | readonly LengthPart[];
  /** Name of the function of the same library that frees what C gave, once it is copied. */
  readonly free?: string;
}

/**
 * A factor of a length.
 *
 * @category Definitions
 */
export type LengthPart = number | string | { readonly constant: number };

/**
 * A C string that a function of the same library frees once it is copied.
 *
 * @category Definitions
 */
export interface OwnedText {
  /** Marks the kind. */
  readonly cstring: "owned";
  /** Name of the function that frees it: `void (*)(void *)`. */
  readonly free: string;
}

/**
 * A pointer whose target is copied, with the pointees that its fields declare.
 *
 * @category Definitions
 */
export interface CopiedType {
  /** What it points to. */
  readonly copy: FieldType;
  /** Name of the function of the same library that frees it once copied. */
  readonly free?: string;
}

/**
 * An array that ends with `NULL`, made for the time of the call.
 *
 * @category Definitions
 */
export interface ListType {
  /** Type of the elements. */
  readonly list: "cstring" | "pointer" | TaggedPointer;
}

/**
 * An array of strings that ends with `NULL`, copied with its strings.
 *
 * @category Definitions
 */
export interface TextListType {
  /** Type of the elements. */
  readonly list: "cstring";
}

/**
 * A type that fits a struct field, a cell or a variable.
 *
 * Fields that are strings, lists or sized bytes are pointers in C; their targets are copied with
 * the struct.
 *
 * @category Definitions
 */
export type FieldType =
  | ScalarName
  | TextName
  | TaggedPointer
  | FunctionType
  | StructType
  | UnionType
  | FixedArrayType
  | SizedBytes;

/**
 * A buffer that C only reads: copied in at submission.
 *
 * @category Definitions
 */
export interface InBuffer {
  /** The kind of memory. */
  readonly in: "buffer";
}

/**
 * A buffer that C only writes: copied back at completion; it stays an argument.
 *
 * @category Definitions
 */
export interface OutBuffer {
  /** The kind of memory. */
  readonly out: "buffer";
}

/**
 * A buffer argument by direction; `"buffer"` alone is copied both ways.
 *
 * @category Definitions
 */
export type BufferType = "buffer" | InBuffer | OutBuffer;

/**
 * A pointer to a cell that C only reads; `null` is the null pointer.
 *
 * @category Definitions
 */
export interface InType {
  /** The type of the cell. */
  readonly in: FieldType;
}

/**
 * A pointer to a cell that C fills: no argument, its value comes with the result.
 *
 * @category Definitions
 */
export interface OutType {
  /** The type of the cell; it starts as zero. */
  readonly out: FieldType | OwnedText | CopiedType | TextListType;
}

/**
 * A pointer to a cell that C reads and changes: an argument, whose new value comes back.
 *
 * @category Definitions
 */
export interface InOutType {
  /** The type of the cell. */
  readonly inout: FieldType;
}

/**
 * A type that fits a parameter.
 *
 * @category Definitions
 */
export type ParameterType =
  | FieldType
  | BufferType
  | ListType
  | InType
  | OutType
  | InOutType;

/**
 * A type that fits a result; what a text, a list or bytes point to is copied.
 *
 * @category Definitions
 */
export type ResultType = FieldType | OwnedText | CopiedType | TextListType | "void";

/**
 * The signature of a function pointer.
 *
 * Of a callback, what a string, sized bytes, a list of strings or `{ copy }` points to is copied
 * when C calls. Its own result is none of these: nothing would own them.
 *
 * @category Definitions
 */
export interface CallbackDefinition {
  /** The parameters in order. */
  readonly parameters: readonly (FieldType | CopiedType | TextListType)[];
  /** The result. */
  readonly result: FieldType | "void";
}

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
 *
 * @category Definitions
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
  /** The same for `lastError`, what GetLastError gives; on Windows, and in the place of `errno`. */
  readonly lastError?: true | "throw";
  /** Where `true`, a missing symbol is `null` and no error. */
  readonly optional?: boolean;
  /** Accepted from Deno's definitions and without effect: only `.sync` blocks. */
  readonly nonblocking?: boolean;
}

/**
 * A variable of a library.
 *
 * @category Definitions
 */
export interface VariableDefinition {
  /** The symbol, where it differs from the key. */
  readonly name?: string;
  /** The type of the variable. */
  readonly type: FieldType;
  /** Where `true`, a missing symbol is `null` and no error. */
  readonly optional?: boolean;
}

/**
 * A symbol of a library.
 *
 * @category Definitions
 */
export type Definition = FunctionDefinition | VariableDefinition;

/**
 * The symbols of a library by the name that JavaScript gives them.
 *
 * @category Definitions
 */
export interface Definitions {
  /** One symbol. */
  readonly [key: string]: Definition;
}
