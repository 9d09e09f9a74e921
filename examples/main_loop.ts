// GLib's main loop on a thread of its own; any thread adds work to it, JavaScript does it.
//
//   bun examples/main_loop.ts      deno run --allow-ffi examples/main_loop.ts
import { callback, Context, open } from "@siding/ffi";

const work = { parameters: ["pointer"], result: "i32" } as const;
const loop = { pointer: "GMainLoop" } as const;
const glib = open(["libglib-2.0.so.0", "libglib-2.0.0.dylib"], {
  g_main_loop_new: { parameters: ["pointer", "i32"], result: loop },
  g_main_loop_run: { parameters: [loop], result: "void" },
  g_main_loop_quit: { parameters: [loop], result: "void" },
  g_main_loop_unref: { parameters: [loop], result: "void" },
  g_timeout_add: { parameters: ["u32", { function: work }, "pointer"], result: "u32" },
});
const AGAIN = 1;
const DONE = 0;

await using context = await Context.acquire({ name: "glib" });
const { g_main_loop_new, g_main_loop_run, g_main_loop_unref } = context.use(glib);
const main = await g_main_loop_new(null, 0);
context.own(main!, g_main_loop_unref);
let left = 3;
using tick = callback.call(work, async () => {
  console.log(`GLib's timer: ${left}`);
  if (--left > 0) return AGAIN;
  await glib.g_main_loop_quit(main); // may be called on any thread
  return DONE;
}, { fallback: DONE });
const running = g_main_loop_run(main);
await glib.g_timeout_add(5, tick, null);
await running;
console.log("GLib's loop has ended");
