/**
 * Callbacks: JavaScript functions that C calls, from any thread at any moment.
 *
 * `callback.post` lets C go on at once, `callback.stream` makes an async iterable of its calls, and
 * `callback.call` has it wait for an answer, which may be a promise. What is copied of what the
 * arguments point to is copied when C calls. See docs/callbacks.md for which one to choose.
 *
 * @category Callbacks
 * @module
 */
import { bridge } from "./bridge.ts";
import { Callback, CallbackFeed, CallbackStream } from "./callback_object.ts";
import {
  type CallOptions,
  commonOptions,
  fallbacksOf,
  type GivenOptions,
  type PostOptions,
  returnedOf,
} from "./callback_options.ts";
import { planCallback } from "./callback_plan.ts";
import type { CallbackArguments, CallbackResult } from "./convert.ts";
import { Endpoint } from "./endpoint.ts";
import { callbackPulled } from "./generated/siding.ts";
import { Port } from "./port.ts";
import type { CallbackScope } from "./scope.ts";
import type { CallbackDefinition } from "./types.ts";

type Handler = (...args: never[]) => unknown;

/**
 * What a handler may answer: anything where C expects nothing.
 *
 * @internal
 */
type Answer<D extends CallbackDefinition> = D["result"] extends "void" ? unknown
  : CallbackResult<D> | PromiseLike<CallbackResult<D>>;

function nameOf(given: GivenOptions, handler: Handler | undefined): string {
  const { name = handler?.name || "callback" } = given;
  if (typeof name === "string") return name;
  throw new TypeError(`Cannot open a callback: its name ${String(name)} is no string`);
}

function demandHandler(handler: unknown, name: string): void {
  if (typeof handler === "function") return;
  throw new TypeError(`Cannot open the callback ${name}: its handler is no function`);
}

function openPost(
  definition: CallbackDefinition,
  handler: Handler,
  given: GivenOptions,
  name: string,
  flags = 0,
): Endpoint {
  const plan = planCallback(definition, name);
  const action = `open the callback ${name}`;
  return new Endpoint(bridge(), plan, {
    ...commonOptions(plan, given, action),
    ...returnedOf(plan, given.returns, name, action),
    name,
    isCall: false,
    handler,
    flags,
  });
}

/**
 * Makes a callback for which C does not wait: it goes on at once, with the constant or the argument
 * of its own that `returns` names, and `listener` runs when JavaScript has time.
 *
 * With a drop policy (`overflow`) a call takes no lock and allocates nothing: fit for a real-time
 * thread. On the JavaScript thread itself, during a `.sync` call, `listener` runs at once and what
 * it throws is thrown by that call. Elsewhere what it throws, and the rejection of a promise that
 * it gives, is reported as an uncaught error: `ERR_SIDING_CALLBACK`, with the error as cause.
 *
 * Throws `TypeError` and `RangeError` for wrong definitions and options.
 *
 * @example
 * ```ts
 * import { callback, open } from "@siding/ffi";
 *
 * const visit = { parameters: ["cstring", "pointer", "i32", "pointer"], result: "i32" } as const;
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   nftw: { parameters: ["cstring", { function: visit }, "i32", "i32"], result: "i32" },
 * });
 * let entries = 0;
 * using listener = callback.post(visit, () => void entries++, { returns: 0 });
 * await libc.nftw("/etc", listener, 16, 0);
 * console.log(entries > 0 || listener.stats.events > 0); // true: some may still be on their way
 * ```
 *
 * @category Callbacks
 */
export function post<const D extends CallbackDefinition>(
  definition: D,
  listener: (...args: CallbackArguments<D>) => unknown,
  ...options: PostOptions<D>
): Callback<D> {
  const given = (options[0] ?? {}) as GivenOptions;
  const name = nameOf(given, listener as Handler);
  demandHandler(listener, name);
  return new Callback<D>(openPost(definition, listener as Handler, given, name));
}

/**
 * Makes a callback whose answer C waits for; `handler` may be async. Behind its arguments it gets a
 * scope: the waiting thread's context, and a signal that aborts when nobody waits any more.
 *
 * `fallback` is what C gets without an answer: where the handler throws or answers with a wrong
 * type (reported as in {@linkcode post}), where `timeout` has passed, and where the callback is
 * closed. On the JavaScript thread itself, during a `.sync` call, the handler runs at once, must
 * not be async, and what it throws is thrown by that call. Deno needs `--allow-ffi` without a path
 * for that; else passing it to a `.sync` call is `ERR_SIDING_PERMISSION`.
 *
 * Throws `TypeError` and `RangeError` for wrong definitions and options.
 *
 * @example
 * ```ts
 * import { callback, open } from "@siding/ffi";
 *
 * const compare = { parameters: [{ copy: "i32" }, { copy: "i32" }], result: "i32" } as const;
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   qsort: { parameters: ["buffer", "usize", "usize", { function: compare }], result: "void" },
 * });
 * using descending = callback.call(compare, async (a, b) => await Promise.resolve(b! - a!), {
 *   fallback: 0,
 *   timeout: 1000,
 * });
 * const numbers = Int32Array.of(1, 3, 2);
 * await libc.qsort(numbers, numbers.length, 4, descending);
 * console.log(numbers); // 3, 2, 1
 * ```
 *
 * @category Callbacks
 */
export function call<const D extends CallbackDefinition>(
  definition: D,
  handler: (...args: [...CallbackArguments<D>, scope: CallbackScope]) => Answer<D>,
  ...options: CallOptions<D>
): Callback<D> {
  const given = (options[0] ?? {}) as GivenOptions;
  const name = nameOf(given, handler as Handler);
  demandHandler(handler, name);
  const plan = planCallback(definition, name);
  const action = `open the callback ${name}`;
  const endpoint = new Endpoint(bridge(), plan, {
    ...commonOptions(plan, { ...given, overflow: "block" }, action),
    ...fallbacksOf(plan, given.fallback, name, action),
    name,
    isCall: true,
    handler: handler as Handler,
    flags: 0,
  });
  return new Callback<D>(endpoint);
}

/**
 * Makes a callback whose calls are iterated: `for await` takes them, each as its arguments, and
 * leaving the loop closes it. C goes on as with {@linkcode post}; where the loop is slow, calls
 * wait in the queue, and `overflow` says what becomes of those beyond.
 *
 * Throws as {@linkcode post}.
 *
 * @example
 * ```ts
 * import { callback, open } from "@siding/ffi";
 *
 * const visit = { parameters: ["cstring", "pointer", "i32", "pointer"], result: "i32" } as const;
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   nftw: { parameters: ["cstring", { function: visit }, "i32", "i32"], result: "i32" },
 * });
 * using entries = callback.stream(visit, { returns: 0 });
 * const walk = libc.nftw("/etc", entries, 16, 0).then(() => entries.end());
 * for await (const [path] of entries) console.log(path);
 * await walk;
 * ```
 *
 * @category Callbacks
 */
export function stream<const D extends CallbackDefinition>(
  definition: D,
  ...options: PostOptions<D>
): CallbackStream<D> {
  const given = (options[0] ?? {}) as GivenOptions;
  const name = nameOf(given, undefined);
  const feed = new CallbackFeed();
  const endpoint = openPost(definition, feed.handler, given, name, callbackPulled);
  const port = new Port<CallbackArguments<D>>((sink) => feed.begin(sink, endpoint, given.capacity));
  return new CallbackStream<D>(endpoint, feed, port);
}
