/**
 * What contexts are tried with, `tests/native/testlib_context.c`.
 *
 * @module
 */
import { type Library, open, type Pointer } from "../../mod.ts";
import { definitions as usual, makeGate, testlibPath } from "./testlib.ts";

/** Its functions, beside those that most tests use. */
export const definitions = {
  logMake: { name: "test_log_make", parameters: [], result: "i32" },
  logCount: { name: "test_log_count", parameters: ["i32"], result: "i32" },
  logThing: { name: "test_log_thing", parameters: ["i32", "i32"], result: "i32" },
  logThread: { name: "test_log_thread", parameters: ["i32", "i32"], result: "u64" },
  logAdd: { name: "test_log_add", parameters: ["i32", "i32"], result: "i32" },
  thingCreate: {
    name: "test_thing_create",
    parameters: ["i32", "i32"],
    result: { pointer: "thing" },
  },
  thingDestroy: { name: "test_thing_destroy", parameters: [{ pointer: "thing" }], result: "i32" },
  thingDestroySlowly: {
    name: "test_thing_destroy_slowly",
    parameters: [{ pointer: "thing" }],
    result: "i32",
  },
  localNext: { name: "test_local_next", parameters: [], result: "i32" },
  stackSize: { name: "test_stack_size", parameters: [], result: "u53" },
  flagWait: { name: "test_flag_wait", parameters: ["pointer"], result: "u32" },
  flagSet: { name: "test_flag_set", parameters: ["pointer", "u32"], result: "void" },
  loopCreate: { name: "test_loop_create", parameters: [], result: { pointer: "loop" } },
  loopWait: { name: "test_loop_wait", parameters: [{ pointer: "loop" }], result: "i32" },
  loopWaits: { name: "test_loop_waits", parameters: [{ pointer: "loop" }], result: "i32" },
  loopWake: { name: "test_loop_wake", parameters: [{ pointer: "loop" }], result: "void" },
  loopPost: { name: "test_loop_post", parameters: [{ pointer: "loop" }, "i32"], result: "void" },
  loopDestroy: { name: "test_loop_destroy", parameters: [{ pointer: "loop" }], result: "void" },
  countModulo: { name: "test_count_modulo", parameters: ["u32", "i32"], result: "i32" },
  countFail: {
    name: "test_count_fail",
    parameters: ["u32", "i32", "i32"],
    result: "i32",
    errno: "throw",
  },
} as const;

/** The library with those functions. */
export type ContextLib = Library<typeof usual & typeof definitions>;

/** Opens it. */
export function openContextLib(): ContextLib {
  return open(testlibPath, { ...usual, ...definitions });
}

/** What destructors have written. */
export interface Log {
  readonly number: number;
  /** Numbers of the things destroyed, in order. */
  things(): number[];
  /** The threads on which that was. */
  threads(): bigint[];
}

/** Makes a log. */
export function makeLog(library: ContextLib): Log {
  const number = library.logMake.sync();
  const each = <T>(get: (log: number, index: number) => T): T[] =>
    Array.from({ length: library.logCount.sync(number) }, (_, index) => get(number, index));
  return {
    number,
    things: () => each(library.logThing.sync),
    threads: () => each(library.logThread.sync),
  };
}

/** A loop that the test ends itself. */
export function makeLoop(library: ContextLib): Pointer<"loop"> {
  return library.loopCreate.sync()!;
}

let counters = 0;

/** A counter that no other test of the process uses. */
export function makeCounter(): number {
  return 20 + counters++ % 40;
}

export { makeGate };
