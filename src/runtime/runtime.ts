/**
 * What the rest of the package asks of a JavaScript runtime; `bun.ts` and `deno.ts` fulfil it.
 *
 * @module
 */
import type { FunctionName, NativeFunction } from "../generated/functions.ts";

/** A 64-bit value in the form that the runtime's own FFI takes fastest. */
export type Wide = number | bigint;

/** The functions of libsiding, callable. */
export type Native = Readonly<Record<FunctionName, (...values: NativeValue[]) => number>>;

/** What goes into a function of libsiding. */
export type NativeValue = Wide | Uint8Array | Uint32Array | null;

/** How the native side rouses this thread. */
export interface WakeChannel {
  /** What it is made of. */
  readonly kind: "socket" | "callback";
  /** Keeps the process alive. */
  ref(): void;
  /** Lets the process end. */
  unref(): void;
  /** Rouses this thread also while it holds nothing, for calls that nobody waits for. */
  listen(): void;
  /** Ends it; after the bridge was closed. */
  close(): void;
}

/** Strings as UTF-8 in a stretch of memory. */
export interface TextAccess {
  /** Decodes `size` bytes at byte `at`. */
  read(at: number, size: number): string;
  /** Encodes a string at byte `at`, where there is room for it; gives the bytes written. */
  write(text: string, at: number): number;
}

/** A wake channel that the native side calls. */
export interface CallbackChannel extends WakeChannel {
  /** Address of a `void (*)(void)` that any thread may call. */
  readonly address: bigint;
}

/** A function of this thread that C calls on this thread. */
export interface InlineChannel {
  /** Address of a `void (*)(void)`. */
  readonly address: Wide;
  /** Ends it; C calls it no more. */
  close(): void;
}

/** A value that what descends from a function finds again. */
export interface AsyncStorage<T> {
  run<A extends readonly unknown[], R>(value: T, task: (...args: A) => R, ...args: A): R;
  getStore(): T | undefined;
}

/** Type names that both runtimes' own FFI converts exactly. */
export type DirectType =
  | "void"
  | "bool"
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "f32"
  | "f64"
  | "buffer";

/** A function for the runtime's own FFI. */
export interface DirectFunction {
  /** The library as it was opened, or `null` for the program itself or a bare address. */
  readonly path: string | null;
  /** The symbol. */
  readonly symbol: string;
  /** The address. */
  readonly address: number;
  /** Parameter types. */
  readonly parameters: readonly DirectType[];
  /** Result type. */
  readonly result: DirectType;
}

/** What `node:diagnostics_channel` gives for a name. */
export interface Channel {
  /** Whether anybody listens. */
  readonly hasSubscribers: boolean;
  /** Tells all who listen. */
  publish(message: unknown): void;
}

/** Files, as far as a cache needs them; everything throws what the runtime throws. */
export interface FileSystem {
  /** Makes a folder, and those above it, for this user alone. */
  makeFolder(path: string): void;
  /** Whether a folder is this user's and nobody else may write into it. */
  isPrivate(path: string): boolean;
  /** The content of a file, or `undefined` where there is none. */
  read(path: string): Uint8Array<ArrayBuffer> | undefined;
  /** Makes a file that is not there yet, for this user alone. */
  create(path: string, bytes: Uint8Array): void;
  /** Renames a file over another one. */
  rename(from: string, to: string): void;
  /** Deletes a file. */
  remove(path: string): void;
}

/** One of the runtimes. */
export interface Runtime {
  /** Its name. */
  readonly name: "bun" | "deno";
  /** Version of the runtime. */
  readonly version: string;
  /** Operating system. */
  readonly system: "linux" | "darwin" | "windows";
  /** Processor architecture, as in file names: `x64`, `arm64`. */
  readonly architecture: string;
  /** C library of the system, where there are several: `gnu` or `musl`. */
  libc(): "gnu" | "musl" | undefined;
  /** Functions of a library, and the library loaded; throws what the runtime throws. */
  functions<Name extends string>(
    path: string,
    signatures: Readonly<Record<Name, NativeFunction>>,
  ): Record<Name, (...values: NativeValue[]) => number>;
  /** Access to files. */
  files(): FileSystem;
  /** Whether a file is inside the program, where only the runtime finds it: in an executable. */
  isInside(path: string): boolean;
  /** Whether a file may be read without a question to the user. */
  mayRead(path: string): boolean;
  /** Loads libsiding; throws what the runtime throws. */
  load(path: string): Native;
  /** A safe integer as `Wide`. */
  wide(value: number): Wide;
  /** Watches a descriptor, which it then owns; `onWake` runs when bytes came, which it discards. */
  watch(descriptor: number, onWake: () => void): WakeChannel;
  /**
   * The wake channel where none is chosen. A kick by a callback whose Worker was terminated just
   * before ends the process.
   */
  readonly wake: WakeChannel["kind"];
  /** Makes a thread-safe callback; `null` where the permission is missing. */
  callback(onWake: () => void): CallbackChannel | null;
  /** Makes a callback for C on this thread; `null` where the permission is missing. */
  inline(listener: () => void): InlineChannel | null;
  /** A function that runs others in the async context of now. */
  asyncSnapshot(): (task: () => void) => void;
  /** Makes a storage of async contexts. */
  asyncStorage<T>(): AsyncStorage<T>;
  /** Lets the process end before a timer fires. */
  unrefTimer(timer: ReturnType<typeof setTimeout>): void;
  /** A function through the runtime's own FFI, or `null` where it cannot be had. */
  direct(definition: DirectFunction): ((...values: unknown[]) => unknown) | null;
  /** Native memory as a buffer of this runtime, or `null` where the permission is missing. */
  memory(address: number, size: number): ArrayBuffer | null;
  /** A channel of `node:diagnostics_channel`, where having one costs next to nothing. */
  earlyChannel(name: string): Channel | undefined;
  /** A channel of `node:diagnostics_channel`. */
  channel(name: string): Channel;
  /** The command-line flag that is missing to open `path`, or `null`. */
  missingPermission(path: string | null): string | null;
  /** Runs a task after timers and I/O had their turn. */
  later(task: () => void): void;
  /** Access to the strings in a buffer, as fast as this runtime can. */
  texts(buffer: ArrayBuffer): TextAccess;
  /** An environment variable; `undefined` also where reading it is not permitted. */
  environment(name: string): string | undefined;
  /** Symbolic name of an errno value, such as `ENOENT`. */
  errnoName(errno: number): string;
  /** Signals by name, such as `SIGUSR1`. */
  signals(): Readonly<Record<string, number>>;
}
