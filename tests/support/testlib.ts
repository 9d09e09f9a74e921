/**
 * The tests' own C library, `tests/native/testlib.c`.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Library, open } from "../../mod.ts";

/** The file name of a shared library on this system. */
export function libraryName(name: string): string {
  if (process.platform === "win32") return `${name}.dll`;
  return `lib${name}.${process.platform === "darwin" ? "dylib" : "so"}`;
}

function builtPath(name: string): string {
  return fileURLToPath(new URL(`../../zig-out/lib/${libraryName(name)}`, import.meta.url));
}

/** Where it was built. */
export const testlibPath: string = builtPath("siding_test");

/** Where libsiding was built. */
export const sidingPath: string = builtPath("siding");

const isLongShort = process.platform === "win32";

/** Bits of a `long` that a number holds: all 32 on Windows, elsewhere those of a safe integer. */
export const longBits: 32 | 53 = isLongShort ? 32 : 53;

/** The least and the most that a `long` holds, as a number. */
export const longRange: readonly [number, number] = isLongShort
  ? [-(2 ** 31), 2 ** 31 - 1]
  : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

/** The most that an `ulong` holds. */
export const ulongMax: number = isLongShort ? 2 ** 32 - 1 : Number.MAX_SAFE_INTEGER;

/** `struct test_point`. */
export const point = { struct: { x: "f64", y: "f64" } } as const;

/** `struct test_line`. */
export const line = {
  struct: { from: { struct: { x: "f64", y: "f64" } }, to: { struct: { x: "f64", y: "f64" } } },
} as const;

/** `struct test_mixed`: every padding that nesting can make. */
export const mixed = {
  struct: {
    a: "i8",
    inner: { struct: { b: "f32", c: "i64" } },
    d: "u16",
    e: "bool",
    f: "pointer",
  },
} as const;

/** Its functions that most tests use. */
export const definitions = {
  add: { name: "test_add", parameters: ["i32", "i32"], result: "i32" },
  answer: { name: "test_answer", parameters: [], result: "i32" },
  nothing: { name: "test_nothing", parameters: [], result: "void" },
  echoText: { name: "test_text_echo", parameters: ["cstring"], result: "cstring" },
  textLength: { name: "test_text_length", parameters: ["cstring"], result: "u64" },
  textRepeat: { name: "test_text_repeat", parameters: ["u32", "u32"], result: "cstring" },
  textNumber: { name: "test_text_number", parameters: ["i32"], result: "cstring" },
  textNull: { name: "test_text_null", parameters: [], result: "cstring" },

  errnoFail: { name: "test_errno_fail", parameters: ["i32"], result: "i32", errno: true },
  errnoFailLate: {
    name: "test_errno_fail_late",
    parameters: ["i32", "u32"],
    result: "i32",
    errno: true,
  },

  fill: { name: "test_buffer_fill", parameters: ["buffer", "usize", "u8"], result: "void" },
  sum: { name: "test_buffer_sum", parameters: ["buffer", "usize"], result: "u64" },
  increment: { name: "test_buffer_increment", parameters: ["buffer", "usize"], result: "u64" },
  storm: { name: "test_buffer_storm", parameters: ["buffer", "usize", "u32"], result: "u64" },

  threadId: { name: "test_thread_id", parameters: [], result: "u64" },
  sleep: { name: "test_sleep_ms", parameters: ["u32"], result: "i32" },
  spin: { name: "test_spin_us", parameters: ["u32"], result: "i32" },
  sleepTogether: { name: "test_sleep_together", parameters: ["u32"], result: "i32" },
  togetherPeak: { name: "test_together_peak", parameters: [], result: "i32" },
  orderNext: { name: "test_order_next", parameters: ["u32", "i64"], result: "u64" },
  countAdd: { name: "test_count_add", parameters: ["u32"], result: "i53" },
  countGet: { name: "test_count_get", parameters: ["u32"], result: "i53" },

  gateMake: { name: "test_gate_make", parameters: [], result: "i32" },
  gateWait: { name: "test_gate_wait", parameters: ["i32"], result: "i32" },
  gateFill: {
    name: "test_gate_fill",
    parameters: ["i32", "buffer", "usize", "u8"],
    result: "u64",
  },
  gateArrived: { name: "test_gate_arrived", parameters: ["i32"], result: "i32" },
  gateOpen: { name: "test_gate_open", parameters: ["i32"], result: "void" },
} as const;

/** The library with those functions. */
export type Testlib = Library<typeof definitions>;

/** Opens it. */
export function openTestlib(): Testlib {
  return open(testlibPath, definitions);
}

/** A point in C where calls wait until the test opens it. */
export interface Gate {
  /** What `gateWait` and `gateFill` take. */
  readonly number: number;
  /** Calls that reached it. */
  arrived(): number;
  /** Lets all calls through, for ever. */
  open(): void;
}

/** Makes a gate. */
export function makeGate(library: Testlib): Gate {
  const number = library.gateMake.sync();
  return {
    number,
    arrived: () => library.gateArrived.sync(number),
    open: () => library.gateOpen.sync(number),
  };
}
