// X11: one context owns the display and all windows. Their events are a port, all drawing happens
// on that context, and what a screenshot shows is checked.
import { deepStrictEqual as same } from "node:assert/strict";
import { bind, chain, Context, type ContextLibrary, open, type Pointer } from "../../mod.ts";
import { startScreen } from "../../scripts/screen.mjs";
import { findProgram, testUnless, tryOpen } from "./need.ts";
import { expectPrompt } from "./prompt.ts";

const EXPOSURE_MASK = 1 << 15;
const STRUCTURE_NOTIFY_MASK = 1 << 17;
const EXPOSE = 12;
const CONFIGURE_NOTIFY = 22;
const CLIENT_MESSAGE = 33;
const Z_PIXMAP = 2;
const ALL_PLANES = 0xffffff;
const [WHITE, RED, BLUE] = [0xffffff, 0xff0000, 0x0000ff] as const;

const display = { pointer: "Display" } as const;
const gc = { pointer: "GC" } as const;
const common = { type: "i32", serial: "ulong", send_event: "i32", display } as const;
const event = {
  union: {
    any: { struct: { ...common, window: "ulong" } },
    configure: {
      struct: {
        ...common,
        event: "ulong",
        window: "ulong",
        x: "i32",
        y: "i32",
        width: "i32",
        height: "i32",
      },
    },
    client: {
      struct: {
        ...common,
        window: "ulong",
        message_type: "ulong",
        format: "i32",
        data: { array: "long", length: 5 },
      },
    },
    all: { array: "long", length: 24 },
  },
} as const;
const image = {
  struct: {
    width: "i32",
    height: "i32",
    xoffset: "i32",
    format: "i32",
    data: { bytes: ["bytes_per_line", "height"] },
    byte_order: "i32",
    bitmap_unit: "i32",
    bitmap_bit_order: "i32",
    bitmap_pad: "i32",
    depth: "i32",
    bytes_per_line: "i32",
  },
} as const;

const opened = tryOpen(() =>
  open("libX11.so.6", {
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
    XResizeWindow: { parameters: [display, "ulong", "u32", "u32"], result: "i32" },
    XCreateGC: { parameters: [display, "ulong", "ulong", "pointer"], result: gc },
    XFreeGC: { parameters: [display, gc], result: "i32" },
    XSetForeground: { parameters: [display, gc, "ulong"], result: "i32" },
    XFillRectangle: {
      parameters: [display, "ulong", gc, "i32", "i32", "u32", "u32"],
      result: "i32",
    },
    XSync: { parameters: [display, "i32"], result: "i32" },
    XFlush: { parameters: [display], result: "i32" },
    XPending: { parameters: [display], result: "i32" },
    XNextEvent: { parameters: [display, { out: event }], result: "i32" },
    XSendEvent: { parameters: [display, "ulong", "i32", "long", { in: event }], result: "i32" },
    XGetImage: {
      parameters: [display, "ulong", "i32", "i32", "u32", "u32", "ulong", "i32"],
      result: { copy: image, free: "XDestroyImage" },
    },
    XDestroyImage: { parameters: ["pointer"], result: "i32" },
  })
);
const { library } = opened;
const missing = findProgram("Xvfb");
const test = missing === undefined ? opened.test : testUnless(missing);

type Xlib = ContextLibrary<typeof library>;

interface Screen {
  readonly x: Xlib;
  readonly display: Pointer<"Display">;
  readonly root: number;
  /** What happens to the windows. */
  readonly events: AsyncGenerator<XEvent>;
}

/** A window's event. */
interface XEvent {
  readonly type: number;
  readonly window: number;
  readonly width: number;
  readonly height: number;
}

/* A thread that waits in XNextEvent returns for an event that another one sends. */
function bindWake(display: Pointer<"Display">, window: number) {
  const message = { type: CLIENT_MESSAGE, serial: 0, send_event: 1, display, window };
  const client = { ...message, message_type: 1, format: 32, data: [0, 0, 0, 0, 0] };
  const wake = chain(library, (s) => {
    s.run.XSendEvent(display, window, 0, 0, { client });
    return [s.run.XFlush(display)];
  });
  return bind(wake, 1);
}

