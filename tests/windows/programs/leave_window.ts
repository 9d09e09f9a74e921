// Ends with 3 while a window of the given title is open and its thread waits.
import process from "node:process";
import { WM_PAINT } from "../../../examples/win32/messages.ts";
import { WindowThread } from "../../../examples/win32/window_thread.ts";

const thread = await WindowThread.start();
await thread.open({ title: process.argv[2]!, x: 0, y: 0, width: 200, height: 100 });
for await (const [, message] of thread.messages) {
  if (message === WM_PAINT) process.exit(3);
}
