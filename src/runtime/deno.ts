/**
 * Deno: `Deno.dlopen` and a socket of `node:net`.
 *
 * @module
 */
import { type FunctionName, functions, type NativeFunction } from "../generated/functions.ts";
import {
  asyncSnapshot,
  asyncStorage,
  channel,
  errnoName,
  files,
  later,
  type NodeBuffer,
  nodeBuffer,
  signals,
} from "./node.ts";
import type {
  CallbackChannel,
  DirectFunction,
  InlineChannel,
  Native,
  Runtime,
  TextAccess,
  WakeChannel,
} from "./runtime.ts";

interface Signature {
  readonly parameters: readonly string[];
  readonly result: string;
}

type NativeCall = (...values: unknown[]) => unknown;

interface DenoCallback {
  readonly pointer: object;
  unref(): void;
  close(): void;
}

interface DenoNamespace {
  readonly version: { readonly deno: string };
  readonly build: { readonly os: string; readonly arch: string };
  readonly env: { get(name: string): string | undefined };
  dlopen(
    path: string,
    symbols: Record<string, Signature>,
  ): { symbols: Record<string, NativeCall> };
  readonly UnsafeCallback: {
    new (definition: Signature, listener: () => void): DenoCallback;
    threadSafe(definition: Signature, listener: () => void): DenoCallback;
  };
  readonly UnsafePointer: {
    value(pointer: object): number | bigint;
    create(address: bigint): object;
  };
  readonly UnsafePointerView: { getArrayBuffer(pointer: object, size: number): ArrayBuffer };
  unrefTimer(timer: ReturnType<typeof setTimeout>): void;
  readonly permissions: {
    querySync(
      descriptor: { name: "ffi" | "read"; path?: string } | { name: "env"; variable: string },
    ): { readonly state: string };
  };
}

const deno = (globalThis as unknown as { Deno: DenoNamespace }).Deno;

/** What the first call of a program needs. */
const first: ReadonlySet<string> = new Set<FunctionName>([
  "siding_abi_version",
  "siding_abi_sizes",
  "siding_bridge_open",
  "siding_library_open",
  "siding_library_symbol",
  "siding_signature_prepare",
  "siding_bridge_exchange",
]);

function openFunctions<Name extends string>(
  path: string,
  signatures: Readonly<Record<Name, NativeFunction>>,
): Record<Name, (...values: unknown[]) => number> {
  return deno.dlopen(path, signatures).symbols as Record<Name, (...v: unknown[]) => number>;
}

function openNamed(path: string, names: readonly string[]): Record<string, NativeCall> {
  const symbols: Record<string, NativeFunction> = {};
  for (const name of names) symbols[name] = functions[name as FunctionName];
  return openFunctions(path, symbols);
}

/*
 * Deno compiles machine code for each function that it opens, which takes some 0.2 ms: those that
 * the first call does not need are opened when first used. Their getters stay, so that the object
 * keeps its shape.
 */
function load(path: string): Native {
  const names = Object.keys(functions);
  const native = openNamed(path, names.filter((name) => first.has(name)));
  for (const name of names) {
    if (first.has(name)) continue;
    let opened: NativeCall | undefined;
    const get = (): NativeCall => opened ??= openNamed(path, [name])[name]!;
    Object.defineProperty(native, name, { get, enumerable: true });
  }
  return native as unknown as Native;
}

interface NodeSocket {
  on(event: "data" | "error", listener: () => void): void;
  ref(): void;
  unref(): void;
  destroy(): void;
}

/** Whether Deno has loaded what it has of Node. */
let hasNode = false;

/** How often events are looked for, a millisecond apart, before a socket is worth its price. */
const LOOKS = 4;

/*
 * A socket of `node:net`, the only thing in Deno that watches a descriptor. Loading that module
 * takes some 20 ms, so it is loaded only when something is waited for longer than a few
 * milliseconds; kicks sent before wait in the socket's own buffer.
 */
class SocketChannel implements WakeChannel {
  readonly kind = "socket";
  readonly #descriptor: number;
  readonly #onWake: () => void;
  #loading = false;
  #socket: NodeSocket | undefined;
  /* keeps the process alive until there is a socket that does */
  #holder: ReturnType<typeof setInterval> | undefined;
  #looks = 0;
  #closed = false;

  constructor(descriptor: number, onWake: () => void) {
    this.#descriptor = descriptor;
    this.#onWake = onWake;
  }

