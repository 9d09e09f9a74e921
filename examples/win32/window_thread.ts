/**
 * A thread of windows: it pumps their messages, and serves calls in between.
 *
 * @module
 */
import {
  alloc,
  bind,
  type Callback,
  callback,
  type CallbackScope,
  type CallbackStream,
  chain,
  Context,
  type ContextLibrary,
  layout,
  type Memory,
  type Pointer,
  type Port,
  type ScopeContext,
} from "@siding/ffi";
import { kernel32, queuedMessage, user32, type Window, windowProcedure } from "./libraries.ts";
import * as messages from "./messages.ts";

/** Calls on the thread; `use` is that of the context or of the callback that it waits for. */
export type Work<T> = (here: ScopeContext) => T | Promise<T>;

/**
 * Answers a message while its window waits; `undefined` leaves it to `DefWindowProcW`. It makes
 * calls by `here`, and must not wait for what others do on the thread.
 */
export type Answer = (
  here: ScopeContext,
  ...message: [window: Window | null, message: number, wParam: bigint, lParam: bigint]
) => bigint | undefined | Promise<bigint | undefined>;

/** Options of a thread. */
export interface WindowThreadOptions {
  /** Its name in errors and traces. Default `"windows"`. */
  readonly name?: string;
  /** Which messages are told; default: {@linkcode TOLD}. */
  readonly told?: Iterable<number>;
  /** Answers in place of the system; default: nothing does. */
  readonly answer?: Answer;
}

/** What a window is made of; a position in pixels of the screen. */
export interface WindowOptions {
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Default: `WS_OVERLAPPEDWINDOW | WS_VISIBLE`. */
  readonly style?: number;
}

interface Queued {
  run(here: ScopeContext): Promise<void>;
  reject(reason: unknown): void;
}

/** The messages that are told unless others are named. */
export const TOLD: readonly number[] = [
  messages.WM_DESTROY,
  messages.WM_MOVE,
  messages.WM_SIZE,
  messages.WM_ACTIVATE,
  messages.WM_PAINT,
  messages.WM_CLOSE,
  messages.WM_KEYDOWN,
  messages.WM_KEYUP,
  messages.WM_CHAR,
  messages.WM_COMMAND,
  messages.WM_MOUSEMOVE,
  messages.WM_LBUTTONDOWN,
  messages.WM_LBUTTONUP,
  messages.WM_RBUTTONDOWN,
  messages.WM_RBUTTONUP,
  messages.WM_MOUSEWHEEL,
  messages.WM_ENTERSIZEMOVE,
  messages.WM_EXITSIZEMOVE,
];

const RUN = messages.WM_APP;
const HWND_MESSAGE = -3 as Window;
const IDC_ARROW = 32512 as Pointer;
const WINDOW_COLOR = 6 as Pointer<"HBRUSH">; // COLOR_WINDOW + 1: white
const OVERLAPPED_AND_VISIBLE = 0x10cf0000;
const CLASS_BYTES = 80;
const PM_REMOVE = 1;
const VK_ESCAPE = 0x1b;
const INFINITE = 0xffffffff;
const QS_ALLINPUT = 0x04ff;
const MWMO_INPUTAVAILABLE = 4;
const WAIT_EVENT = 0;
const WAIT_MESSAGES = 1;
/** Messages of one trip: calls wait no longer than for these. */
const TRIP_MESSAGES_MAX = 16;
/** A handler waits while a menu is open or a window is dragged: as long as the user likes. */
const ANSWER_MS_MAX = 2 ** 31;
const TOLD_MAX = 1024;

type User32 = ContextLibrary<typeof user32>;

function waitForMessages(context: Context, user: User32, event: Pointer<"HANDLE">): Port<number> {
  using wait = bind( // the repetition holds both
    user.MsgWaitForMultipleObjectsEx,
    ...[1, [event], INFINITE, QS_ALLINPUT, MWMO_INPUTAVAILABLE] as const,
  );
  using wake = bind(kernel32.SetEvent, event);
  return context.repeat(wait, { emit: { not: WAIT_EVENT }, wake, capacity: 1 });
}

