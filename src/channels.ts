/**
 * Channels of `node:diagnostics_channel`: what a monitor may want to know.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";
import type { Channel } from "./runtime/runtime.ts";

/**
 * What the channel `siding:context` tells.
 *
 * @category Settings and insight
 */
export interface ContextNotice {
  /** What happened. */
  readonly event: "acquire" | "release";
  /** Name of the context, empty when it has none. */
  readonly context: string;
  /** From the request to its fulfilment, in milliseconds. */
  readonly elapsed: number;
}

/**
 * What the channel `siding:stuck`, and the listeners of a context, are told.
 *
 * @category Contexts
 */
export interface Notice {
  /** What happened. */
  readonly event: "stuck" | "recovered" | "teardown";
  /** Name of the context, empty when it has none. */
  readonly context: string;
  /** Name of the C function, empty where it is not known. */
  readonly function: string;
  /** How long it has been running, or the destructors of the context have, in milliseconds. */
  readonly elapsed: number;
}

/**
 * What the channel `siding:overflow` tells: calls from C that JavaScript did not get.
 *
 * @category Settings and insight
 */
export interface Overflow {
  /** Name of the callback. */
  readonly callback: string;
  /** Calls dropped for want of room since the last time. */
  readonly dropped: number;
  /** Calls refused since then: a length was negative or beyond the limit. */
  readonly refused: number;
}

/**
 * A channel that costs nothing until somebody listens. Having one is dear where the runtime has yet
 * to load Node's modules: there it is had once they are loaded.
 */
export class LazyChannel<T> {
  readonly #name: string;
  #channel: Channel | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Whether anybody listens. */
  get hasSubscribers(): boolean {
    this.#channel ??= runtime.earlyChannel(this.#name);
    return this.#channel?.hasSubscribers ?? false;
  }

  /** Tells all who listen. */
  publish(message: T): void {
    this.#channel?.publish(message);
  }
}

/** `siding:context`. */
export const contextChannel: LazyChannel<ContextNotice> = new LazyChannel("siding:context");
/** `siding:stuck`. */
export const stuckChannel: LazyChannel<Notice> = new LazyChannel("siding:stuck");
/** `siding:overflow`. */
export const overflowChannel: LazyChannel<Overflow> = new LazyChannel("siding:overflow");