  ref(): void {
    if (this.#socket !== undefined) return this.#socket.ref();
    this.#holder ??= setInterval(this.#look, 1);
  }

  unref(): void {
    clearInterval(this.#holder);
    this.#holder = undefined;
    this.#socket?.unref();
  }

  listen(): void {
    if (this.#socket === undefined && !this.#loading) this.#load();
  }

  close(): void {
    this.unref();
    this.#closed = true;
    if (this.#socket !== undefined) this.#socket.destroy();
    else if (!this.#loading) this.#load(); // only a socket can close the descriptor
  }

  readonly #look = (): void => {
    if (this.#looks++ < LOOKS) this.#onWake();
    else if (!this.#loading) this.#load();
  };

  async #load(): Promise<void> {
    this.#loading = true;
    const { Socket } = await import("node:net");
    hasNode = true;
    const socket: NodeSocket = new Socket({
      fd: this.#descriptor,
      readable: true,
      writable: false,
    });
    socket.on("data", this.#onWake);
    socket.on("error", () => {});
    this.#socket = socket;
    if (this.#holder === undefined) socket.unref();
    clearInterval(this.#holder);
    if (this.#closed) socket.destroy();
  }
}

/** Deno loses wake-ups of such callbacks while nothing else wakes its loop: this often we look. */
const LOST_WAKE_MS = 5;

function callback(onWake: () => void): CallbackChannel | null {
  if (missingPermission(null) !== null) return null;
  const exported = deno.UnsafeCallback.threadSafe({ parameters: [], result: "void" }, onWake);
  exported.unref(); // threadSafe gives it referenced
  let looks: ReturnType<typeof setInterval> | undefined;
  const unref = (): void => {
    clearInterval(looks);
    looks = undefined;
  };
  return {
    kind: "callback",
    address: BigInt(deno.UnsafePointer.value(exported.pointer)),
    ref: () => {
      looks ??= setInterval(onWake, LOST_WAKE_MS);
    },
    unref,
    listen: () => {},
    /* the callback itself stays: a late call of a closed one ends the process */
    close: unref,
  };
}

function inline(listener: () => void): InlineChannel | null {
  if (missingPermission(null) !== null) return null;
  const exported = new deno.UnsafeCallback({ parameters: [], result: "void" }, listener);
  const address = BigInt(deno.UnsafePointer.value(exported.pointer));
  return { address, close: () => exported.close() };
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

let mayView: boolean | undefined;

function memory(address: number, size: number): ArrayBuffer | null {
  mayView ??= missingPermission(null) === null; // asked once: asking takes longer than the rest
  if (!mayView) return null;
  return deno.UnsafePointerView.getArrayBuffer(deno.UnsafePointer.create(BigInt(address)), size);
}

type Permission = Parameters<DenoNamespace["permissions"]["querySync"]>[0];

/* asked before what needs it, which would prompt on a terminal */
function isGranted(permission: Permission): boolean {
  return deno.permissions.querySync(permission).state === "granted";
}

function environment(name: string): string | undefined {
  return isGranted({ name: "env", variable: name }) ? deno.env.get(name) : undefined;
}

function missingPermission(path: string | null): string | null {
  const isFile = path !== null && /[/\\]/.test(path);
  if (isGranted(isFile ? { name: "ffi", path } : { name: "ffi" })) return null;
  return isFile ? `--allow-ffi=${path}` : "--allow-ffi";
}

const SHORT = 32;

/* Strings are mostly short and ASCII: then no encoder is entered. Gives -1 for any other. */
function writeAscii(u8: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return -1;
    u8[at + i] = unit;
  }
  return text.length;
}

const encoder = new TextEncoder();

/* Node's decoder is the fastest, but the first look at it loads all that Deno has of Node. */
function texts(buffer: ArrayBuffer): TextAccess {
  const u8 = new Uint8Array(buffer);
  let bytes: NodeBuffer | undefined;
  return {
    read: (at, size) => (bytes ??= nodeBuffer(buffer)).utf8Slice(at, at + size),
    write: (text, at) => {
      const size = text.length > SHORT ? -1 : writeAscii(u8, at, text);
      return size < 0 ? encoder.encodeInto(text, u8.subarray(at)).written : size;
    },
  };
}

/** Deno. */
export const runtime: Runtime = {
  name: "deno",
  version: deno.version.deno,
  system: deno.build.os === "darwin" || deno.build.os === "windows" ? deno.build.os : "linux",
  architecture: deno.build.arch === "aarch64" ? "arm64" : "x64",
  libc: () => deno.build.os === "linux" ? "gnu" : undefined, // there is no Deno for musl
  functions: openFunctions,
  files,
  isInside: () => false,
  mayRead: (path) => isGranted({ name: "read", path }),
  load,
  wide: (value) => BigInt(value),
  wake: deno.build.os === "windows" ? "callback" : "socket",
  watch: (descriptor, onWake) => new SocketChannel(descriptor, onWake),
  callback,
  inline,
  asyncSnapshot,
  asyncStorage,
  unrefTimer: (timer) => deno.unrefTimer(timer),
  direct,
  memory,
  channel,
  earlyChannel: (name) => hasNode ? channel(name) : undefined,
  missingPermission,
  later,
  texts,
  environment,
  errnoName,
  signals,
};
