/**
 * Bun: `bun:ffi` and `Bun.connect`.
 *
 * @module
 */
import { functions, type NativeFunction } from "../generated/functions.ts";
import {
  asyncSnapshot,
  asyncStorage,
  channel,
  errnoName,
  files,
  later,
  nodeBuffer,
  signals,
} from "./node.ts";
import type {
  CallbackChannel,
  DirectFunction,
  InlineChannel,
  Runtime,
  WakeChannel,
} from "./runtime.ts";

interface Signature {
  readonly args: readonly string[];
  readonly returns: string;
}

interface BunSocket {
  ref(): void;
  unref(): void;
  end(): void;
}

interface BunNamespace {
  readonly version: string;
  readonly isMainThread: boolean;
  connect(
    options: Place & {
      socket: {
        open(socket: BunSocket): void;
        data(): void;
        close(): void;
        error(): void;
      };
    },
  ): Promise<BunSocket>;
}

interface BunFfi {
  dlopen(
    path: string,
    symbols: Record<string, Signature>,
  ): { symbols: Record<string, (...values: unknown[]) => number> };
  CFunction(options: Signature & { ptr: number }): (...values: unknown[]) => unknown;
  JSCallback: new (
    listener: () => void,
    options: Signature & { threadsafe: boolean },
  ) => { readonly ptr: number; close(): void };
  toArrayBuffer(address: number, offset: number, size: number): ArrayBuffer;
}

interface Globals {
  readonly Bun: BunNamespace;
  readonly process: {
    readonly platform: string;
    readonly arch: string;
    readonly pid: number;
    readonly env: Readonly<Record<string, string | undefined>>;
  };
}

const { Bun: bun, process } = globalThis as unknown as Globals;
/* not a literal, so that other tools do not try to resolve it */
const module = "bun:ffi";
const ffi = await import(module) as BunFfi;

const systems: Readonly<Record<string, Runtime["system"]>> = {
  darwin: "darwin",
  win32: "windows",
};

const system = systems[process.platform] ?? "linux";

const nativeNames: Readonly<Record<string, string>> = { buffer: "ptr", pointer: "ptr" };

function openFunctions<Name extends string>(
  path: string,
  signatures: Readonly<Record<Name, NativeFunction>>,
): Record<Name, (...values: unknown[]) => number> {
  const symbols: Record<string, Signature> = {};
  for (const [name, { parameters, result }] of Object.entries<NativeFunction>(signatures)) {
    symbols[name] = { args: parameters.map((type) => nativeNames[type] ?? type), returns: result };
  }
  return ffi.dlopen(path, symbols).symbols as Record<Name, (...values: unknown[]) => number>;
}

/* musl has no such function, and answers to that name */
function libc(): "gnu" | "musl" | undefined {
  if (runtime.system !== "linux") return undefined;
  try {
    openFunctions("libc.so.6", { gnu_get_libc_version: { parameters: [], result: "pointer" } });
    return "gnu";
  } catch {
    return "musl";
  }
}

type Place = { fd: number } | { unix: string };

function placeOf(descriptor: number): Place {
  if (system !== "windows") return { fd: descriptor };
  return { unix: `\\\\.\\pipe\\siding-${process.pid}-${descriptor}` };
}

/* Bun connects asynchronously: what is asked of the socket before is done when it is there. */
class SocketChannel implements WakeChannel {
  readonly kind = "socket";
  #socket: BunSocket | undefined;
  #referenced = false;
  #closed = false;

  constructor(descriptor: number, onWake: () => void) {
    const opened = (socket: BunSocket): void => {
      this.#socket = socket;
      if (this.#closed) socket.end();
      else if (!this.#referenced) socket.unref();
      if (system === "windows") onWake(); // kicks from before are lost
    };
    const nothing = (): void => {};
    bun.connect({
      ...placeOf(descriptor),
      socket: { open: opened, data: onWake, close: nothing, error: nothing },
    });
  }

  ref(): void {
    this.#referenced = true;
    this.#socket?.ref();
  }

  unref(): void {
    this.#referenced = false;
    this.#socket?.unref();
  }

  listen(): void {}

  close(): void {
    this.#closed = true;
    this.#socket?.end();
  }
}

/* A callback keeps nothing alive: an interval that never fires within a lifetime does. */
const NEVER_MS = 2 ** 31 - 1;

function callback(onWake: () => void): CallbackChannel {
  const exported = new ffi.JSCallback(onWake, { args: [], returns: "void", threadsafe: true });
  let holder: ReturnType<typeof setInterval> | undefined;
  const unref = (): void => clearInterval(holder);
  return {
    kind: "callback",
    address: BigInt(exported.ptr),
    ref: () => {
      clearInterval(holder);
      holder = setInterval(() => {}, NEVER_MS);
    },
    unref,
    listen: () => {},
    /* the callback itself stays: a late call of a closed one ends the process */
    close: unref,
  };
}

function inline(listener: () => void): InlineChannel {
  const exported = new ffi.JSCallback(listener, { args: [], returns: "void", threadsafe: false });
  return { address: exported.ptr, close: () => exported.close() };
}

function direct(definition: DirectFunction): (...values: unknown[]) => unknown {
  return ffi.CFunction({
    ptr: definition.address,
    args: definition.parameters.map((type) => nativeNames[type] ?? type),
    returns: definition.result,
  });
}

/** Bun. */
export const runtime: Runtime = {
  name: "bun",
  version: bun.version,
  system,
  architecture: process.arch,
  libc,
  functions: openFunctions,
  files,
  isInside: (path) => /^(\/\$bunfs|B:\/~BUN)\//.test(path),
  mayRead: () => true,
  load: (path) => openFunctions(path, functions),
  wide: (value) => value,
  /* a pipe takes longer; the main thread ends with the process */
  wake: system === "windows" && bun.isMainThread ? "callback" : "socket",
  watch: (descriptor, onWake) => new SocketChannel(descriptor, onWake),
  callback,
  inline,
  asyncSnapshot,
  asyncStorage,
  unrefTimer: (timer) => (timer as unknown as { unref(): void }).unref(),
  direct,
  memory: (address, size) => ffi.toArrayBuffer(address, 0, size),
  channel,
  earlyChannel: channel, // Bun forgets the listeners of a channel that nobody holds
  missingPermission: () => null,
  later,
  texts: (buffer) => {
    const bytes = nodeBuffer(buffer);
    return {
      read: (at, size) => bytes.utf8Slice(at, at + size),
      write: (text, at) => bytes.utf8Write(text, at),
    };
  },
  environment: (name) => process.env[name],
  errnoName,
  signals,
};
