/**
 * What both runtimes have as globals of Node's making. Nothing is imported: the modules behind them
 * take longer to load than this whole package.
 *
 * @module
 */
import type { AsyncStorage, Channel, FileSystem } from "./runtime.ts";

interface Modules {
  readonly "node:os": {
    readonly constants: {
      readonly errno: Readonly<Record<string, number>>;
      readonly signals: Readonly<Record<string, number>>;
    };
  };
  readonly "node:async_hooks": {
    readonly AsyncResource: new (type: string) => { runInAsyncScope(task: () => void): void };
    readonly AsyncLocalStorage: new () => AsyncStorage<unknown>;
  };
  readonly "node:fs": {
    mkdirSync(path: string, options: { recursive: boolean; mode: number }): void;
    lstatSync(path: string): {
      readonly mode: number;
      readonly uid: number;
      isDirectory(): boolean;
    };
    existsSync(path: string): boolean;
    readFileSync(path: string): Uint8Array<ArrayBuffer>;
    writeFileSync(
      path: string,
      bytes: Uint8Array,
      options: { flag: string; mode: number; flush: boolean },
    ): void;
    renameSync(from: string, to: string): void;
    rmSync(path: string, options: { force: boolean }): void;
  };
  readonly "node:diagnostics_channel": { channel(name: string): Channel };
}

/** Node's view of bytes, with the fastest decoder that either runtime has. */
export interface NodeBuffer {
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, at: number): number;
}

interface Globals {
  readonly Buffer: { from(buffer: ArrayBuffer): NodeBuffer };
  readonly process: {
    getBuiltinModule<Name extends keyof Modules>(name: Name): Modules[Name];
    getuid?(): number;
  };
  setImmediate(task: () => void): unknown;
}

/* read when used: in Deno the first look at either loads Node's whole compatibility layer */
const globals = globalThis as unknown as Globals;

/** Runs a task after timers and I/O had their turn. */
export function later(task: () => void): void {
  globals.setImmediate(task);
}

/** Node's view of a buffer. */
export function nodeBuffer(buffer: ArrayBuffer): NodeBuffer {
  return globals.Buffer.from(buffer);
}

let errnoNames: Map<number, string> | undefined;

/** Symbolic name of an errno value, such as `ENOENT`. */
export function errnoName(errno: number): string {
  if (errnoNames === undefined) {
    const { constants } = globals.process.getBuiltinModule("node:os");
    errnoNames = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
  }
  return errnoNames.get(errno) ?? `errno ${errno}`;
}

/** Signals by name, such as `SIGUSR1`. */
export function signals(): Readonly<Record<string, number>> {
  return globals.process.getBuiltinModule("node:os").constants.signals;
}

/** A channel of `node:diagnostics_channel`. */
export function channel(name: string): Channel {
  return globals.process.getBuiltinModule("node:diagnostics_channel").channel(name);
}

/** A function that runs others in the async context of now. */
export function asyncSnapshot(): (task: () => void) => void {
  const { AsyncResource } = globals.process.getBuiltinModule("node:async_hooks");
  const resource = new AsyncResource("siding");
  return (task) => resource.runInAsyncScope(task);
}

/** Makes a storage of async contexts. */
export function asyncStorage<T>(): AsyncStorage<T> {
  const { AsyncLocalStorage } = globals.process.getBuiltinModule("node:async_hooks");
  return new AsyncLocalStorage() as AsyncStorage<T>;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const WRITABLE_BY_OTHERS = 0o022;

/** Access to files through `node:fs`. */
export function files(): FileSystem {
  const fs = globals.process.getBuiltinModule("node:fs");
  return {
    makeFolder: (path) => fs.mkdirSync(path, { recursive: true, mode: FOLDER_MODE }),
    isPrivate: (path) => {
      const found = fs.lstatSync(path); // a link is not followed
      const user = globals.process.getuid?.(); // Windows has neither users' numbers nor modes
      const isOwn = user === undefined ||
        found.uid === user && (found.mode & WRITABLE_BY_OTHERS) === 0;
      return found.isDirectory() && isOwn;
    },
    read: (path) => fs.existsSync(path) ? fs.readFileSync(path) : undefined,
    create: (path, bytes) =>
      fs.writeFileSync(path, bytes, { flag: "wx", mode: FILE_MODE, flush: true }),
    rename: (from, to) => fs.renameSync(from, to),
    remove: (path) => fs.rmSync(path, { force: true }),
  };
}