async function* eventsOf(context: Context, x: Xlib, display: Pointer<"Display">, root: number) {
  const waker = await x.XCreateSimpleWindow(display, root, 0, 0, 1, 1, 0, 0, 0);
  using next = bind(x.XNextEvent, display);
  using wake = bindWake(display, waker);
  for await (const { out: [event] } of context.repeat(next, { wake })) {
    const { type, window } = event.any;
    const { width, height } = event.configure;
    if (window !== waker) yield { type, window, width, height };
  }
}

async function withScreen(work: (screen: Screen) => Promise<void>): Promise<void> {
  await using server = await startScreen();
  await using context = await Context.acquire({ name: "x11" });
  const x = context.use(library);
  await x.XInitThreads();
  const display = await x.XOpenDisplay(server.display);
  context.own(display!, x.XCloseDisplay);
  const root = await x.XDefaultRootWindow(display);
  const events = eventsOf(context, x, display!, root);
  await work({ x, display: display!, root, events });
  await events.return(undefined);
}

/** A white window, once it can be drawn on. */
async function openWindow({ x, display, root, events }: Screen, at: number): Promise<number> {
  const window = await x.XCreateSimpleWindow(display, root, at, at, 100, 80, 0, 0, WHITE);
  await x.XSelectInput(display, window, EXPOSURE_MASK | STRUCTURE_NOTIFY_MASK);
  await x.XMapWindow(display, window);
  await x.XFlush(display);
  for (;;) {
    const { value } = await events.next();
    if (value.type === EXPOSE && value.window === window) return window;
  }
}

async function fill(
  { x, display }: Screen,
  window: number,
  color: number,
  rectangle: readonly [x: number, y: number, width: number, height: number],
): Promise<void> {
  const gc = await x.XCreateGC(display, window, 0, null);
  await x.XSetForeground(display, gc, color);
  await x.XFillRectangle(display, window, gc, ...rectangle);
  await x.XFreeGC(display, gc);
  await x.XSync(display, 0);
}

/** How many pixels of which color a window shows. */
async function colorsOf({ x, display }: Screen, window: number): Promise<Map<number, number>> {
  const shot = await x.XGetImage(display, window, 0, 0, 100, 80, ALL_PLANES, Z_PIXMAP);
  same([shot?.width, shot?.height, shot?.bytes_per_line], [100, 80, 400]);
  const view = new DataView(shot!.data!.buffer, shot!.data!.byteOffset, shot!.data!.byteLength);
  const colors = new Map<number, number>();
  for (let at = 0; at < view.byteLength; at += 4) {
    const color = view.getUint32(at, shot!.byte_order === 0) & ALL_PLANES;
    colors.set(color, (colors.get(color) ?? 0) + 1);
  }
  return colors;
}

test("S18: a window is drawn on its context, and a screenshot has exactly these pixels", () =>
  withScreen(async (screen) => {
    const window = await openWindow(screen, 10);
    await fill(screen, window, RED, [10, 10, 50, 30]);
    await fill(screen, window, BLUE, [50, 30, 20, 20]);
    const blue = 20 * 20;
    const red = 50 * 30 - 10 * 10;
    same(
      await colorsOf(screen, window),
      new Map([[WHITE, 100 * 80 - red - blue], [RED, red], [BLUE, blue]]),
    );
  }));

test("S18: the events of several windows come as one port, and calls run while it waits", () =>
  withScreen(async (screen) => {
    const { x, display, events } = screen;
    const windows = [await openWindow(screen, 0), await openWindow(screen, 150)];
    await expectPrompt(() => x.XPending(display));
    for (let size = 110; size <= 150; size += 10) {
      for (const window of windows) await x.XResizeWindow(display, window, size, size + 1);
      await x.XFlush(display);
      const resized = new Set<number>();
      while (resized.size < windows.length) {
        const { value: event } = await events.next();
        if (event.type !== CONFIGURE_NOTIFY || event.width !== size) continue;
        same(event.height, size + 1);
        resized.add(event.window);
      }
      same([...resized].sort(), [...windows].sort());
    }
  }));
