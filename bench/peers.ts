/**
 * What Siding is measured against: other ways to call `test_add`.
 *
 * @module
 */
import { createRequire } from "node:module";
import { testPath } from "./libraries.ts";

/** A way to call `test_add` that gives a promise. */
export type AsyncAdd = (a: number, b: number) => Promise<number>;
/** A way to call `test_add` on this thread. */
export type SyncAdd = (a: number, b: number) => number;

interface Koffi {
  load(path: string): {
    func(prototype: string): {
      async(
        a: number,
        b: number,
        done: (error: Error | null, value: number) => void,
      ): void;
    };
  };
}

interface DenoFfi {
  dlopen(
    path: string,
    symbols: Record<string, { parameters: string[]; result: string; nonblocking?: boolean }>,
  ): { symbols: Record<string, unknown> };
}

interface BunFfi {
  dlopen(
    path: string,
    symbols: Record<string, { args: string[]; returns: string }>,
  ): { symbols: Record<string, unknown> };
}

/** The runtime that this program runs on. */
export const runtimeName: "bun" | "deno" = "Bun" in globalThis ? "bun" : "deno";

/** koffi's asynchronous call, in the cheapest promise there is. */
export function koffiAdd(): AsyncAdd {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi;
  const add = koffi.load(testPath).func("int32_t test_add(int32_t, int32_t)");
  return (a, b) =>
    new Promise((resolve, reject) => {
      add.async(a, b, (error, value) => error === null ? resolve(value) : reject(error));
    });
}

/** Deno's own asynchronous call. */
export function denoNonblockingAdd(): AsyncAdd {
  return denoAdd(true) as AsyncAdd;
}

/** What the runtime's users have without Siding: its own asynchronous call, or koffi's. */
export function usualAdd(): { readonly name: string; readonly add: AsyncAdd } {
  return runtimeName === "deno"
    ? { name: "Deno nonblocking", add: denoNonblockingAdd() }
    : { name: "koffi async", add: koffiAdd() };
}

/** The runtime's own synchronous call. */
export async function ownSyncAdd(): Promise<{ readonly name: string; readonly add: SyncAdd }> {
  if (runtimeName === "deno") return { name: "Deno.dlopen", add: denoAdd(false) as SyncAdd };
  const module = "bun:ffi"; // not a literal, so that Deno does not try to resolve it
  const { dlopen } = await import(module) as BunFfi;
  const definition = { args: ["i32", "i32"], returns: "i32" };
  const { symbols } = dlopen(testPath, { test_add: definition });
  return { name: "bun:ffi", add: symbols.test_add as SyncAdd };
}

/** A raw round trip to a Worker that adds. */
export function workerAdd(): { readonly add: AsyncAdd; readonly end: () => void } {
  const worker = new Worker(new URL("./add_worker.ts", import.meta.url).href, { type: "module" });
  let settle: (value: number) => void;
  worker.onmessage = (event: MessageEvent): void => settle(event.data as number);
  const capture = (resolve: (value: number) => void): void => {
    settle = resolve;
  };
  const add: AsyncAdd = (a, b) => {
    const promise = new Promise(capture);
    worker.postMessage([a, b]);
    return promise;
  };
  return { add, end: () => worker.terminate() };
}

function denoAdd(nonblocking: boolean): unknown {
  const { dlopen } = (globalThis as unknown as { Deno: DenoFfi }).Deno;
  const definition = { parameters: ["i32", "i32"], result: "i32" };
  const symbols = {
    test_add: nonblocking ? { ...definition, nonblocking } : definition,
  };
  return dlopen(testPath, symbols).symbols.test_add;
}

interface SqliteModule {
  Database: new (path: string) => {
    exec(sql: string): void;
    query(sql: string): { all(): unknown[] };
  };
  DatabaseSync: new (path: string) => {
    exec(sql: string): void;
    prepare(sql: string): { all(): unknown[] };
  };
}

/** The runtime's own SQLite, in memory, on this thread. */
export async function ownSqlite(
  setUp: readonly string[],
  query: string,
): Promise<{ readonly name: string; readonly all: () => unknown[] }> {
  const name = runtimeName === "bun" ? "bun:sqlite" : "node:sqlite";
  const { Database, DatabaseSync } = await import(name) as SqliteModule;
  if (runtimeName === "bun") {
    const database = new Database(":memory:");
    for (const sql of setUp) database.exec(sql);
    const statement = database.query(query);
    return { name, all: () => statement.all() };
  }
  const database = new DatabaseSync(":memory:");
  for (const sql of setUp) database.exec(sql);
  const statement = database.prepare(query);
  return { name, all: () => statement.all() };
}

interface DenoMemory {
  readonly UnsafePointer: { create(address: bigint): object };
  readonly UnsafePointerView: { getArrayBuffer(pointer: object, size: number): ArrayBuffer };
}

interface BunMemory {
  toArrayBuffer(address: number, offset: number, size: number): ArrayBuffer;
}

/** The runtime's own view of native memory. */
export function viewOfMemory(address: number, size: number): DataView {
  if (runtimeName === "bun") {
    const ffi = createRequire(import.meta.url)("bun:ffi") as BunMemory;
    return new DataView(ffi.toArrayBuffer(address, 0, size));
  }
  const { UnsafePointer, UnsafePointerView } = (globalThis as unknown as { Deno: DenoMemory }).Deno;
  const pointer = UnsafePointer.create(BigInt(address));
  return new DataView(UnsafePointerView.getArrayBuffer(pointer, size));
}
