/**
 * The part of a runtime that both take from Node's modules.
 *
 * @module
 */
import { constants } from "node:os";
import process from "node:process";
import { setImmediate } from "node:timers";
import type { Runtime } from "./runtime.ts";

const systems: Readonly<Record<string, Runtime["system"]>> = {
  linux: "linux",
  darwin: "darwin",
  win32: "windows",
};

/** Operating system, by the names of this package. */
export const system: Runtime["system"] = systems[process.platform] ?? "linux";

/** Processor architecture. */
export const architecture: string = process.arch;

/** Runs a task after timers and I/O had their turn. */
export function later(task: () => void): void {
  setImmediate(task);
}

/** An environment variable; `undefined` also where reading it is not permitted. */
export function environment(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

let errnoNames: Map<number, string> | undefined;

/** Symbolic name of an errno value. */
export function errnoName(errno: number): string {
  errnoNames ??= new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
  return errnoNames.get(errno) ?? `errno ${errno}`;
}
