/**
 * Events that C posts.
 *
 * @module
 */
import { type Bridge, bridge } from "./bridge.ts";
import { checkStatus } from "./errors.ts";
import type { SignalOptions } from "./descriptor_options.ts";
import { eventWords, sourceCounted, sourceEvent } from "./generated/siding.ts";
import { open } from "./library.ts";
import { loadNative } from "./loader.ts";
import { itemsDecoder, NativeSource, type SourcePlan } from "./native_source.ts";
import { Port } from "./port.ts";
import { checkSignal } from "./range.ts";
import { runtime } from "./runtime/current.ts";
import type { FunctionPointer } from "./types.ts";

/**
 * Options of {@linkcode Station.event}.
 *
 * @category Stations
 */
export interface EventOptions extends SignalOptions {
  /**
   * What an item is: `"counted"`: the sum of all values posted since the last one; `"coalesced"`:
   * the last value. Default `"coalesced"`.
   */
  readonly mode?: "counted" | "coalesced";
}

/**
 * `int32_t siding_event_post(uint64_t event, uint64_t value)`.
 *
 * @category Stations
 */
export interface PostDefinition {
  /** The event's handle, and the value. */
  readonly parameters: readonly ["u64", "u64"];
  /** 0, or a negative number once the event is closed. */
  readonly result: "i32";
}

const post = { name: "siding_event_post", parameters: ["u64", "u64"], result: "i32" } as const;
const modes: Readonly<Record<string, number>> = { counted: sourceCounted, coalesced: 0 };

function planOf(b: Bridge, { mode = "coalesced", signal }: EventOptions): SourcePlan {
  const action = "make a native event";
  if (typeof mode !== "string" || !Object.hasOwn(modes, mode)) {
    throw new TypeError(`Cannot ${action}: its mode is neither "counted" nor "coalesced"`);
  }
  checkSignal(signal, action);
  const { u64 } = b.events;
  return {
    b,
    action,
    syscall: "eventfd",
    kind: sourceEvent,
    flags: modes[mode]!,
    capacity: 1,
    signal,
    decoder: itemsDecoder((at) => [u64[(at >> 1) + eventWords]!]),
  };
}

const pointers: WeakMap<Bridge, FunctionPointer<PostDefinition>> = new WeakMap();

function pointerOf(b: Bridge): FunctionPointer<PostDefinition> {
  let pointer = pointers.get(b);
  if (pointer === undefined) {
    const library = open(loadNative().path, { post });
    pointer = library.post.pointer as FunctionPointer<PostDefinition>;
    pointers.set(b, pointer);
  }
  return pointer;
}

/**
 * What C code tells JavaScript, from any thread and from signal handlers too; made by
 * {@linkcode Station.event}. C calls `pointer` with `handle` and a value of 64 bits, and needs
 * neither a lock nor memory for it.
 *
 * @example
 * ```ts
 * import { bind, fn, Station } from "@siding/ffi";
 *
 * await using station = new Station();
 * const event = station.event({ mode: "counted" });
 * const post = fn(event.pointer, { parameters: ["u64", "u64"], result: "i32" });
 * using done = bind(post, event.handle, 3n); // a C function without parameters
 * await done.run();
 * console.log((await event.next()).value); // 3n
 * ```
 *
 * @category Stations
 */
export class NativeEvent extends Port<bigint> {
  readonly #b: Bridge;
  readonly #handle: number;

  /** @internal */
  constructor(options: EventOptions) {
    const b = bridge();
    let handle = 0;
    super((sink) => {
      const source = new NativeSource(planOf(b, options), sink);
      handle = source.handle;
      return source;
    });
    this.#b = b;
    this.#handle = handle;
  }

  /** What C passes as the first argument; a `u64`. */
  get handle(): number {
    return this.#handle;
  }

  /** Address of `int32_t (*)(uint64_t event, uint64_t value)`, which any thread may call. */
  get pointer(): FunctionPointer<PostDefinition> {
    return pointerOf(this.#b);
  }

  /**
   * Posts a value from here. Throws `ERR_SIDING_STALE` once it is closed, `RangeError` for what is
   * no integer of 64 bits without sign.
   */
  post(value: number | bigint): void {
    const wide = BigInt(value);
    if (wide !== BigInt.asUintN(64, wide)) {
      throw new RangeError(`Cannot post ${value}: it is no integer of 64 bits without sign`);
    }
    const posted = this.#b.native.siding_event_post(runtime.wide(this.#handle), wide);
    checkStatus(posted, "post to a native event");
  }
}
