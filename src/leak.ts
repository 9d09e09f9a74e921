/**
 * What was forgotten: reports on the channel `siding:leak` of `node:diagnostics_channel`.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";
import type { Channel } from "./runtime/runtime.ts";
import { settings } from "./settings.ts";

/**
 * What the channel `siding:leak` of `node:diagnostics_channel` tells.
 *
 * @category Settings and insight
 */
export interface Leak {
  /**
   * What was forgotten. Memory is freed by then; a callback, or the pointer of a bound call, is
   * not, because C may have it.
   */
  readonly kind: "memory" | "arena" | "callback" | "bound";
  /** Its address. */
  readonly address: number;
  /** Bytes that were freed, with the texts and bytes that were written into it. */
  readonly size: number;
  /** Where it was made, if `configure({ stacks: true })` was set or somebody listened then. */
  readonly stack: string | undefined;
}

/* Loading the module of channels may take long: then that is for the first leak to pay. */
let channel: Channel | undefined;

/** Tells whoever listens. */
export function reportLeak(leak: Leak): void {
  channel ??= runtime.channel("siding:leak");
  if (channel.hasSubscribers) channel.publish(leak);
}

/** Where something is made that may be forgotten, if somebody wants to know. */
export function creationStack(): string | undefined {
  channel ??= runtime.earlyChannel("siding:leak");
  if (!settings.stacks && !channel?.hasSubscribers) return undefined;
  return new Error("made here").stack;
}
