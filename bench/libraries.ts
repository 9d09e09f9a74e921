/**
 * The C libraries that are called, opened through Siding.
 *
 * @module
 */
import process from "node:process";
import { type Library, open } from "../mod.ts";

const suffix = process.platform === "darwin" ? "dylib" : "so";

function pathOf(name: string): string {
  return decodeURIComponent(new URL(`../zig-out/${name}.${suffix}`, import.meta.url).pathname);
}

/** The library of `test_add`. */
export const testPath: string = pathOf("lib/libsiding_test");
/** The add-on made of bench/native_napi. */
export const addonPath: string = decodeURIComponent(
  new URL("../zig-out/bench/bench.node", import.meta.url).pathname,
);
/** The library made of bench/native. */
export const benchPath: string = pathOf("bench/libsiding_bench");

const testDefinitions = {
  test_add: { parameters: ["i32", "i32"], result: "i32" },
} as const;

const benchDefinitions = {
  bench_sleep: { parameters: ["u32"], result: "i32" },
  bench_sleep_threads: { parameters: ["u32", "u32"], result: "i32" },
  bench_wait: { parameters: [], result: "i32" },
  bench_waiting: { parameters: [], result: "i32" },
  bench_open: { parameters: [], result: "i32" },
  bench_touch: { parameters: ["buffer", "u32"], result: "i32" },
  bench_out: { parameters: ["i32", { out: "i32" }], result: "i32" },
  bench_text: { parameters: ["cstring"], result: "cstring" },
  bench_vector: {
    parameters: [{ struct: { x: "f64", y: "f64", z: "f64", w: "f64" } }, "i32"],
    result: { struct: { x: "f64", y: "f64", z: "f64", w: "f64" } },
  },
  bench_ping_pong: { parameters: ["u32"], result: "i32" },
  bench_submit_rate: { parameters: ["cstring", "u32", "u32"], result: "f64" },
  bench_storm: { parameters: ["function", "u32", "u32", "u32"], result: "i32" },
  bench_storm_threads: { parameters: [], result: "u32" },
  bench_storm_wrong: { parameters: [], result: "u32" },
  bench_ask: { parameters: ["u32", "u32"], result: "i32", optional: true },
  bench_add: { parameters: ["i32", "i32"], result: "i32" },
  bench_add_seven: { parameters: ["i32"], result: "i32" },
  bench_call_ns: { parameters: ["function", "u32"], result: "f64" },
  bench_callback_bytes: { parameters: ["cstring", "u32"], result: "f64", optional: true },
} as const;

const stationDefinitions = {
  bench_connections_join: { parameters: [], result: "i32" },
  bench_connections_listen: { parameters: ["i32"], result: "i32" },
  bench_connections_start: { parameters: ["i32", "u32"], result: "i32" },
  bench_connections_take: { parameters: ["i32", "u32"], result: "i32" },
  bench_datagrams_find: { parameters: ["u32"], result: "i32" },
  bench_datagrams_join: { parameters: [], result: "i32" },
  bench_datagrams_open: { parameters: [], result: "i32" },
  bench_datagrams_start: { parameters: ["i32", "u32"], result: "i32" },
  bench_datagrams_take: { parameters: ["u32"], result: "i32" },
  bench_descriptors_allow: { parameters: ["u32"], result: "i32" },
  bench_echo_connect: { parameters: ["cstring"], result: "i32" },
  bench_echo_start: { parameters: ["cstring"], result: "i32" },
  bench_pipe_join: { parameters: [], result: "i32" },
  bench_pipe_start: { parameters: ["u32"], result: "i32" },
  bench_posts_add: { parameters: ["u64", "u64"], result: "i32" },
  bench_posts_join: { parameters: [], result: "f64" },
  bench_posts_start: { parameters: ["function", "u64", "u32", "u32"], result: "i32" },
  bench_posts_sum: { parameters: [], result: "f64" },
  bench_ready_at: { parameters: ["pointer", "u32"], result: "i32" },
  bench_ready_close: { parameters: ["pointer"], result: "void" },
  bench_ready_loop: { parameters: ["pointer", "u32"], result: "f64" },
  bench_ready_open: { parameters: ["u32"], result: "pointer" },
  bench_ready_start: { parameters: ["pointer"], result: "i32" },
  bench_ready_stop: { parameters: ["pointer"], result: "f64" },
  bench_ready_take: { parameters: ["i32"], result: "f64" },
  bench_ready_write: { parameters: ["pointer", "u32"], result: "i32" },
  bench_source_bytes: { parameters: ["cstring", "u32"], result: "f64" },
} as const;

const libcDefinitions = {
  close: { parameters: ["i32"], result: "i32" },
  send: { parameters: ["i32", { in: "buffer" }, "usize", "i32"], result: "i53" },
} as const;

const ffiDefinitions = {
  bench_ffi_rows: {
    parameters: ["pointer", "pointer", "pointer", "pointer", { pointer: "sqlite3_stmt" }],
    result: "i53",
  },
} as const;

/** Opens the library of `test_add`. */
export function openTest(): Library<typeof testDefinitions> {
  return open(testPath, testDefinitions);
}

/** Opens the library made of bench/native. */
export function openBench(): Library<typeof benchDefinitions> {
  return open(benchPath, benchDefinitions);
}

/** Opens what it has for stations, on Linux. */
export function openStations(): Library<typeof stationDefinitions> {
  return open(benchPath, stationDefinitions);
}

/** Opens what the same rows call of libc. */
export function openLibc(): Library<typeof libcDefinitions> {
  return open("libc.so.6", libcDefinitions);
}

/** Opens the library made of bench/native_ffi, which needs the system's libffi. */
export function openBenchFfi(): Library<typeof ffiDefinitions> {
  return open(pathOf("bench/libsiding_bench_ffi"), ffiDefinitions);
}
