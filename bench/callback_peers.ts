/**
 * What callbacks are measured against: other ways to have JavaScript called by C.
 *
 * @module
 */
import { createRequire } from "node:module";
import type { Pointer } from "../mod.ts";
import { addonPath } from "./libraries.ts";
import { runtimeName } from "./peers.ts";

/** Exports a function to C, for good. */
export type Export<Args extends unknown[], R> = (listener: (...args: Args) => R) => Pointer;

interface BunFfi {
  JSCallback: new (
    listener: (...args: never[]) => unknown,
    options: { args: string[]; returns: string; threadsafe?: boolean },
  ) => { readonly ptr: number };
  read: { f64(address: number, offset: number): number };
}

interface DenoFfi {
  UnsafeCallback: {
    new (
      definition: { parameters: string[]; result: string },
      listener: (...args: never[]) => unknown,
    ): { readonly pointer: object };
    threadSafe(
      definition: { parameters: string[]; result: string },
      listener: (...args: never[]) => unknown,
    ): { readonly pointer: object };
  };
  UnsafePointer: { value(pointer: object): number | bigint };
  UnsafePointerView: new (pointer: object) => { getFloat64(): number };
}

interface Koffi {
  proto(declaration: string): object;
  pointer(type: object): object;
  register(listener: (...args: never[]) => unknown, type: object): object;
  address(pointer: object): number | bigint;
}

interface Addon {
  listen(listener: (value: number) => void): number;
}

const require = createRequire(import.meta.url);
/* nobody may collect what C may call */
const kept: object[] = [];

function bunFfi(): BunFfi {
  return require("bun:ffi") as BunFfi;
}

function deno(): DenoFfi {
  return (globalThis as unknown as { Deno: DenoFfi }).Deno;
}

function denoPointer(callback: { readonly pointer: object }): Pointer {
  kept.push(callback);
  return Number(deno().UnsafePointer.value(callback.pointer)) as Pointer;
}

/** `void (*)(int32_t)` for any thread, by the runtime's own means. */
export function ownPost(): { readonly name: string; readonly post: Export<[number], void> } {
  if (runtimeName === "deno") {
    const definition = { parameters: ["i32"], result: "void" };
    const { UnsafeCallback } = deno();
    const post: Export<[number], void> = (listener) =>
      denoPointer(UnsafeCallback.threadSafe(definition, listener));
    return { name: "UnsafeCallback", post };
  }
  const { JSCallback } = bunFfi();
  const options = { args: ["i32"], returns: "void", threadsafe: true };
  const post: Export<[number], void> = (listener) => {
    const callback = new JSCallback(listener, options);
    kept.push(callback);
    return callback.ptr as Pointer;
  };
  return { name: "JSCallback", post };
}

/** The same by a raw Node-API thread-safe function. */
export const napiPost: Export<[number], void> = (listener) =>
  (require(addonPath) as Addon).listen(listener) as Pointer;

/** `int32_t (*)(int32_t)` for any thread, by koffi. */
export const koffiCall: Export<[number], number> = (listener) => {
  const koffi = require("koffi") as Koffi;
  const type = koffi.pointer(koffi.proto("int32_t Answer(int32_t)"));
  const registered = koffi.register(listener, type);
  kept.push(registered);
  return Number(koffi.address(registered)) as Pointer;
};

/** A comparison of two doubles for this thread alone, by the runtime's own means. */
export function ownCompare(): { readonly name: string; readonly pointer: Pointer } {
  if (runtimeName === "deno") {
    const { UnsafeCallback, UnsafePointerView } = deno();
    const at = (pointer: object): number => new UnsafePointerView(pointer).getFloat64();
    const callback = new UnsafeCallback(
      { parameters: ["pointer", "pointer"], result: "i32" },
      (a: object, b: object) => Math.sign(at(a) - at(b)),
    );
    return { name: "UnsafeCallback, UnsafePointerView", pointer: denoPointer(callback) };
  }
  const { JSCallback, read } = bunFfi();
  const callback = new JSCallback(
    (a: number, b: number) => Math.sign(read.f64(a, 0) - read.f64(b, 0)),
    { args: ["ptr", "ptr"], returns: "i32" },
  );
  kept.push(callback);
  return { name: "JSCallback, read.f64", pointer: callback.ptr as Pointer };
}
