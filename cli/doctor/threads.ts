/**
 * Threads that are neither this package's nor the runtime's.
 *
 * @module
 */
import { open } from "../../src/library.ts";
import { runtime } from "../../src/runtime/current.ts";
import type { Callable } from "../../src/types.ts";
import { cLibrary } from "./c_library.ts";

const WAIT_MS_MAX = 60_000;

/** What a thread begins with; what it gives is not looked at. */
export const start = { parameters: ["pointer"], result: "pointer" } as const;

async function runOfPosix(routine: Callable<typeof start>): Promise<void> {
  const threads = open(cLibrary(), {
    pthread_create: {
      parameters: [{ out: "usize" }, "pointer", { function: start }, "pointer"],
      result: "i32",
    },
    pthread_join: { parameters: ["usize", "pointer"], result: "i32" },
  });
  const { value: error, out: [thread] } = await threads.pthread_create(null, routine, null);
  if (error !== 0) throw new Error(`Cannot start a thread: ${runtime.errnoName(error)}`);
  await threads.pthread_join(thread, null);
}

async function runOfWindows(routine: Callable<typeof start>): Promise<void> {
  const threads = open("kernel32.dll", {
    CreateThread: {
      parameters: ["pointer", "usize", { function: start }, "pointer", "u32", "pointer"],
      result: "pointer",
      lastError: "throw",
    },
    WaitForSingleObject: { parameters: ["pointer", "u32"], result: "u32" },
    CloseHandle: { parameters: ["pointer"], result: "i32" },
  });
  const thread = await threads.CreateThread(null, 0, routine, null, 0, null);
  await threads.WaitForSingleObject(thread, WAIT_MS_MAX);
  await threads.CloseHandle(thread);
}

/** Runs a C function on a thread of its own, to its end. */
export function runOnThread(routine: Callable<typeof start>): Promise<void> {
  return runtime.system === "windows" ? runOfWindows(routine) : runOfPosix(routine);
}
