/**
 * Threads of the system's own, and what it calls when one ends.
 *
 * @module
 */
import assert from "node:assert/strict";
import process from "node:process";
import { alloc, type Callable, type Context, open, type Pointer, read } from "../../mod.ts";

const posix = {
  pthread_create: {
    parameters: ["pointer", "pointer", "function", "pointer"],
    result: "i32",
  },
  pthread_join: { parameters: ["u64", { out: "pointer" }], result: "i32" },
  pthread_key_create: { parameters: [{ out: "u32" }, "function"], result: "i32" },
  pthread_setspecific: { parameters: ["u32", "pointer"], result: "i32" },
} as const;

const windows = {
  CreateThread: {
    parameters: ["pointer", "usize", "function", "pointer", "u32", "pointer"],
    result: "pointer",
  },
  WaitForSingleObject: { parameters: ["pointer", "u32"], result: "u32" },
  GetExitCodeThread: { parameters: ["pointer", { out: "u32" }], result: "i32" },
  CloseHandle: { parameters: ["pointer"], result: "i32" },
  FlsAlloc: { parameters: ["function"], result: "u32" },
  FlsSetValue: { parameters: ["u32", "pointer"], result: "i32" },
} as const;

const libc = { linux: "libc.so.6", darwin: "libSystem.dylib" };
const INFINITE = 0xffffffff;
const isWindows = process.platform === "win32";

async function runOnWindows(routine: Callable, argument: Pointer): Promise<number> {
  const kernel32 = open("kernel32.dll", windows);
  const thread = (await kernel32.CreateThread(null, 0, routine, argument, 0, null))!;
  await kernel32.WaitForSingleObject(thread, INFINITE);
  const { out: [given] } = await kernel32.GetExitCodeThread(thread);
  await kernel32.CloseHandle(thread);
  return given;
}

async function runOnPosix(routine: Callable, argument: Pointer): Promise<number> {
  const { pthread_create, pthread_join } = open(libc, posix);
  using thread = alloc(8);
  assert.equal(await pthread_create(thread.pointer, null, routine, argument), 0);
  const { out: [given] } = await pthread_join(read(thread, "u64"));
  return given ?? 0; // as a pointer
}

/** What the start routine of a thread gives. */
export const runThread: (routine: Callable, argument: Pointer) => Promise<number> = isWindows
  ? runOnWindows
  : runOnPosix;

/** Has a destructor called with `value` when the thread of a context ends. */
export async function callAtEnd(
  context: Context,
  destructor: Callable,
  value: Pointer,
): Promise<void> {
  if (isWindows) {
    const here = context.use(open("kernel32.dll", windows));
    await here.FlsSetValue(await here.FlsAlloc(destructor), value);
    return;
  }
  const here = context.use(open(libc, posix));
  const { out: [key] } = await here.pthread_key_create(destructor);
  await here.pthread_setspecific(key, value);
}
