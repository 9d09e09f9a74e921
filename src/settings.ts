/**
 * Settings of the process-wide pool and of this thread's connection.
 *
 * @module
 */
import { checkStatus } from "./errors.ts";
import { callsMax, contextMsMax, layouts, threadsMax } from "./generated/siding.ts";
import { chooseLibrary, loadNative } from "./loader.ts";

/** Calls in flight on one JavaScript thread unless told otherwise. */
const CALLS_DEFAULT = 65536;
/** Tokens kept back for what must not wait, such as releases. */
export const TOKENS_RESERVED: number = 64;
/** Most callbacks of one JavaScript thread; each has a token beyond those of calls. */
export const CALLBACKS_MAX: number = 1 << 16;
/** Most sources of one JavaScript thread; each has a token beyond those of callbacks. */
export const SOURCES_MAX: number = 1 << 16;
const THREADS_DEFAULT = 64;
const THREADS_MIN_DEFAULT = 4;
const IDLE_MS_DEFAULT = 10_000;
const SPIN_US_DEFAULT = 50;
const SPIN_US_MAX = 1000;
const STACK_DEFAULT = 8 * 1024 * 1024;
const STACK_MIN = 64 * 1024;
const STACK_MAX = 2 ** 32 - 1;

/**
 * What {@linkcode configure} can set.
 *
 * @category Settings and insight
 */
export interface Settings {
  /**
   * Path of the libsiding that this JavaScript thread loads, before `SIDING_LIBRARY` and what this
   * package brings along. Once one is loaded, another one is a `SidingError`.
   */
  library?: string;
  /** Most contexts of the process, and most threads for other calls; 1 to 4,096, default 64. */
  threads?: number;
  /** Idle threads that stay, however long they are idle; 0 to 4,096, default 4. */
  threadsMin?: number;
  /**
   * Milliseconds after which a thread beyond those ends when nothing came for it, up to 86,400,000;
   * 0: none ever ends. Default 10,000.
   */
  idleTime?: number;
  /**
   * Longest spin of an idle native thread before it parks, in microseconds, 0 to 1,000; default
   * 50. JavaScript waits as long, at most 50, for an event of a source where these came soon.
   */
  spin?: number;
  /** Stack of native threads started from now on, in bytes, at least 64 KiB; default 8 MiB. */
  stackSize?: number;
  /** Most calls of this JavaScript thread in flight; more wait in order. Default 65,536. */
  calls?: number;
  /**
   * How native threads rouse this JavaScript thread; default: what is best on this system. Not
   * `callback` in a Worker that may be terminated: the runtimes crash when one comes after that.
   */
  wake?: "socket" | "callback";
  /**
   * Whether native memory and callbacks remember where they were made, for reports on the channel
   * `siding:leak`.
   * Default: no, because it costs some microseconds each time.
   */
  stacks?: boolean;
}

/** What was set last. */
export const settings: Required<Omit<Settings, "library" | "wake">> & Pick<Settings, "wake"> = {
  threads: THREADS_DEFAULT,
  threadsMin: THREADS_MIN_DEFAULT,
  idleTime: IDLE_MS_DEFAULT,
  spin: SPIN_US_DEFAULT,
  stackSize: STACK_DEFAULT,
  calls: CALLS_DEFAULT,
  stacks: false,
};

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  threads: [1, threadsMax],
  threadsMin: [0, threadsMax],
  idleTime: [0, contextMsMax],
  spin: [0, SPIN_US_MAX],
  stackSize: [STACK_MIN, STACK_MAX],
  calls: [1, callsMax - TOKENS_RESERVED - CALLBACKS_MAX - SOURCES_MAX],
};

function check(given: Settings): void {
  for (const [name, value] of Object.entries(given)) {
    const range = ranges[name];
    if (name === "wake" && (value === "socket" || value === "callback")) continue;
    if (name === "stacks" && typeof value === "boolean") continue;
    if (name === "library" && typeof value === "string" && value !== "") continue;
    if (range === undefined || typeof value !== "number") {
      throw new TypeError(`Cannot configure ${name}: ${String(value)} is no setting of it`);
    }
    const [least, most] = range;
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`Cannot configure ${name}: ${value} is not within ${least} to ${most}`);
    }
  }
}

/**
 * Changes settings; what is left out stays.
 *
 * `threads`, `threadsMin`, `idleTime`, `spin` and `stackSize` hold for the whole process from now
 * on; `calls` and `wake` for JavaScript threads that have not opened a library yet; `stacks` for
 * this JavaScript thread, `library` too.
 * Throws `TypeError` and `RangeError`; `SidingError` where `libsiding` cannot be loaded.
 *
 * @example
 * ```ts
 * import { configure } from "@siding/ffi";
 *
 * configure({ threads: 600 });
 * ```
 *
 * @category Settings and insight
 */
export function configure(given: Settings): void {
  check(given);
  const { library, ...others } = given;
  if (library !== undefined) chooseLibrary(library);
  Object.assign(settings, others);
  const { size, offsets } = layouts.poolOptions;
  const options = new Uint32Array(size / 4);
  options[offsets.sizeBytes / 4] = size;
  options[offsets.threadsMax / 4] = settings.threads;
  options[offsets.threadsMin / 4] = Math.min(settings.threadsMin, settings.threads);
  options[offsets.idleMs / 4] = settings.idleTime;
  options[offsets.spinUs / 4] = settings.spin;
  options[offsets.stackBytes / 4] = settings.stackSize;
  checkStatus(loadNative().native.siding_pool_configure(options), "configure the pool");
}
