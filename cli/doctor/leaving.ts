/**
 * The end of a process whose loader is busy with a library that does not come back. What ends a
 * process in an orderly way waits for the loader, for ever.
 *
 * @module
 */
import { open } from "../../src/library.ts";
import { loadNative } from "../../src/loader.ts";
import { runtime } from "../../src/runtime/current.ts";
import { Station } from "../../src/station.ts";
import type { Pointer } from "../../src/types.ts";
import { cLibrary } from "./c_library.ts";

/** Ends the process, from a thread of the pool. */
export type Leave = (code: number) => Promise<unknown>;

/** Longer than it takes Deno to load what it waits with. */
const REHEARSAL_MS = 50;
/** What `GetCurrentProcess` gives. */
const THIS_PROCESS = -1 as Pointer;

/* Deno has the loader find functions, and make thread-locals, when they are first needed. */
async function rehearse(): Promise<void> {
  Object.values(loadNative().native);
  await using station = new Station();
  await station.sleep(REHEARSAL_MS);
}

/** Makes ready what the loader could not give later; rejects with what `open` throws. */
export async function prepareLeaving(): Promise<Leave> {
  await rehearse();
  if (runtime.system === "windows") {
    const { TerminateProcess } = open("kernel32.dll", {
      TerminateProcess: { parameters: ["pointer", "u32"], result: "i32" },
    });
    return (code) => TerminateProcess(THIS_PROCESS, code);
  }
  const { _exit } = open(cLibrary(), { _exit: { parameters: ["i32"], result: "void" } });
  return (code) => _exit(code);
}
