/**
 * One source of libsiding behind a port: what happens comes as events, as many as were asked for.
 *
 * @module
 */
import { type Binding, dropBinding, holdBinding } from "./binding.ts";
import type { Bridge } from "./bridge.ts";
import type { Condition } from "./condition.ts";
import { errorFromStatus, SidingError } from "./errors.ts";
import { layouts, sourceTimer, status } from "./generated/siding.ts";
import { type Listener, sourcesOf } from "./native_sources.ts";
import { abortedPort, type Feed, Port, type Sink } from "./port.ts";
import { runtime } from "./runtime/current.ts";
import type { Wide } from "./runtime/runtime.ts";
import { type Words, words } from "./words.ts";

/** Makes items of the events of a source. */
export interface Decoder {
  /** Takes what is needed of the event at 32-bit index `at`, as a page. */
  page(at: number): unknown;
  /** Makes the items of a page, once. */
  open(page: unknown): readonly unknown[];
  /** Lets go of a page that nobody takes. */
  drop(page: unknown): void;
  /** Lets go of items that nobody takes. */
  forget(items: readonly unknown[]): void;
}

/** A decoder whose pages are their items. */
export function itemsDecoder(page: (at: number) => readonly unknown[]): Decoder {
  return {
    page,
    open: (page) => page as readonly unknown[],
    drop: () => {},
    forget: () => {},
  };
}

/** What is waited for, and what its events become. */
export interface SourcePlan {
  readonly b: Bridge;
  /** For errors: completes "Cannot …". */
  readonly action: string;
  /** The C function that has failed where the system refuses. */
  readonly syscall: string;
  readonly kind: number;
  readonly flags?: number;
  /** A descriptor, signal or process. */
  readonly object?: number;
  readonly afterNs?: bigint;
  readonly everyNs?: bigint;
  /** Bytes of one item. */
  readonly limit?: number;
  readonly bound?: Binding;
  readonly emit?: Condition;
  readonly until?: Condition;
  /** Events in advance of who takes the items. */
  readonly capacity: number;
  /** Whether each event is about the moment at which it is asked for. */
  readonly isPresent?: boolean;
  readonly signal: AbortSignal | undefined;
  readonly decoder: Decoder;
}

const { size, offsets } = layouts.sourceOptions;
const raw: Words = words(size / 8);
const out: Words = words(2);

function writeOptions(plan: SourcePlan, token: number): void {
  const { u32, i64, u64 } = raw;
  u32.fill(0);
  u32[offsets.sizeBytes / 4] = size;
  u32[offsets.kind / 4] = plan.kind;
  u32[offsets.token / 4] = token;
  u32[offsets.flags / 4] = plan.flags ?? 0;
  i64[offsets.object / 8] = BigInt(plan.object ?? 0);
  u64[offsets.afterNs / 8] = plan.afterNs ?? 0n;
  u64[offsets.everyNs / 8] = plan.everyNs ?? 0n;
  u32[offsets.limitBytes / 4] = plan.limit ?? 0;
  u32[offsets.credit / 4] = plan.isPresent ? 0 : plan.capacity;
  u64[offsets.bound / 8] = BigInt(plan.bound?.handle ?? 0);
  u32[offsets.emitTest / 4] = plan.emit?.test ?? 0;
  u32[offsets.untilTest / 4] = plan.until?.test ?? 0;
  u64[offsets.emitExpected / 8] = plan.emit?.expected ?? 0n;
  u64[offsets.untilExpected / 8] = plan.until?.expected ?? 0n;
}

/** The error of a stream whose last item is not complete. */
export function cutShort(action: string): SidingError {
  const message = `Cannot ${action}: the stream ended within an item`;
  return new SidingError("ERR_SIDING_ENDED", message);
}

/* All else was checked before: the descriptor is of another kind. */
const EINVAL = 22;

/** What a port fails with whose source was refused, or has ended with an error. */
function failureOf(plan: SourcePlan, value: number, error: number): SidingError {
  const { action, syscall } = plan;
  const errno = value === status.invalid ? EINVAL : error;
  if (value !== status.system && value !== status.invalid) return errorFromStatus(value, action);
  if (errno === 0) return cutShort(action);
  const message = `Cannot ${action}: ${runtime.errnoName(errno)}`;
  return new SidingError("ERR_SIDING_SYSTEM", message, { errno, syscall });
}

