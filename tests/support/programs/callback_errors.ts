/**
 * What handlers do wrong, with foreign threads waiting for them. Prints what C got, then each error
 * that was reported.
 */
import process from "node:process";
import { callback, type SidingError, stats } from "../../../mod.ts";
import { ask, nothing, openCallbackLib } from "../callbacks.ts";
import { until } from "../harness.ts";

const library = openCallbackLib();
const reported: string[] = [];
const note = (error: unknown): void => {
  const { code, message, cause } = error as SidingError;
  const reason = cause instanceof Error
    ? `${cause.name}, stack: ${/\bat /.test(cause.stack!)}`
    : typeof cause;
  reported.push(`${code}: ${message} <- ${reason}`);
};
addEventListener("error", (event) => {
  event.preventDefault();
  note((event as ErrorEvent).error);
});
if ("Bun" in globalThis) process.on("uncaughtException", note);

const fallback = { throw: -1, timeout: -2, closed: -3 };
const handlers: Record<string, (value: number) => unknown> = {
  throws: () => {
    throw new Error("one");
  },
  rejects: async (value) => {
    await Promise.resolve();
    throw new Error(`two ${value}`);
  },
  bare: () => {
    throw Object.create(null); // which is no text either
  },
  text: () => "x",
  fraction: () => 0.5,
  tooLarge: () => 2 ** 31,
  laterText: () => Promise.resolve("x"),
  nothing: () => undefined,
  fine: (value) => value,
};
for (const [name, handler] of Object.entries(handlers)) {
  using bad = callback.call(ask, handler as (value: number) => number, { name, fallback });
  console.log(name, await library.askI32(bad, 7, true));
}
using posts = callback.post(nothing, () => Promise.reject(new Error("three")), { name: "posts" });
await library.callForeign(posts);
/* answers once C has given up */
using slow = callback.call(ask, async (_, { signal }) => {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await until(() => stats().asks === 0, "C has its fallback");
  return signal.reason.code === "ERR_SIDING_TIMEOUT" ? 5 : 6;
}, { timeout: 50, fallback });
console.log("slow", await library.askI32(slow, 7, true));
await until(() => slow.stats.late === 1, "the late answer comes");
const ended = Promise.withResolvers<unknown>();
const closed = callback.call(ask, (_, { signal }) => {
  signal.addEventListener("abort", () => ended.resolve(signal.reason.code));
  queueMicrotask(() => closed.close());
  return new Promise<number>(() => {});
}, { fallback });
console.log("closed", await library.askI32(closed, 7, true), await ended.promise);
/* passes on what its signal says, as whatever takes a signal does */
const passesOn = (signal: AbortSignal): Promise<number> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
using given = callback.call(ask, (_, { signal }) => passesOn(signal), { timeout: 50, fallback });
console.log("slow, passed on", await library.askI32(given, 7, true));
const gone = callback.call(ask, (_, { signal }) => {
  queueMicrotask(() => gone.close());
  return passesOn(signal);
}, { fallback });
console.log("closed, passed on", await library.askI32(gone, 7, true));
console.log("afterwards", await library.askI32(closed, 7, true));
await until(() => reported.length === 9, "all errors are reported");
console.log(reported.join("\n"));
