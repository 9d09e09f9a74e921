// Checked, never run: the C library, bound with the types of the trunk.
import { fn, type Library, open } from "../../mod.ts";

const timespec = { struct: { sec: "i64", nsec: "long" } } as const;
const definitions = {
  getpid: { parameters: [], result: "i32" },
  read: { parameters: ["i32", { out: "buffer" }, "usize"], result: "isize", errno: true },
  write: { parameters: ["i32", { in: "buffer" }, "usize"], result: "isize", errno: "throw" },
  close: { parameters: ["i32"], result: "i32", errno: "throw" },
  open: { parameters: ["cstring", "i32", "u32"], variadic: 2, result: "i32", errno: "throw" },
  usleep: { parameters: ["u32"], result: "i32" },
  strlen: { parameters: ["cstring"], result: "usize" },
  strerror: { parameters: ["i32"], result: "cstring" },
  getenv: { parameters: ["cstring"], result: "cstring" },
  printf_d: { name: "printf", parameters: ["cstring", "i32"], variadic: 1, result: "i32" },
  printf_f: { name: "printf", parameters: ["cstring", "f64"], variadic: 1, result: "i32" },
  div: { parameters: ["i32", "i32"], result: { struct: { quot: "i32", rem: "i32" } } },
  labs: { parameters: ["long"], result: "long" },
  frexp: { parameters: ["f64", { out: "i32" }], result: "f64" },
  strtod: { parameters: ["cstring", { out: "pointer" }], result: "f64", errno: true },
  difftime: { parameters: ["i64", "i64"], result: "f64" },
  malloc: { parameters: ["usize"], result: { pointer: "allocation" } },
  free: { parameters: [{ pointer: "allocation" }], result: "void" },
  qsort: { parameters: ["buffer", "usize", "usize", "function"], result: "void" },
  memfd_create: { parameters: ["cstring", "u32"], result: "i32", optional: true },
  environ: { type: "pointer" },
  optind: { type: "i32" },
  boot: { type: timespec as typeof timespec, optional: true },
} as const;

export const libc: Library<typeof definitions> = open(
  { linux: "libc.so.6", darwin: "libSystem.B.dylib", windows: "msvcrt.dll" },
  definitions,
);

export async function copy(from: string, bytes: Uint8Array): Promise<bigint> {
  const input = await libc.open(from, 0, 0);
  const { value, errno } = await libc.read(input, bytes, bytes.byteLength);
  if (value < 0n) throw new Error(await libc.strerror(errno) ?? "unknown");
  await libc.close(input);
  return await libc.write(1, bytes.subarray(0, Number(value)), value);
}

export async function numbers(): Promise<number[]> {
  const { value: fraction, out: [exponent] } = await libc.frexp(10);
  const { value: parsed, errno, out: [end] } = libc.strtod.sync("12.5x");
  const { quot, rem } = await libc.div(7, 2);
  libc.boot?.set({ sec: 1, nsec: 2 });
  const boot = libc.boot?.get();
  boot satisfies { sec: bigint; nsec: number } | undefined;
  return [fraction, exponent, parsed, errno, end ?? 0, quot, rem, libc.labs.sync(-3)];
}

export async function memory(): Promise<void> {
  const allocation = await libc.malloc(64);
  libc.free.send(allocation);
  const compare = fn(libc.strlen.pointer, { parameters: ["cstring"], result: "u53" });
  (await compare("abc")) satisfies number;
  await libc.qsort(new Float64Array(9), 9n, 8, compare.pointer);
}
