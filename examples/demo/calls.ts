// The same C functions, called in one of two ways: here and now, or on a context.
import type { Context, LibraryFunction } from "@siding/ffi";

/** The functions of the library `L`, each giving its result or the promise of it. */
export type Calls<L> = {
  readonly [Name in Exclude<keyof L, symbol>]: L[Name] extends LibraryFunction<infer A, infer R>
    ? (...args: A) => R | Promise<R>
    : never;
};

/** Chooses how the functions of a library are called. */
export type Caller = <L extends object>(library: L) => Calls<L>;

/** Every call blocks this thread until C returns. */
export function blockingCalls<L extends object>(library: L): Calls<L> {
  const calls = Object.entries(library).map(([name, call]) => [name, call.sync]);
  return Object.fromEntries(calls) as Calls<L>;
}

/** Every call runs on the context's own thread, in order. */
export function contextCalls<L extends object>(context: Context, library: L): Calls<L> {
  return context.use(library) as unknown as Calls<L>;
}
