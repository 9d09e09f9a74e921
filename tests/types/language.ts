// Checked, never run: cells, lists, sized bytes, copies, unions and arrays, and what must not
// compile of them.
import { fn, type Library, open } from "../../mod.ts";
import type {
  Arguments,
  Bytes,
  From,
  FunctionPointer,
  LibraryFunction,
  Outputs,
  Pointer,
  Result,
  To,
} from "../../mod.ts";
import { same } from "./equal.ts";

type Point = { struct: { x: "f64"; y: "f64" } };
type XY = { x: number; y: number };
type Slice = { struct: { bytes: { bytes: "size" }; size: "usize" } };
type Value = { union: { integer: "i64"; text: { array: "u8"; length: 8 } } };
type Compare = { parameters: ["pointer", "pointer"]; result: "i32" };

// What C gives.
same<From<"cstring16">, string | null>(true);
same<From<{ array: "i32"; length: 4 }>, number[]>(true);
same<From<{ array: Point; length: 2 }>, XY[]>(true);
same<From<Value>, { readonly integer: bigint; readonly text: number[] }>(true);
same<From<{ bytes: 1 }>, Uint8Array | null>(true);
same<From<{ bytes: [0, "result", { constant: 4 }]; free: "free" }>, Uint8Array | null>(true);
same<From<Slice>, { bytes: Uint8Array | null; size: bigint }>(true);
same<From<{ cstring: "owned"; free: "free" }>, string | null>(true);
same<From<{ copy: Point }>, XY | null>(true);
same<From<{ copy: Slice; free: "free" }>, { bytes: Uint8Array | null; size: bigint } | null>(true);
same<From<{ list: "cstring" }>, (string | null)[] | null>(true);
same<From<{ function: Compare }>, FunctionPointer<Compare> | null>(true);
same<From<{ struct: ["u8", "i64"] }>, Uint8Array>(true);

// What C takes.
same<To<"cstring16">, string | null>(true);
same<To<{ in: "i32" }>, number | null>(true);
same<To<{ in: Point }>, { readonly x: number; readonly y: number } | null>(true);
same<To<{ inout: "usize" }>, number | bigint>(true);
same<To<{ inout: { pointer: "db" } }>, Pointer<"db"> | null>(true);
same<To<{ list: "cstring" }>, readonly (string | null)[] | null>(true);
same<To<{ list: { pointer: "db" } }>, readonly (Pointer<"db"> | null)[] | null>(true);
same<To<{ bytes: 1 }>, Bytes | null>(true);
same<To<{ copy: Point }>, never>(true);
same<To<{ cstring: "owned"; free: "free" }>, never>(true);
same<To<{ out: { copy: Point } }>, never>(true);

// Arguments leave `out` cells out; `out` has them and the `inout` ones, in their order.
type Mixed = readonly [
  { readonly inout: "u32" },
  { readonly out: { readonly cstring: "owned"; readonly free: "free" } },
  { readonly in: "i64" },
  { readonly out: { readonly bytes: 0 } },
  { readonly list: "cstring" },
];
same<
  Arguments<Mixed>,
  [number, number | bigint | null, readonly (string | null)[] | null]
>(true);
same<Outputs<Mixed>, [number, string | null, Uint8Array | null]>(true);
type Touch = { parameters: [{ inout: Point }]; result: "void"; errno: true };
same<Result<Touch>, { value: undefined; errno: number; out: [XY] }>(true);

const slice = { struct: { bytes: { bytes: "size" }, size: "usize", position: "usize" } } as const;
const definitions = {
  compress: {
    parameters: ["pointer", { inout: slice as typeof slice }, { inout: slice as typeof slice }],
    result: "usize",
  },
  execvp: { parameters: ["cstring", { list: "cstring" }], result: "i32", errno: "throw" },
  getline: {
    parameters: [{ out: { cstring: "owned", free: "free" } }, { out: "usize" }, "pointer"],
    result: "isize",
  },
  nanosleep: {
    parameters: [{ in: { struct: { sec: "i53", nsec: "long" } } }, "pointer"],
    result: "i32",
  },
  gethostbyname: {
    parameters: ["cstring"],
    result: { copy: { struct: { name: "cstring", aliases: "pointer", type: "i32" } } },
  },
  qsort: {
    parameters: [
      "buffer",
      "usize",
      "usize",
      { function: { parameters: ["pointer", "pointer"], result: "i32" } },
    ],
    result: "void",
  },
} as const;

