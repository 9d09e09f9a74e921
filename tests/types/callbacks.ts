// Checked, never run: callbacks, bound calls with open arguments, and what must not compile.
import {
  type Arg,
  arg,
  bind,
  type Bound,
  type Callback,
  callback,
  type CallbackArguments,
  type CallbackDefinition,
  type CallbackResult,
  type CallbackScope,
  type CallbackStream,
  type Context,
  type FunctionPointer,
  open,
  type Pointer,
} from "../../mod.ts";
import { same } from "./equal.ts";

const compare = { parameters: ["pointer", "pointer"], result: "i32" } as const;
const write = {
  parameters: ["pointer", { bytes: [1, 2] }, "usize", "pointer"],
  result: "usize",
} as const;
const log = { parameters: ["i32", "cstring"], result: "void" } as const;
const item = { struct: { id: "u32", name: "cstring" } } as const;
const rich = {
  parameters: [{ copy: item }, { list: "cstring" }, { pointer: "db" }, "cstring16", "bool"],
  result: { struct: { x: "f64", y: "f64" } },
} as const;

const libc = open(null, {
  qsort: {
    parameters: ["buffer", "usize", "usize", { function: compare }],
    result: "void",
  },
  signal: { parameters: ["i32", "function"], result: "pointer" },
  atexit: { parameters: ["pointer"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize", errno: true },
  div: { parameters: ["i32", "i32"], result: { struct: { quot: "i32", rem: "i32" } } },
  getpid: { parameters: [], result: "i32" },
});

same<CallbackArguments<typeof compare>, [Pointer | null, Pointer | null]>(true);
same<
  CallbackArguments<typeof rich>,
  [
    { id: number; name: string | null } | null,
    (string | null)[] | null,
    Pointer<"db"> | null,
    string | null,
    boolean,
  ]
>(true);
same<CallbackArguments<CallbackDefinition>, unknown[]>(true);
same<CallbackResult<typeof compare>, number>(true);
same<CallbackResult<typeof rich>, { readonly x: number; readonly y: number }>(true);
same<CallbackResult<{ parameters: []; result: "cstring" }>, never>(true);

export async function modes(context: Context): Promise<void> {
  using ascending = callback.call(compare, (a, b) => (a ?? 0) - (b ?? 0), { fallback: 0 });
  same<typeof ascending, Callback<typeof compare>>(true);
  same<typeof ascending.pointer, FunctionPointer<typeof compare>>(true);
  await libc.qsort(new Float64Array(9), 9, 8, ascending);
  libc.qsort.sync(new Float64Array(9), 9, 8, ascending.pointer);
  await libc.signal(2, ascending);
  await libc.atexit(ascending);
  context.keep(ascending);
  context.on("overflow", ({ callback: name, dropped }) => {
    same<typeof name, string>(true);
    same<typeof dropped, number>(true);
  });

  callback.call(compare, async (_a, _b, scope) => {
    same<typeof scope, CallbackScope>(true);
    const here = scope.context?.use(libc);
    await here?.getpid();
    return 1;
  }, { fallback: { throw: 0, timeout: 1, closed: 2 }, timeout: 10 });
  callback.call(log, async (level) => {
    same<typeof level, number>(true);
    await Promise.resolve();
  });

  const posted = callback.post(write, (_to, data, count) => {
    same<typeof data, Uint8Array | null>(true);
    same<typeof count, bigint>(true);
  }, { returns: { parameter: 2 }, overflow: "drop-oldest", limit: 64, capacity: 16 });
  same<typeof posted, Callback<typeof write>>(true);
  callback.post(log, () => {});

  using lines = callback.stream(log, { overflow: "latest" });
  same<typeof lines, CallbackStream<typeof log>>(true);
  for await (const [level, text] of lines) {
    same<typeof level, number>(true);
    same<typeof text, string | null>(true);
  }
  same<typeof lines.readable, ReadableStream<[number, string | null]>>(true);

  // @ts-expect-error a callback of another signature
  await libc.qsort(new Float64Array(9), 9, 8, lines);
  // @ts-expect-error a plain function
  await libc.qsort(new Float64Array(9), 9, 8, () => 0);
  // @ts-expect-error C needs a result
  callback.post(compare, () => {});
  // @ts-expect-error C needs a result
  callback.stream(compare);
  // @ts-expect-error C needs a result when there is no answer
  callback.call(compare, () => 1);
  // @ts-expect-error a wrong answer
  callback.call(compare, () => "x", { fallback: 0 });
  // @ts-expect-error a wrong fallback
  callback.call(compare, () => 0, { fallback: "x" });
  // @ts-expect-error one of the fallbacks is missing
  callback.call(compare, () => 0, { fallback: { throw: 0, timeout: 1 } });
  // @ts-expect-error a wrong constant
  callback.post(compare, () => {}, { returns: "x" });
  // @ts-expect-error no such policy
  callback.post(log, () => {}, { overflow: "drop" });
  // @ts-expect-error nothing would own the text
  callback.call({ parameters: [], result: "cstring" }, () => "x", { fallback: "y" });
  // @ts-expect-error no such type
  callback.post({ parameters: ["i33"], result: "void" }, () => {});
}

export async function bindings(): Promise<void> {
  const first = arg(0);
  same<typeof first, Arg<0>>(true);
  const whole = bind(libc.div, 7, 2);
  same<typeof whole, Bound<{ quot: number; rem: number }>>(true);
  const rest = bind(libc.read, 0);
  await rest.run(new Uint8Array(8), 8n);
  const swapped = bind(libc.div, arg(1), arg(0));
  same<typeof swapped, Bound<{ quot: number; rem: number }, [number, number]>>(true);
  (await swapped.run(2, 7)).quot satisfies number;
  await swapped.run(2, 7, { timeout: 5 });
  const third = bind(libc.div, arg(2), 2);
  same<typeof third, Bound<{ quot: number; rem: number }, [unknown, unknown, number]>>(true);
  const shaped = bind(libc.div, arg(0), 2, { as: compare });
  same<typeof shaped.pointer, FunctionPointer<typeof compare>>(true);
  await libc.qsort(null, 0, 8, shaped);
  await libc.signal(2, swapped);
  callback.post(log, () => {}, { retain: bind(libc.atexit, arg(1)) });

  // @ts-expect-error a bound type
  bind(libc.read, "0");
  // @ts-expect-error too many
  bind(libc.div, 1, 2, 3);
  // @ts-expect-error the type of what is open
  await swapped.run("2", 7);
  // @ts-expect-error nothing is open
  await whole.run(1);
  // @ts-expect-error another signature
  await libc.qsort(null, 0, 8, bind(libc.div, arg(0), 2, { as: log }));
}
