/**
 * Whether this thread's connection keeps the process alive: while a call is pending.
 *
 * @module
 */
import type { WakeChannel } from "./runtime/runtime.ts";

/** Holds the process by the wake channel. */
export class KeepAlive {
  /** Calls that JavaScript waits for, those that wait for a token included. */
  pending = 0;
  readonly #channel: WakeChannel;
  #held = false;
  #closed = false;

  constructor(channel: WakeChannel) {
    this.#channel = channel;
  }

  /** Keeps the process alive. */
  hold(): void {
    if (this.#held || this.#closed) return;
    this.#held = true;
    this.#channel.ref();
  }

  /** Lets the process end, unless something is pending when the handlers in line have run. */
  scheduleRelease(): void {
    /* handlers may call again, which saves a pair of ref and unref */
    if (this.#held && this.pending === 0) queueMicrotask(this.#release);
  }

  /** Keeps the process alive for one thing more, or one less. */
  keep(isKept: boolean): void {
    this.pending += isKept ? 1 : -1;
    if (isKept) this.hold();
    else this.scheduleRelease();
  }

  /** Has events come that nobody waits for. */
  listen(): void {
    if (!this.#closed) this.#channel.listen();
  }

  /** Ends the channel. */
  close(): void {
    this.#closed = true;
    this.pending = 0;
    this.#channel.close();
  }

  readonly #release = (): void => {
    if (!this.#held || this.pending > 0 || this.#closed) return;
    this.#held = false;
    this.#channel.unref();
  };
}