export const lazy: Library<typeof definitions> = open("libz.so", definitions, { lazy: true });

export async function use(input: Uint8Array, output: Uint8Array): Promise<Uint8Array | null> {
  const { value, out: [written, read] } = await lazy.compress(
    null,
    { bytes: output, size: output.length, position: 0 },
    { bytes: input, size: input.length, position: 0n },
  );
  same<typeof value, bigint>(true);
  same<typeof read.position, bigint>(true);
  same<typeof written.bytes, Uint8Array | null>(true);
  await lazy.execvp("ls", ["ls", "-l"]);
  const { out: [line, size] } = lazy.getline.sync(null);
  same<typeof line, string | null>(true);
  same<typeof size, bigint>(true);
  await lazy.nanosleep({ sec: 1, nsec: 0 }, null);
  await lazy.nanosleep(null, null);
  const host = await lazy.gethostbyname("localhost");
  same<typeof host, { name: string | null; aliases: Pointer | null; type: number } | null>(true);
  const compare = 5 as unknown as FunctionPointer<
    { readonly parameters: readonly ["pointer", "pointer"]; readonly result: "i32" }
  >;
  await lazy.qsort(output, 1, 1, compare);
  return written.bytes;
}

// What must not compile. Inside a function that is never called.
export async function misuse(handle: Pointer): Promise<void> {
  const union = fn(handle, {
    parameters: [{ union: { integer: "i64", number: "f64" } }],
    result: "void",
  });
  same<ReturnType<typeof union.sync>, undefined>(true);
  union.sync({ number: 1.5 });
  // @ts-expect-error: two alternatives of a union
  union.sync({ integer: 1n, number: 1.5 });
  // @ts-expect-error: no alternative of a union
  union.sync({});
  // @ts-expect-error: null is no inout cell
  await lazy.compress(null, null, null);
  // @ts-expect-error: a list is no string
  await lazy.execvp("ls", "ls");
  // @ts-expect-error: numbers are no texts
  await lazy.execvp("ls", [1]);
  // @ts-expect-error: an out cell is no argument
  lazy.getline.sync(null, null, null);
  // @ts-expect-error: a field of an in cell is missing
  await lazy.nanosleep({ sec: 1 }, null);
  // @ts-expect-error: a function of another signature
  await lazy.qsort(null, 0, 0, handle);
  // @ts-expect-error: what was copied may be NULL
  (await lazy.gethostbyname("x")).name;
  const f = { parameters: [{ inout: "i32" }], result: "bool" } as const;
  same<
    ReturnType<typeof fn<typeof f>>,
    LibraryFunction<[number], { value: boolean; out: [number] }>
  >(
    true,
  );
}

/** Definitions that must not compile. */
export function misdefine(): void {
  // @ts-expect-error: an unknown type of a cell
  open("x", { f: { parameters: [{ inout: "i33" }], result: "void" } });
  // @ts-expect-error: a copy is no argument
  open("x", { f: { parameters: [{ copy: "i32" }], result: "void" } });
  // @ts-expect-error: an owned string without the function that frees it
  open("x", { f: { parameters: [], result: { cstring: "owned" } } });
  // @ts-expect-error: an array without its length
  open("x", { f: { parameters: [{ in: { array: "i32" } }], result: "void" } });
  // @ts-expect-error: a list of numbers
  open("x", { f: { parameters: [{ list: "i32" }], result: "void" } });
  // @ts-expect-error: bytes without a length
  open("x", { f: { parameters: [], result: { bytes: null } } });
  // @ts-expect-error: an unknown option
  open("x", {}, { eager: true });
}