function pumpOf(user: User32, memory: Memory) {
  const { pointer } = memory;
  return chain(user, (s) => {
    s.until(s.run.PeekMessageW(pointer, null, 0, 0, PM_REMOVE), 0);
    s.run.TranslateMessage(pointer);
    s.run.DispatchMessageW(pointer);
    return [];
  });
}

/**
 * A thread that windows belong to. JavaScript is their procedure: it tells of the messages that
 * were asked for, and has `DefWindowProcW` answer on the waiting thread.
 *
 * `WM_CLOSE` closes nothing: who is told of it may destroy the window.
 */
export class WindowThread implements AsyncDisposable {
  /**
   * What the windows were told: window, message, `wParam`, `lParam`. When 1,024 wait the oldest
   * are dropped, which `messages.stats` counts.
   */
  readonly messages: CallbackStream<typeof windowProcedure>;
  readonly #context: Context;
  readonly #procedure: Callback<typeof windowProcedure>;
  readonly #told: ReadonlySet<number>;
  readonly #answer: Answer | undefined;
  readonly #className: string;
  readonly #windows: Set<Window> = new Set();
  readonly #work: Queued[] = [];
  /** Gets a message for each work, and so has nested loops let it in too. */
  #waker: Window | null = null;
  #instance: Pointer | null = null;
  #waits: Port<number> | undefined;
  #pumping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(context: Context, options: WindowThreadOptions) {
    this.#context = context;
    this.#told = new Set(options.told ?? TOLD);
    this.#answer = options.answer;
    this.messages = callback.stream(windowProcedure, {
      name: "messages",
      returns: 0n,
      capacity: TOLD_MAX,
      overflow: "drop-oldest",
    });
    this.#procedure = callback.call(windowProcedure, this.#handle, {
      name: "window procedure",
      fallback: 0n,
      timeout: ANSWER_MS_MAX,
    });
    // the address is nobody else's, also not of another JavaScript thread
    this.#className = `siding ${this.#procedure.pointer}`;
  }

  /** Starts one; rejects as `Context.acquire`, and where Windows refuses. */
  static async start(options: WindowThreadOptions = {}): Promise<WindowThread> {
    const { name = "windows" } = options;
    // a queue of messages is state of its thread, and so are windows: they end with it
    const context = await Context.acquire({ name, thread: "fresh", stuckAfter: 0 });
    const thread = new WindowThread(context, options);
    try {
      await thread.#begin();
    } catch (error) {
      await thread.#end();
      throw error;
    }
    return thread;
  }

  async #begin(): Promise<void> {
    const user = this.use(user32);
    const kernel = this.use(kernel32);
    this.#instance = await kernel.GetModuleHandleW(null);
    await this.#register(user);
    this.#waker = await this.#make(user, "", 0, [0, 0, 0, 0], HWND_MESSAGE);
    this.#context.own(this.#waker, user.DestroyWindow);
    const { pointer: event } = this.#context.own(
      (await kernel.CreateEventW(null, 0, 0, null))!,
      kernel.CloseHandle,
    );
    const memory = alloc(layout(queuedMessage));
    this.#context.keep(memory);
    this.#waits = waitForMessages(this.#context, user, event);
    this.#pumping = this.#pump(this.#waits, pumpOf(user, memory));
    this.#pumping.catch(() => {}); // who closes it is told
  }

  async #register(user: User32): Promise<void> {
    const { value, lastError } = await user.RegisterClassExW({
      size: CLASS_BYTES,
      style: 0,
      procedure: this.#procedure.pointer,
      classExtra: 0,
      windowExtra: 0,
      instance: this.#instance,
      icon: null,
      cursor: await user.LoadCursorW(null, IDC_ARROW),
      background: WINDOW_COLOR,
      menu: null,
      name: this.#className,
      smallIcon: null,
    });
    if (value === 0) throw new Error(`Cannot register a class of windows: error ${lastError}`);
    using unregister = bind(user.UnregisterClassW, this.#className, this.#instance);
    this.#context.defer(unregister);
  }

  async #make(
    user: User32,
    title: string,
    style: number,
    [x, y, width, height]: readonly [number, number, number, number],
    parent: Window | null,
  ): Promise<Window> {
    const at = [x, y, width, height, parent, null, this.#instance, null] as const;
    return (await user.CreateWindowExW(0, this.#className, title, style, ...at))!;
  }

  async #pump(waits: Port<number>, next: ReturnType<typeof pumpOf>): Promise<void> {
    for await (const result of waits) {
      if (result !== WAIT_MESSAGES) throw new Error(`Cannot wait for messages: ${result}`);
      await next.collect({ max: TRIP_MESSAGES_MAX });
    }
  }

  /** The functions of a library on this thread: they run between two messages. */
  use<L extends object>(library: L): ContextLibrary<L> {
    return this.#context.use(library);
  }

  /**
   * Runs calls on this thread as soon as it takes a message: also while a menu or a message box is
   * open or a window is dragged, when a call by {@linkcode WindowThread.use} waits for the end of
   * that. Rejects as `work` does.
   */
  run<T>(work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) throw new Error("Cannot run this: it is closed");
      // one message for each work, else all that come later are late; to post waits for nobody
      const { value, lastError } = user32.PostMessageW.sync(this.#waker, RUN, 0, 0);
      if (value === 0) throw new Error(`Cannot run this: error ${lastError}`);
      const run = async (here: ScopeContext): Promise<void> => {
        try {
          resolve(await work(here));
        } catch (error) {
          reject(error);
        }
      };
      this.#work.push({ run, reject });
    });
  }

  /** Makes a window, which is destroyed with the thread at the latest. */
  open({ title, x, y, width, height, style = OVERLAPPED_AND_VISIBLE }: WindowOptions): Promise<
    Window
  > {
    return this.run(async (here) => {
      const at = [x, y, width, height] as const;
      const window = await this.#make(here.use(user32), title, style, at, null);
      this.#windows.add(window);
      return window;
    });
  }

  /* The thread waits in it, with what it was called with on its stack. */
  readonly #handle = async (
    window: Window | null,
    message: number,
    wParam: bigint,
    lParam: bigint,
    scope: CallbackScope,
  ): Promise<bigint> => {
    const here = scope.context!;
    if (window !== null && window === this.#waker) return this.#wake(here, message, wParam, lParam);
    if (message === messages.WM_NCDESTROY) this.#windows.delete(window!);
    const user = here.use(user32);
    if (this.#told.has(message)) {
      await user.CallWindowProcW(this.messages, window, message, wParam, lParam);
    }
    const answer = await this.#answer?.(here, window, message, wParam, lParam);
    if (answer !== undefined) return answer;
    if (message === messages.WM_CLOSE) return 0n;
    return user.DefWindowProcW(window, message, wParam, lParam);
  };

  async #wake(
    here: ScopeContext,
    message: number,
    wParam: bigint,
    lParam: bigint,
  ): Promise<bigint> {
    if (message !== RUN) {
      return here.use(user32).DefWindowProcW(this.#waker, message, wParam, lParam);
    }
    await this.#work.shift()?.run(here); // one: others may come in while it waits
    return 0n;
  }

  /**
   * Destroys its windows and ends it; what {@linkcode WindowThread.messages} has is still told.
   * Where its messages fail it ends too, and this rejects.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close(this.run(async (here) => {
      const user = here.use(user32);
      for (const window of this.#windows) await user.DestroyWindow(window);
      // for the loop of a window that was dragged
      await user.PostMessageW(this.#waker, messages.WM_KEYDOWN, VK_ESCAPE, 0);
    }));
  }

  async #close(destroyed: Promise<void>): Promise<void> {
    try {
      await Promise.race([destroyed, this.#pumping]); // where no message is pumped nothing is run
    } finally {
      await this.#end();
    }
    await this.#pumping;
  }

  /* The waker, which is left, gets 0 for an answer from here on: no handler is in the way. */
  async #end(): Promise<void> {
    this.#procedure.close();
    const ended = this.#waits?.close(); // it may have to wait for the end of the context
    await this.#context.release();
    await ended;
    this.messages.end();
    const error = new Error("Cannot run this: the thread has ended");
    for (const { reject } of this.#work.splice(0)) reject(error);
  }

  /** {@linkcode WindowThread.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
