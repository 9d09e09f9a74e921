// A window of Windows: it is drawn when it has to be, tells of keys, and its user may close it.
//
//   bun examples/window_win32.ts
import process from "node:process";
import { gdi32, user32 } from "./win32/libraries.ts";
import { WM_CLOSE, WM_KEYDOWN, WM_PAINT } from "./win32/messages.ts";
import { WindowThread } from "./win32/window_thread.ts";

await using thread = await WindowThread.start({
  async answer(here, window, message) { // while the window waits
    if (message !== WM_PAINT) return undefined;
    const [user, gdi] = [here.use(user32), here.use(gdi32)];
    const { value: dc, out: [paint] } = await user.BeginPaint(window);
    for (const [index, color] of [0x0000d0, 0x00c0f0, 0xc06000].entries()) {
      const brush = await gdi.CreateSolidBrush(color);
      await user.FillRect(dc, { left: index * 100, top: 0, right: 400, bottom: 200 }, brush);
      await gdi.DeleteObject(brush);
    }
    await user.EndPaint(window, paint);
    return 0n;
  },
});
const user = thread.use(user32);
const window = await thread.open({ title: "siding", x: 100, y: 100, width: 300, height: 200 });
const isShortVisit = process.argv[2] === "--once";
for await (const [, message, key] of thread.messages) {
  if (message === WM_PAINT) console.log("the window is drawn");
  if (message === WM_PAINT && isShortVisit) await user.PostMessageW(window, WM_CLOSE, 0, 0);
  if (message === WM_KEYDOWN) console.log(`key ${key}`);
  if (message === WM_CLOSE) break; // the end of the block destroys it
}
