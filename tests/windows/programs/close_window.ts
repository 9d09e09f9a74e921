// Asks the window of the given title to close, as another program's user does.
import process from "node:process";
import { user32 } from "../../../examples/win32/libraries.ts";
import { WM_CLOSE } from "../../../examples/win32/messages.ts";

const window = await user32.FindWindowW(null, process.argv[2]!);
const { value, lastError } = await user32.PostMessageW(window, WM_CLOSE, 0, 0);
if (window === null || value === 0) throw new Error(`Cannot ask ${window}: error ${lastError}`);
