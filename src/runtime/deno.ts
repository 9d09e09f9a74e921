/**
 * Deno: `Deno.dlopen` and a socket of `node:net`.
 *
 * @module
 */
import { Socket } from "node:net";
import { type FunctionName, functions } from "../generated/siding.ts";
import { architecture, environment, errnoName, later, system } from "./node.ts";
import type { CallbackChannel, DirectFunction, Native, Runtime, WakeChannel } from "./runtime.ts";

interface Signature {
  readonly parameters: readonly string[];
  readonly result: string;
}

interface DenoCallback {
  readonly pointer: object;
  ref(): void;
  unref(): void;
}

interface DenoNamespace {
  readonly version: { readonly deno: string };
  dlopen(
    path: string,
    symbols: Record<string, Signature>,
  ): { symbols: Record<string, (...values: unknown[]) => unknown> };
  readonly UnsafeCallback: {
    threadSafe(definition: Signature, listener: () => void): DenoCallback;
  };
  readonly UnsafePointer: { value(pointer: object): number | bigint };
  readonly permissions: {
    querySync(descriptor: { name: "ffi"; path?: string }): { readonly state: string };
  };
}

const deno = (globalThis as unknown as { Deno: DenoNamespace }).Deno;

function load(path: string): Native {
  const symbols: Record<string, Signature> = {};
  for (const [name, { parameters, result }] of Object.entries(functions)) {
    symbols[name] = { parameters, result };
  }
  return deno.dlopen(path, symbols).symbols as Record<FunctionName, (...v: unknown[]) => number>;
}

function watch(descriptor: number, onWake: () => void): WakeChannel {
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  socket.on("data", onWake);
  socket.on("error", () => {});
  socket.unref();
  return {
    kind: "socket",
    ref: () => socket.ref(),
    unref: () => socket.unref(),
    close: () => socket.destroy(),
  };
}

function callback(onWake: () => void): CallbackChannel | null {
  if (missingPermission(null) !== null) return null;
  const exported = deno.UnsafeCallback.threadSafe({ parameters: [], result: "void" }, onWake);
  exported.unref(); // threadSafe gives it referenced
  return {
    kind: "callback",
    address: BigInt(deno.UnsafePointer.value(exported.pointer)),
    ref: () => exported.ref(),
    unref: () => exported.unref(),
    /* the callback itself stays: a late call of a closed one ends the process */
    close: () => {},
  };
}

/* By path, because calls by address take a slow path in Deno. */
function direct(definition: DirectFunction): ((...values: unknown[]) => unknown) | null {
  const { path, symbol, parameters, result } = definition;
  if (path === null) return null;
  try {
    return deno.dlopen(path, { [symbol]: { parameters, result } }).symbols[symbol] ?? null;
  } catch {
    return null; // a name that only the system's loader finds, or no permission
  }
}

function missingPermission(path: string | null): string | null {
  const isFile = path !== null && /[/\\]/.test(path);
  const state = deno.permissions.querySync(isFile ? { name: "ffi", path } : { name: "ffi" }).state;
  if (state === "granted") return null;
  return isFile ? `--allow-ffi=${path}` : "--allow-ffi";
}

/** Deno. */
export const runtime: Runtime = {
  name: "deno",
  version: deno.version.deno,
  system,
  architecture,
  load,
  wide: (value) => BigInt(value),
  watch,
  callback,
  direct,
  missingPermission,
  later,
  environment,
  errnoName,
};
