// GLib runs a function on its own loop that another thread has asked for: g_idle_add.
import { deepStrictEqual as same } from "node:assert/strict";
import { callback, Context, open } from "../../mod.ts";
import { tryOpen } from "./need.ts";

const idle = { parameters: ["pointer"], result: "i32" } as const;
const G_SOURCE_REMOVE = 0;
const G_SOURCE_CONTINUE = 1;

const { library, test } = tryOpen(() =>
  open(["libglib-2.0.so.0", "libglib-2.0.0.dylib"], {
    g_main_loop_new: { parameters: ["pointer", "i32"], result: { pointer: "GMainLoop" } },
    g_main_loop_run: { parameters: [{ pointer: "GMainLoop" }], result: "void" },
    g_main_loop_quit: { parameters: [{ pointer: "GMainLoop" }], result: "void" },
    g_main_loop_unref: { parameters: [{ pointer: "GMainLoop" }], result: "void" },
    g_idle_add: { parameters: [{ function: idle }, "pointer"], result: "u32" },
  })
);

test("E12: g_idle_add from another thread runs a TypeScript function on GLib's loop", async () => {
  await using context = await Context.acquire({ name: "glib" });
  const glib = context.use(library);
  const loop = await glib.g_main_loop_new(null, 0);
  context.own(loop!, glib.g_main_loop_unref);
  const calls: string[] = [];
  let left = 3;
  using again = callback.call(idle, async (user) => {
    await null;
    calls.push(`again ${user}`);
    return --left > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
  }, { fallback: G_SOURCE_REMOVE });
  using once = callback.call(idle, (user) => {
    calls.push(`once ${user}`);
    void library.g_main_loop_quit(loop); // on any thread
    return G_SOURCE_REMOVE;
  }, { fallback: G_SOURCE_REMOVE });
  const running = glib.g_main_loop_run(loop);
  await library.g_idle_add(again, 5 as never);
  while (calls.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await library.g_idle_add(once, 7 as never);
  await running;
  same(calls, ["again 5", "again 5", "again 5", "once 7"]);
});
