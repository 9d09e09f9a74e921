/**
 * Calls that block in place of what a poller thread would do: a thread of their own carries each to
 * its end.
 *
 * @module
 */
import { type Bridge, bridge } from "./bridge.ts";
import { acquireIdly, type Context } from "./context.ts";
import { type Feed, type Intake, Port, type Sink, takeFrom } from "./port.ts";
import { whenForgotten } from "./repeat.ts";

/** What is repeated, and what it gives. */
export interface CarriedPlan {
  /** Of its context. */
  readonly name: string;
  readonly capacity: number;
  readonly signal: AbortSignal | undefined;
  /** Starts it, with a way to be woken: so each run is told of before the next one begins. */
  readonly start: (context: Context) => Port<unknown>;
  /** Makes items of what a run gave; `null`: that was the end. Throws what the port fails with. */
  readonly take: (run: unknown) => readonly unknown[] | null;
  /** Lets go of items that nobody takes, where that is of consequence. */
  readonly forget?: (items: readonly unknown[]) => void;
}

/** Feeds a port from a repetition on a context that is leased for it. */
class Carried implements Feed {
  readonly #plan: CarriedPlan;
  readonly #sink: Sink;
  readonly #b: Bridge = bridge();
  readonly #begun: Promise<void>;
  readonly #ending: AbortController = new AbortController();
  #context: Context | undefined;
  #port: Port<unknown> | undefined;
  #intake: Intake | undefined;
  #isQueued = false;
  #isAwaited = false;
  #stopping: Promise<void> | undefined;

  constructor(plan: CarriedPlan, sink: Sink) {
    this.#plan = plan;
    this.#sink = sink;
    plan.signal?.addEventListener("abort", this.#onAbort);
    this.#begun = this.#begin().catch((error) => sink.fail(error));
  }

  async #begin(): Promise<void> {
    const { name } = this.#plan;
    this.#context = await acquireIdly({ name, signal: this.#ending.signal });
    if (this.#stopping !== undefined) return;
    this.#port = this.#plan.start(this.#context);
    if (this.#plan.forget !== undefined) whenForgotten(this.#port, this.#letGo);
    this.#intake = takeFrom(this.#port, { onReady: this.#onReady, onRecall: () => {} });
    if (!this.#isAwaited) return;
    this.#port.ref();
    this.#b.alive.keep(false);
  }

  readonly #onReady = (): void => {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#sink.page(this);
  };

  get inFlight(): number {
    return this.#port?.stats.inFlight ?? 0;
  }

  get capacity(): number {
    return this.#plan.capacity;
  }

  get isLasting(): boolean {
    return false;
  }

  pull(): void {}

  ask(): void {
    this.#intake?.ask();
  }

  open(): readonly unknown[] {
    this.#isQueued = false;
    const result = this.#intake!.take();
    if (result === undefined || result.done) return [];
    const runs = result.value;
    const items: unknown[] = [];
    const last = runs.findIndex((run) => !this.#gather(run, items));
    if (last >= 0) this.#letGo(runs.slice(last + 1));
    else if (this.#intake!.isReady) this.#onReady();
    return items;
  }

  /* Adds what a run gave; whether others count that came behind it. */
  #gather(run: unknown, items: unknown[]): boolean {
    try {
      const more = this.#plan.take(run);
      if (more !== null) items.push(...more);
      else this.#sink.end(null);
      return more !== null;
    } catch (error) {
      this.#sink.fail(error); // behind the items from before
      return false;
    }
  }

  readonly #letGo = (runs: readonly unknown[]): void => {
    for (const run of runs) {
      try {
        this.forget(this.#plan.take(run) ?? []);
      } catch {
        // nobody is there to be told
      }
    }
  };

  drop(): void {}

  forget(items: readonly unknown[]): void {
    this.#plan.forget?.(items);
  }

  await(isAwaited: boolean): void {
    if (isAwaited === this.#isAwaited) return;
    this.#isAwaited = isAwaited;
    if (this.#port === undefined) this.#b.alive.keep(isAwaited); // which the port does else
    else if (isAwaited) this.#port.ref();
    else this.#port.unref();
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#plan.signal?.removeEventListener("abort", this.#onAbort);
    this.#ending.abort(); // who waits for a thread waits no more
    await this.#begun;
    await this.#port?.close();
    await this.#context?.release();
  }

  readonly #onAbort = (): void => {
    this.#sink.abort(this.#plan.signal?.reason);
    void this.stop();
  };
}

/** A port of what blocking calls give. */
export function carriedPort<T>(plan: CarriedPlan): Port<T> {
  return new Port<T>((sink) => new Carried(plan, sink));
}