/** Feeds a port from a source. */
export class NativeSource implements Feed, Listener {
  readonly #plan: SourcePlan;
  readonly #sink: Sink;
  /** Pages taken before more are asked for, which saves calls. */
  readonly #step: number;
  #handle = 0;
  #wide: Wide = 0;
  /** Events asked for that have not come. */
  #credit: number;
  /** Pages that nobody has taken. */
  #waiting = 0;
  /** Pages taken for which no further one was asked. */
  #owed = 0;
  #isOver = false;
  #isAwaited = false;
  #stopped: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  /** Opens it; throws where that is refused. */
  constructor(plan: SourcePlan, sink: Sink) {
    this.#plan = plan;
    this.#sink = sink;
    this.#credit = plan.isPresent ? 0 : plan.capacity;
    this.#step = Math.max(plan.capacity >> 1, 1);
    sourcesOf(plan.b).add(this, plan.action, (token) => this.#open(token));
    if (plan.bound !== undefined) holdBinding(plan.bound);
    plan.signal?.addEventListener("abort", this.#onAbort);
    if (plan.signal?.aborted) queueMicrotask(this.#onAbort);
  }

  #open(token: number): void {
    const { b } = this.#plan;
    b.flush(); // what was called before comes first
    writeOptions(this.#plan, token);
    const handle = out.u8.subarray(0, 8);
    const opened = b.native.siding_source_open(b.handle, raw.u8, handle, out.u8.subarray(8));
    if (opened < 0) throw failureOf(this.#plan, opened, out.i32[2]!);
    this.#handle = Number(out.u64[0]);
    this.#wide = runtime.wide(this.#handle);
    if (opened > 0) b.soon();
  }

  /** The handle of the source. */
  get handle(): number {
    return this.#handle;
  }

  get inFlight(): number {
    return this.#credit;
  }

  get capacity(): number {
    return this.#plan.capacity;
  }

  get isLasting(): boolean {
    return false;
  }

  take(at: number): void {
    const value = this.#plan.b.events.i32[at + 2]!;
    if (value !== status.ok) return this.#lose(value);
    const page = this.#plan.decoder.page(at);
    if (this.#isOver) return this.#plan.decoder.drop(page);
    this.#credit--;
    this.#waiting++;
    this.#sink.page(page);
  }

  /* An item had no room: what would follow is not what comes next. */
  #lose(value: number): void {
    this.#sink.fail(failureOf(this.#plan, value, 0));
  }

  pull(): void {
    this.#waiting--;
    if (this.#plan.isPresent || ++this.#owed < this.#step) return;
    this.#grant(this.#owed);
    this.#owed = 0;
  }

  ask(): void {
    const { isPresent, b } = this.#plan;
    if (!isPresent || this.#isOver || this.#credit > 0 || this.#waiting > 0 || b.closed) return;
    this.#credit = 1;
    sourcesOf(b).ask(this.#handle);
  }

  #grant(count: number): void {
    const { b } = this.#plan;
    if (this.#isOver || b.closed) return;
    this.#credit += count;
    if (b.native.siding_source_pull(b.handle, this.#wide, count) > 0) b.soon();
  }

  open(page: unknown): readonly unknown[] {
    return this.#plan.decoder.open(page);
  }

  drop(page: unknown): void {
    this.#plan.decoder.drop(page);
  }

  forget(items: readonly unknown[]): void {
    this.#plan.decoder.forget(items);
  }

  await(isAwaited: boolean): void {
    if (isAwaited === this.#isAwaited) return;
    this.#isAwaited = isAwaited;
    this.#hold(isAwaited);
    /* a tick is seldom near, and then the poller is in time for it */
    if (this.#plan.kind !== sourceTimer) this.#plan.b.expect(isAwaited);
  }

  #hold(isHeld: boolean): void {
    this.#plan.b.alive.keep(isHeld);
  }

  stop(): Promise<void> {
    return this.#stopping ??= new Promise((resolve) => {
      if (this.#handle === 0) return resolve();
      this.#hold(true);
      this.#stopped = resolve;
      this.#over();
      const { b } = this.#plan;
      if (!b.closed) b.native.siding_source_close(b.handle, this.#wide);
    });
  }

  ended(value: number, error: number): void {
    const wasOver = this.#isOver;
    this.#over();
    this.#handle = 0;
    this.#credit = 0;
    if (this.#plan.bound !== undefined) dropBinding(this.#plan.bound);
    if (!wasOver) this.#end(value, error);
    if (this.#stopped === undefined) return;
    this.#stopped();
    this.#hold(false);
  }

  #end(value: number, error: number): void {
    if (value === status.ok || value === status.ended) this.#sink.end(null);
    else this.#sink.fail(failureOf(this.#plan, value, error));
  }

  #over(): void {
    this.#isOver = true;
    this.#plan.signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#sink.abort(this.#plan.signal?.reason);
    this.stop();
  };
}

/** A port of a source; throws where that is refused. */
export function sourcePort<T>(plan: SourcePlan): Port<T> {
  if (plan.signal?.aborted) return abortedPort(plan.signal);
  return new Port<T>((sink) => new NativeSource(plan, sink));
}
