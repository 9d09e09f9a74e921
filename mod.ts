/**
 * Real C libraries from Bun and Deno without ever blocking the JavaScript thread.
 *
 * A C function becomes a function that returns a promise: it runs on a pooled native thread while
 * JavaScript goes on. A {@linkcode Context} is one such thread, for handles that want one. `.sync`
 * runs a function right here.
 *
 * @example
 * ```ts
 * import { open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   usleep: { parameters: ["u32"], result: "i32" },
 * });
 * await Promise.all([libc.usleep(2000), libc.usleep(2000)]); // 2 ms, not 4
 * ```
 *
 * @module
 */
export { copyBytes, read, readString, write } from "./src/access.ts";
export { Arena, arena } from "./src/arena.ts";
export { bind, type Bindable, Bound, type Open } from "./src/bound.ts";
export * as callback from "./src/callback.ts";
export { Callback, CallbackStream } from "./src/callback_object.ts";
export type {
  CallbackOptions,
  CallOptions,
  Fallback,
  PostOptions,
  QueueOptions,
  Returned,
} from "./src/callback_options.ts";
export {
  type Chain,
  chain,
  type ChainEnd,
  type CollectOptions,
  type Rounds,
  type Step,
  type Steps,
} from "./src/chain.ts";
export type { ContextNotice, Notice, Overflow } from "./src/channels.ts";
export { Context, type ContextOptions, type ContextToken, type Keepable } from "./src/context.ts";
export type {
  Arguments,
  CallbackArguments,
  CallbackResult,
  ContextLibrary,
  From,
  InvokeOptions,
  Library,
  LibraryFunction,
  LibraryPath,
  LibraryPathBySystem,
  LibrarySymbol,
  NativeFunction,
  NativeVariable,
  Outputs,
  Result,
  To,
} from "./src/convert.ts";
export type { ChildExit } from "./src/child_exit.ts";
export type { PortOptions, SignalOptions } from "./src/descriptor_options.ts";
export {
  embedded,
  EmbeddedLibrary,
  type EmbeddedOptions,
  type NativeModule,
  type NativeModules,
  type Platform,
} from "./src/embedded.ts";
export type { CallbackStats } from "./src/endpoint.ts";
export { SidingError, type SidingErrorCode, type SidingErrorOptions } from "./src/errors.ts";
export { Arg, arg } from "./src/holes.ts";
export type { Interrupt, InterruptFlag } from "./src/interrupt.ts";
export { type FieldPath, Layout, layout } from "./src/layouts.ts";
export type { Leak } from "./src/leak.ts";
export { close, fn, open, type OpenOptions } from "./src/library.ts";
export { alloc, allocString, Memory, pointer, type TextEncoding } from "./src/memory.ts";
export type { Arrival } from "./src/merge.ts";
export type { FileImage, ImageName, NativeImage, PackedImage } from "./src/native_image.ts";
export { type EventOptions, NativeEvent, type PostDefinition } from "./src/native_event.ts";
export { Owned } from "./src/owned.ts";
export { Port, type PortStats } from "./src/port.ts";
export type { Connection, Datagram } from "./src/preread_page.ts";
export type { ExactOptions, PrereadOptions, ReadOptions, ReceiveOptions } from "./src/prereader.ts";
export type { Readiness, WatchOptions } from "./src/readiness.ts";
export type { CaughtSignal, InotifyEvent } from "./src/records.ts";
export type { ChainRepeatOptions, RepeatOptions } from "./src/repeat.ts";
export type { CallbackScope, ScopeContext } from "./src/scope.ts";
export { configure, type Settings } from "./src/settings.ts";
export { shutdown } from "./src/shutdown.ts";
export type { SignalArrival } from "./src/signals.ts";
export type { SocketAddress } from "./src/socket_address.ts";
export {
  type ArrivalOf,
  Station,
  type StationSource,
  type StationStats,
  type StreamSource,
} from "./src/station.ts";
export { type Stats, stats } from "./src/stats.ts";
export type { Tick, TimerOptions } from "./src/ticks.ts";
export {
  type Trace,
  trace,
  type TraceEvent,
  type TraceOptions,
  type TraceSession,
} from "./src/trace.ts";
export type {
  BigIntName,
  BufferType,
  Bytes,
  Callable,
  CallbackDefinition,
  CopiedType,
  Definition,
  Definitions,
  FieldType,
  FixedArrayType,
  FunctionDefinition,
  FunctionPointer,
  FunctionType,
  InBuffer,
  InOutType,
  InType,
  LengthPart,
  ListType,
  NumberName,
  OutBuffer,
  OutType,
  OwnedText,
  ParameterType,
  Pointer,
  ResultType,
  ScalarName,
  SizedBytes,
  StructType,
  TaggedPointer,
  TextListType,
  TextName,
  Typed,
  UnionType,
  VariableDefinition,
} from "./src/types.ts";
