// A window: one context owns it, its events are a loop in JavaScript, and drawing happens between
// two of them. Without a screen, give it one: xvfb-run bun examples/window.ts
//
//   bun examples/window.ts      deno run --allow-ffi examples/window.ts
import { bind, chain, Context, open } from "@siding/ffi";

const display = { pointer: "Display" } as const;
const gc = { pointer: "GC" } as const;
const common = { type: "i32", serial: "ulong", sent: "i32", display, window: "ulong" } as const;
const message = {
  ...common,
  kind: "ulong",
  format: "i32",
  data: { array: "long", length: 5 },
} as const;
const event = {
  union: {
    any: { struct: common },
    message: { struct: message },
    all: { array: "long", length: 24 },
  },
} as const;
const library = open("libX11.so.6", {
  XInitThreads: { parameters: [], result: "i32" },
  XOpenDisplay: { parameters: ["cstring"], result: display },
  XCloseDisplay: { parameters: [display], result: "i32" },
  XDefaultRootWindow: { parameters: [display], result: "ulong" },
  XCreateSimpleWindow: {
    parameters: [display, "ulong", "i32", "i32", "u32", "u32", "u32", "ulong", "ulong"],
    result: "ulong",
  },
  XSelectInput: { parameters: [display, "ulong", "long"], result: "i32" },
  XMapWindow: { parameters: [display, "ulong"], result: "i32" },
  XCreateGC: { parameters: [display, "ulong", "ulong", "pointer"], result: gc },
  XSetForeground: { parameters: [display, gc, "ulong"], result: "i32" },
  XFillRectangle: { parameters: [display, "ulong", gc, "i32", "i32", "u32", "u32"], result: "i32" },
  XFlush: { parameters: [display], result: "i32" },
  XNextEvent: { parameters: [display, { out: event }], result: "i32" },
  XSendEvent: { parameters: [display, "ulong", "i32", "long", { in: event }], result: "i32" },
});
const EXPOSE = 12;
const CLIENT_MESSAGE = 33;
const EXPOSURE_MASK = 1 << 15;

await using context = await Context.acquire({ name: "x11" });
const x = context.use(library);
await x.XInitThreads();
const screen = (await x.XOpenDisplay(null))!;
context.own(screen, x.XCloseDisplay);
const root = await x.XDefaultRootWindow(screen);
const window = await x.XCreateSimpleWindow(screen, root, 0, 0, 300, 200, 0, 0, 0xffffff);
await x.XSelectInput(screen, window, EXPOSURE_MASK);
await x.XMapWindow(screen, window);
const pen = await x.XCreateGC(screen, window, 0, null);

/* what another thread sends lets calls in while this one waits in XNextEvent */
const wake = chain(library, (s) => {
  const head = { type: CLIENT_MESSAGE, serial: 0, sent: 1, display: screen, window };
  s.run.XSendEvent(screen, window, 0, 0, {
    message: { ...head, kind: 1, format: 32, data: [0, 0, 0, 0, 0] },
  });
  return [s.run.XFlush(screen)];
});
const events = context.repeat(bind(x.XNextEvent, screen), { wake: bind(wake, 1) });
for await (const { out: [{ any }] } of events) {
  if (any.type !== EXPOSE) continue;
  for (const [index, color] of [0xd00000, 0xf0c000, 0x0060c0].entries()) {
    await x.XSetForeground(screen, pen, color);
    await x.XFillRectangle(screen, window, pen, index * 100, 0, 100, 200);
  }
  await x.XFlush(screen);
  console.log("the window is drawn");
  break; // a real one goes on until it is closed
}
