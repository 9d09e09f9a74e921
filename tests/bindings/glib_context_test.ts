// A GLib main context as a station: its iteration is repeated on a context, with its own timers and
// descriptors; g_main_context_wakeup lets other calls in.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import {
  alloc,
  arg,
  bind,
  callback,
  Context,
  type ContextLibrary,
  open,
  type Pointer,
  type Port,
  read,
  Station,
} from "../../mod.ts";
import { until } from "../support/harness.ts";
import { tryOpen } from "./need.ts";
import { expectPrompt } from "./prompt.ts";

const MAY_BLOCK = 1;
const DISPATCHED = 1;
const G_IO_IN = 1;
const G_SOURCE_CONTINUE = 1;
const G_SOURCE_REMOVE = 0;

const main = { pointer: "GMainContext" } as const;
const source = { pointer: "GSource" } as const;
const due = { parameters: ["pointer"], result: "i32" } as const;
const ready = { parameters: ["i32", "u32", "pointer"], result: "i32" } as const;

const { library, test } = tryOpen(() =>
  open(["libglib-2.0.so.0", "libglib-2.0.0.dylib"], {
    g_main_context_new: { parameters: [], result: main },
    g_main_context_unref: { parameters: [main], result: "void" },
    g_main_context_iteration: { parameters: [main, "i32"], result: "i32" },
    g_main_context_wakeup: { parameters: [main], result: "void" },
    g_main_context_pending: { parameters: [main], result: "i32" },
    g_timeout_source_new: { parameters: ["u32"], result: source },
    g_idle_source_new: { parameters: [], result: source },
    g_unix_fd_source_new: { parameters: ["i32", "i32"], result: source },
    g_source_set_callback: {
      parameters: [source, { function: due }, "pointer", "pointer"],
      result: "void",
    },
    set_ready: {
      name: "g_source_set_callback",
      parameters: [source, { function: ready }, "pointer", "pointer"],
      result: "void",
    },
    g_source_attach: { parameters: [source, main], result: "u32" },
    g_source_destroy: { parameters: [source], result: "void" },
    g_source_unref: { parameters: [source], result: "void" },
  })
);

function openLibc() {
  return open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
    pipe: { parameters: [{ out: { array: "i32", length: 2 } }], result: "i32" },
    read: { parameters: ["i32", "pointer", "usize"], result: "isize" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
}

interface Loop {
  readonly glib: ContextLibrary<typeof library>;
  readonly main: Pointer<"GMainContext">;
  /** One item for each iteration that called somebody. */
  readonly iterations: Port<number>;
}

async function withLoop(work: (loop: Loop) => Promise<void>): Promise<void> {
  await using context = await Context.acquire({ name: "glib" });
  const glib = context.use(library);
  const main = (await glib.g_main_context_new())!;
  context.own(main, glib.g_main_context_unref);
  using body = bind(glib.g_main_context_iteration, main, MAY_BLOCK);
  using wake = bind(library.g_main_context_wakeup, main);
  await using iterations = context.repeat(body, { wake, emit: { is: DISPATCHED } });
  await work({ glib, main, iterations });
}

test("S18: GLib's timers call at their time, and an iteration that called is one item", () =>
  withLoop(async ({ glib, main, iterations }) => {
    const [count, every] = [20, 2];
    let ticks = 0;
    using tick = callback.call(due, () => ++ticks < count ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE, {
      fallback: G_SOURCE_REMOVE,
    });
    const timer = await glib.g_timeout_source_new(every);
    await glib.g_source_set_callback(timer, tick, null, null);
    const start = performance.now();
    await glib.g_source_attach(timer, main);
    await glib.g_source_unref(timer);
    for (let item = 1; item <= count; item++) {
      same(await iterations.next(), { value: DISPATCHED, done: false });
      ok(ticks >= item);
    }
    const ms = performance.now() - start;
    ok(ms >= count * every - 1, `${count} ticks of ${every} ms in ${ms} ms`);
    same(ticks, count);
    same(iterations.stats.delivered, count);
  }));

test("S18: GLib's descriptor source calls C, with no JavaScript, as bytes arrive", async () => {
  await using libc = openLibc();
  using memory = alloc(8);
  await withLoop(async ({ glib, main, iterations }) => {
    const { out: [[reader, writer]] } = libc.pipe.sync();
    using take = bind(libc.read, arg(0), memory.pointer, memory.size, { as: ready });
    const source = await glib.g_unix_fd_source_new(reader!, G_IO_IN);
    await glib.set_ready(source, take, null, null);
    await glib.g_source_attach(source, main);
    for (let value = 1n; value <= 200n; value++) {
      same(libc.write.sync(writer!, BigUint64Array.of(value), 8), 8n);
      same(await iterations.next(), { value: DISPATCHED, done: false });
      same(read(memory, "u64"), value);
    }
    await glib.g_source_destroy(source);
    await glib.g_source_unref(source);
    same([libc.close.sync(reader!), libc.close.sync(writer!)], [0, 0]);
  });
});

test("S18: a source that another thread attaches is called while GLib waits for nothing", () =>
  withLoop(async ({ main, iterations }) => {
    let calls = 0;
    using once = callback.post(due, () => calls++, { returns: G_SOURCE_REMOVE });
    for (let round = 1; round <= 50; round++) {
      const idle = await library.g_idle_source_new(); // on any thread
      await library.g_source_set_callback(idle, once, null, null);
      await library.g_source_attach(idle, main);
      await library.g_source_unref(idle);
      same(await iterations.next(), { value: DISPATCHED, done: false });
      await until(() => calls === round, "it was called");
    }
  }));

test("S18: GLib's calls run at once while its iteration waits for nothing", () =>
  withLoop(async ({ glib, main }) => {
    await expectPrompt(() => glib.g_main_context_pending(main));
  }));

test("S16: GLib's iterations, its callbacks, a descriptor and a timer in one loop", async () => {
  await using libc = openLibc();
  await withLoop(async ({ glib, main, iterations }) => {
    const { out: [[reader, writer]] } = libc.pipe.sync();
    await using station = new Station();
    using fired = callback.stream(due, { returns: G_SOURCE_CONTINUE });
    const timer = await glib.g_timeout_source_new(2);
    await glib.g_source_set_callback(timer, fired, null, null);
    await glib.g_source_attach(timer, main);
    const [bytes, ticks] = [station.read(reader!), station.timer({ every: 2 })];
    const seen = new Map<unknown, number>();
    for await (const { source } of station.merge(iterations, fired, bytes, ticks)) {
      seen.set(source, (seen.get(source) ?? 0) + 1);
      if (source === ticks) libc.write.sync(writer!, Uint8Array.of(1), 1);
      if ([...seen.values()].filter((count) => count >= 20).length === 4) break;
    }
    await glib.g_source_destroy(timer);
    await glib.g_source_unref(timer);
    await station.close();
    same([libc.close.sync(reader!), libc.close.sync(writer!)], [0, 0]);
  });
});
