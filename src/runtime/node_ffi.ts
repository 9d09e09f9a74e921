/**
 * Node.js: `node:ffi` and a socket of `node:net`.
 *
 * @module
 */
import { Socket } from "node:net";
import { functions, type NativeFunction } from "../generated/functions.ts";
import * as node from "./node.ts";
import type { DirectFunction, InlineChannel, Runtime, WakeChannel } from "./runtime.ts";

interface Signature {
  readonly arguments: readonly string[];
  readonly return: string;
}

type NativeCall = (...values: unknown[]) => unknown;

interface NodeLibrary {
  getFunction(name: string, signature: Signature): NativeCall;
  getFunctions(signatures: Readonly<Record<string, Signature>>): Record<string, NativeCall>;
  getSymbol(name: string): bigint;
  registerCallback(listener: () => void): bigint;
  unregisterCallback(address: bigint): void;
}

interface NodeFfi {
  readonly DynamicLibrary: new (path: string | null) => NodeLibrary;
  toArrayBuffer(address: bigint, size: number, isCopy: boolean): ArrayBuffer;
}

interface NodeProcess {
  readonly platform: string;
  readonly arch: string;
  readonly versions: { readonly node: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly permission?: { has(scope: "ffi" | "fs.read", path?: string): boolean };
  getBuiltinModule?(name: "node:ffi"): NodeFfi | undefined;
}

const { process } = globalThis as unknown as { readonly process: NodeProcess };

function findFfi(): NodeFfi {
  const found = process.platform === "win32" ? undefined : process.getBuiltinModule?.("node:ffi");
  if (found !== undefined) return found;
  throw new Error("Cannot load @siding/ffi: it needs Node.js 26.9 or later, and not on Windows");
}

const { DynamicLibrary, toArrayBuffer } = findFfi();

function openFunctions<Name extends string>(
  path: string,
  signatures: Readonly<Record<Name, NativeFunction>>,
): Record<Name, (...values: unknown[]) => number> {
  const symbols: Record<string, Signature> = {};
  for (const [name, { parameters, result }] of Object.entries<NativeFunction>(signatures)) {
    symbols[name] = { arguments: parameters, return: result };
  }
  const found = new DynamicLibrary(path).getFunctions(symbols);
  return found as Record<Name, (...values: unknown[]) => number>;
}

function missingPermission(): string | null {
  return process.permission?.has("ffi") === false ? "--allow-ffi" : null;
}

/* musl has no such function, and answers to that name */
function libc(): "gnu" | "musl" | undefined {
  if (process.platform !== "linux") return undefined;
  if (missingPermission() !== null) return "gnu"; // what the refusal names
  try {
    new DynamicLibrary("libc.so.6").getSymbol("gnu_get_libc_version");
    return "gnu";
  } catch {
    return "musl";
  }
}

function watch(descriptor: number, onWake: () => void): WakeChannel {
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  socket.on("data", onWake);
  socket.on("error", () => {});
  socket.unref();
  return {
    kind: "socket",
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
    listen: () => {},
    close: () => void socket.destroy(),
  };
}

/* What leaves a callback ends the process, a full stack too, which has room for twice as many. */
const NESTED_MAX = 64;

function inline(listener: () => void): InlineChannel {
  const owner = new DynamicLibrary(null);
  const address = owner.registerCallback(listener);
  return { address, close: () => owner.unregisterCallback(address) };
}

/* it knows no function by its address, and takes no booleans */
function direct({ path, symbol, parameters, result }: DirectFunction): NativeCall | null {
  if (path === null || result === "bool" || parameters.includes("bool")) return null;
  try {
    return new DynamicLibrary(path).getFunction(symbol, { arguments: parameters, return: result });
  } catch {
    return null; // a name that only the system's loader finds
  }
}

/** Node.js. */
export const runtime: Runtime = {
  ...node,
  name: "node",
  version: process.versions.node,
  system: process.platform === "darwin" ? "darwin" : "linux",
  architecture: process.arch,
  libc,
  functions: openFunctions,
  isInside: () => false,
  mayRead: (path) => process.permission?.has("fs.read", path) !== false,
  load: (path) => openFunctions(path, functions),
  wide: (value) => BigInt.asUintN(64, BigInt(value)),
  wake: "socket",
  watch,
  callback: () => null, // another thread that calls one of its callbacks ends the process
  inline,
  nestedMax: NESTED_MAX,
  report: (error) => {
    throw error;
  },
  unrefTimer: (timer) => (timer as unknown as { unref(): void }).unref(),
  direct,
  memory: (address, size) => toArrayBuffer(BigInt(address), size, false),
  earlyChannel: node.channel,
  missingPermission,
  texts: (buffer) => {
    const bytes = node.nodeBuffer(buffer);
    return {
      read: (at, size) => bytes.utf8Slice(at, at + size),
      write: (text, at) => bytes.utf8Write(text, at),
    };
  },
  environment: (name) => process.env[name],
};
