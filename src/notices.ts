/**
 * Notices of one context: a call that is stuck, one that has recovered, destructors that hang.
 *
 * @module
 */
import { type Notice, stuckChannel } from "./channels.ts";
import { checkStatus, SidingError } from "./errors.ts";
import {
  eventMore,
  eventWords,
  noticeRecovered,
  noticeStuck,
  noticeTeardown,
  status,
} from "./generated/siding.ts";
import type { Lease } from "./lease.ts";
import { runtime } from "./runtime/current.ts";
import { swallow } from "./settling.ts";

const events: Readonly<Record<number, Notice["event"]>> = {
  [noticeStuck]: "stuck",
  [noticeRecovered]: "recovered",
  [noticeTeardown]: "teardown",
};

type Listener = (notice: Notice) => void;

/** Throws for what is no listener. */
export function checkListener(event: string, listener: unknown): void {
  if (typeof listener === "function") return;
  throw new TypeError(`Cannot listen for "${event}": the listener is no function`);
}

/** The listeners of one context. */
export class Notices {
  readonly #lease: Lease;
  readonly #name: string;
  readonly #listeners: Set<readonly [event: Notice["event"], listener: Listener]> = new Set();
  #listening = false;
  #stuck = "";

  constructor(lease: Lease, name: string) {
    this.#lease = lease;
    this.#name = name;
  }

  /** Adds a listener until the subscription is disposed of. */
  on(event: Notice["event"], listener: Listener): Disposable {
    if (!Object.values(events).includes(event)) {
      throw new TypeError(`Cannot listen for "${String(event)}": a context has no such notice`);
    }
    checkListener(event, listener);
    if (!this.listen()) {
      const message = `Cannot listen for "${event}": another JavaScript thread does`;
      throw new SidingError("ERR_SIDING_BUSY", message);
    }
    const entry = [event, listener] as const;
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Has notices delivered from now on, unless another JavaScript thread has them. */
  listen(): boolean {
    if (this.#listening) return true;
    const { b, handle } = this.#lease;
    const token = b.free[b.top - 1]!;
    const listened = b.native.siding_context_listen(b.handle, runtime.wide(handle), token);
    if (listened === status.busy) return false;
    checkStatus(listened, "listen to a context");
    this.#listening = true;
    b.stand(this.#take, swallow, false);
    return true;
  }

  readonly #take = (at: number): void => {
    const { events: { u32 }, settling } = this.#lease.b;
    if ((u32[at + 1]! >>> 16 & eventMore) === 0) return; // the lease has ended
    const payload = at + eventWords * 2;
    const event = events[u32[payload]!];
    if (event === undefined) return;
    if (event === "stuck") this.#stuck = settling.decoders[u32[payload + 2]!]?.label ?? "";
    const name = event === "teardown" ? "" : this.#stuck;
    this.#tell({ event, context: this.#name, function: name, elapsed: u32[payload + 4]! });
  };

  /* Listeners run after the events have been read, and fail on their own. */
  #tell(notice: Notice): void {
    if (notice.event === "stuck" && stuckChannel.hasSubscribers) {
      queueMicrotask(() => stuckChannel.publish(notice));
    }
    for (const entry of this.#listeners) {
      const [event, listener] = entry;
      if (event !== notice.event) continue;
      queueMicrotask(() => {
        if (this.#listeners.has(entry)) listener(notice);
      });
    }
  }
}
