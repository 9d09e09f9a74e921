/**
 * What windows take of Windows' own libraries, as literal data.
 *
 * @module
 */
import { type Library, open, type Pointer } from "@siding/ffi";

/** `WNDPROC`: window, message, `wParam`, `lParam`. */
export const windowProcedure = {
  parameters: [{ pointer: "HWND" }, "u32", "usize", "isize"],
  result: "isize",
} as const;

/** `MSG`. */
export const queuedMessage = {
  struct: {
    window: { pointer: "HWND" },
    message: "u32",
    wParam: "usize",
    lParam: "isize",
    time: "u32",
    at: { struct: { x: "i32", y: "i32" } },
  },
} as const;

/** `PAINTSTRUCT`. */
const painting = {
  struct: {
    dc: { pointer: "HDC" },
    erases: "i32",
    area: { struct: { left: "i32", top: "i32", right: "i32", bottom: "i32" } },
    restores: "i32",
    updates: "i32",
    reserved: { array: "u8", length: 32 },
  },
} as const;

const user32Definitions = {
  RegisterClassExW: {
    parameters: [{
      in: {
        struct: {
          size: "u32",
          style: "u32",
          procedure: {
            function: {
              parameters: [{ pointer: "HWND" }, "u32", "usize", "isize"],
              result: "isize",
            },
          },
          classExtra: "i32",
          windowExtra: "i32",
          instance: "pointer",
          icon: "pointer",
          cursor: "pointer",
          background: { pointer: "HBRUSH" },
          menu: "cstring16",
          name: "cstring16",
          smallIcon: "pointer",
        },
      },
    }],
    result: "u16",
    lastError: true,
  },
  UnregisterClassW: { parameters: ["cstring16", "pointer"], result: "i32" },
  LoadCursorW: { parameters: ["pointer", "pointer"], result: "pointer" },
  CreateWindowExW: {
    parameters: [
      "u32",
      "cstring16",
      "cstring16",
      "u32",
      "i32",
      "i32",
      "i32",
      "i32",
      { pointer: "HWND" },
      "pointer",
      "pointer",
      "pointer",
    ],
    result: { pointer: "HWND" },
    lastError: "throw",
  },
  DestroyWindow: { parameters: [{ pointer: "HWND" }], result: "i32" },
  MoveWindow: {
    parameters: [{ pointer: "HWND" }, "i32", "i32", "i32", "i32", "i32"],
    result: "i32",
  },
  SetForegroundWindow: { parameters: [{ pointer: "HWND" }], result: "i32" },
  FindWindowW: { parameters: ["cstring16", "cstring16"], result: { pointer: "HWND" } },
  IsWindow: { parameters: [{ pointer: "HWND" }], result: "i32" },
  MessageBoxW: {
    parameters: [{ pointer: "HWND" }, "cstring16", "cstring16", "u32"],
    result: "i32",
  },
  DefWindowProcW: {
    parameters: [{ pointer: "HWND" }, "u32", "usize", "isize"],
    result: "isize",
  },
  CallWindowProcW: {
    parameters: [
      {
        function: {
          parameters: [{ pointer: "HWND" }, "u32", "usize", "isize"],
          result: "isize",
        },
      },
      { pointer: "HWND" },
      "u32",
      "usize",
      "isize",
    ],
    result: "isize",
  },
  PostMessageW: {
    parameters: [{ pointer: "HWND" }, "u32", "usize", "isize"],
    result: "i32",
    lastError: true,
  },
  MsgWaitForMultipleObjectsEx: {
    parameters: ["u32", { list: { pointer: "HANDLE" } }, "u32", "u32", "u32"],
    result: "u32",
  },
  PeekMessageW: {
    parameters: ["pointer", { pointer: "HWND" }, "u32", "u32", "u32"],
    result: "i32",
  },
  TranslateMessage: { parameters: ["pointer"], result: "i32" },
  DispatchMessageW: { parameters: ["pointer"], result: "isize" },
  GetDC: { parameters: [{ pointer: "HWND" }], result: { pointer: "HDC" } },
  ReleaseDC: { parameters: [{ pointer: "HWND" }, { pointer: "HDC" }], result: "i32" },
  BeginPaint: {
    parameters: [{ pointer: "HWND" }, { out: painting as typeof painting }],
    result: { pointer: "HDC" },
  },
  EndPaint: {
    parameters: [{ pointer: "HWND" }, { in: painting as typeof painting }],
    result: "i32",
  },
  InvalidateRect: { parameters: [{ pointer: "HWND" }, "pointer", "i32"], result: "i32" },
  FillRect: {
    parameters: [{ pointer: "HDC" }, {
      in: { struct: { left: "i32", top: "i32", right: "i32", bottom: "i32" } },
    }, { pointer: "HBRUSH" }],
    result: "i32",
  },
  ClientToScreen: {
    parameters: [{ pointer: "HWND" }, { inout: { struct: { x: "i32", y: "i32" } } }],
    result: "i32",
  },
  SetCursorPos: { parameters: ["i32", "i32"], result: "i32" },
  SendInput: {
    parameters: ["u32", {
      in: {
        struct: {
          type: "u32",
          of: {
            union: {
              mouse: {
                struct: {
                  dx: "i32",
                  dy: "i32",
                  data: "u32",
                  flags: "u32",
                  time: "u32",
                  extra: "usize",
                },
              },
              key: {
                struct: { code: "u16", scan: "u16", flags: "u32", time: "u32", extra: "usize" },
              },
            },
          },
        },
      },
    }, "i32"],
    result: "u32",
  },
} as const;

const gdi32Definitions = {
  CreateSolidBrush: { parameters: ["u32"], result: { pointer: "HBRUSH" } },
  DeleteObject: { parameters: [{ pointer: "HBRUSH" }], result: "i32" },
} as const;

const kernel32Definitions = {
  GetModuleHandleW: { parameters: ["cstring16"], result: "pointer" },
  CreateEventW: {
    parameters: ["pointer", "i32", "i32", "cstring16"],
    result: { pointer: "HANDLE" },
  },
  SetEvent: { parameters: [{ pointer: "HANDLE" }], result: "i32" },
  CloseHandle: { parameters: [{ pointer: "HANDLE" }], result: "i32" },
} as const;

/** Windows and their messages. */
export const user32: Library<typeof user32Definitions> = open("user32.dll", user32Definitions);

/** Drawing. */
export const gdi32: Library<typeof gdi32Definitions> = open("gdi32.dll", gdi32Definitions);

/** Events, for those who wait. */
export const kernel32: Library<typeof kernel32Definitions> = open(
  "kernel32.dll",
  kernel32Definitions,
);

/** A window. */
export type Window = Pointer<"HWND">;
