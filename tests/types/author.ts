/**
 * What the author of a binding publishes: literal data and one annotated constant, which is all
 * that `isolatedDeclarations` and JSR's rule against slow types ask for.
 *
 * @module
 */
import { type Library, type LibraryFunction, open, type Pointer, type Typed } from "../../mod.ts";

/** The states of a thing. */
export type State = 0 | 1 | 2;

const point = { struct: { x: "f64", y: "f64" } } as const;
const definitions = {
  /** Makes a thing. */
  thing_create: { parameters: ["cstring", { out: { pointer: "thing" } }], result: "i32" },
  /** Tells the state of a thing. */
  thing_state: {
    parameters: [{ pointer: "thing" }],
    result: "i32" as Typed<"i32", State>,
    errno: true,
  },
  /** Moves a thing. */
  thing_move: { parameters: [{ pointer: "thing" }, point as typeof point], result: "void" },
  /** Counts things. */
  thing_count: { type: "u32" },
  /** New in 2.0. */
  thing_copy: {
    parameters: [{ pointer: "thing" }],
    result: { pointer: "thing" },
    optional: true,
  },
} as const;

/** The library. */
export const thing: Library<typeof definitions> = open(
  ["libthing.so.2", "libthing.so"],
  definitions,
);

/** The named form: hovers show the names of parameters, and the literals are checked against it. */
export interface Thing extends AsyncDisposable {
  /** Makes a thing. */
  readonly thing_create: LibraryFunction<
    [name: string | null],
    { value: number; out: [thing: Pointer<"thing"> | null] }
  >;
  /** Moves a thing. */
  readonly thing_move: LibraryFunction<
    [thing: Pointer<"thing"> | null, to: { readonly x: number; readonly y: number }],
    undefined
  >;
}

/** The library in its named form. */
export const named: Thing = open("libthing.so.2", definitions);

/** A named form that contradicts the literals. */
export interface Wrong {
  /** Moves a thing. */
  readonly thing_move: LibraryFunction<[thing: string], undefined>;
}

// @ts-expect-error: the named form must agree with the literals
export const wrong: Wrong = open("libthing.so.2", definitions);
