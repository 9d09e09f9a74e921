/**
 * Several ports as one.
 *
 * @module
 */
import { type Bridge, bridge } from "./bridge.ts";
import { type Feed, type Intake, Port, type Sink, takeFrom, type Taker } from "./port.ts";

/**
 * An item, and where it comes from.
 *
 * @category Stations
 */
export interface Arrival<S = unknown, T = unknown> {
  /** What was added. */
  readonly source: S;
  /** An item of it. */
  readonly value: T;
}

/** One of the ports. */
class Input implements Taker {
  readonly source: unknown;
  readonly port: Port<unknown>;
  readonly intake: Intake;
  /** Closes what was added. */
  readonly close: () => Promise<void>;
  readonly #sink: Sink;
  #isQueued = false;

  constructor(source: unknown, port: Port<unknown>, close: () => Promise<void>, sink: Sink) {
    this.source = source;
    this.port = port;
    this.close = close;
    this.#sink = sink;
    this.intake = takeFrom(port, this);
  }

  /* It waits in line once, however much it has: so it is one of many. */
  onReady(): void {
    if (this.#isQueued || !this.intake.isReady) return;
    this.#isQueued = true;
    this.#sink.page(this);
  }

  onRecall(isGone: (item: unknown) => boolean): void {
    this.#sink.recall((item) => {
      const { source, value } = item as Arrival;
      return source === this.source && isGone(value);
    });
  }

  /** What it has now; `undefined`: it has ended. */
  take(): readonly unknown[] | undefined {
    this.#isQueued = false;
    const result = this.intake.take();
    if (result?.done) return undefined;
    return result?.value ?? [];
  }
}

function arrivalsOf(source: unknown, items: readonly unknown[]): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  for (const value of items) arrivals.push({ source, value });
  return arrivals;
}

/** Feeds a port from others; a page is an input that has something. */
export class Merge implements Feed {
  readonly #b: Bridge = bridge();
  readonly #sink: Sink;
  readonly #inputs: Map<Port<unknown>, Input> = new Map();
  /** Whether it ends with the last of them. */
  readonly #ends: boolean;
  /** Whose items were taken since somebody asked. */
  #taken: Input[] = [];
  /** Whether somebody has asked, and got nothing since. */
  #isAsked = false;
  #isAwaited = false;
  #stopping: Promise<void> | undefined;

  constructor(sink: Sink, ends: boolean) {
    this.#sink = sink;
    this.#ends = ends;
  }

  /** The ports. */
  get ports(): readonly Port<unknown>[] {
    return [...this.#inputs.keys()];
  }

  /** Takes part in a port; throws `TypeError` where another one does. */
  add(source: unknown, port: Port<unknown>, close: () => Promise<void>): void {
    if (this.#inputs.has(port)) return;
    const input = new Input(source, port, close, this.#sink);
    this.#inputs.set(port, input);
    this.#goOn(input);
  }

  /** Lets go of all ports, of which nothing was taken. */
  leave(): void {
    for (const { intake } of this.#inputs.values()) intake.end();
    this.#inputs.clear();
  }

  pull(): void {}

  ask(): void {
    this.#isAsked = true;
    if (this.#taken.length === 0) return;
    const taken = this.#taken;
    this.#taken = [];
    for (const { intake } of taken) intake.ask();
  }

  open(page: unknown): readonly unknown[] {
    const input = page as Input;
    let items: readonly unknown[] | undefined;
    try {
      items = input.take();
    } catch (error) {
      this.#isAsked = false;
      if (input.intake.isOver) this.#remove(input);
      else this.#goOn(input); // one of its own sources has failed
      throw error;
    }
    if (items === undefined) {
      this.#remove(input);
      return [];
    }
    if (items.length > 0) this.#isAsked = false;
    this.#goOn(input);
    return arrivalsOf(input.source, items);
  }

  #goOn(input: Input): void {
    this.#taken.push(input);
    if (this.#isAsked) this.ask(); // for who asked still waits
    input.onReady();
  }

  #remove({ port, intake }: Input): void {
    intake.end();
    this.#inputs.delete(port);
    if (this.#ends && this.#inputs.size === 0) this.#sink.end(null);
  }

  drop(): void {}

  forget(items: readonly unknown[]): void {
    const inputs = new Map([...this.#inputs.values()].map((input) => [input.source, input]));
    for (const { source, value } of items as readonly Arrival[]) {
      inputs.get(source)?.intake.forget([value]);
    }
  }

  await(isAwaited: boolean): void {
    if (isAwaited === this.#isAwaited) return;
    this.#isAwaited = isAwaited;
    this.#b.alive.keep(isAwaited);
    this.#b.expect(isAwaited);
  }

  stop(): Promise<void> {
    const inputs = [...this.#inputs.values()];
    return this.#stopping ??= Promise.all(inputs.map(({ close }) => close())).then(() => {});
  }

  get inFlight(): number {
    return this.#inputs.size;
  }

  get capacity(): number {
    return this.#inputs.size;
  }

  get isLasting(): boolean {
    return true;
  }
}

const merges: WeakMap<Port<unknown>, Merge> = new WeakMap();

/** A port of what others have, and what feeds it; `ends`: with the last of them. */
export function mergedPort(ends: boolean): { readonly port: Port<Arrival>; readonly merge: Merge } {
  let merge!: Merge;
  const port = new Port<Arrival>((sink) => merge = new Merge(sink, ends));
  merges.set(port, merge);
  return { port, merge };
}

/** Whether a port is another one, or gets what that has. */
export function includes(port: Port<unknown>, other: Port<unknown>): boolean {
  const seen: Set<Port<unknown>> = new Set([port]);
  for (const one of seen) { // which grows meanwhile
    if (one === other) return true;
    for (const input of merges.get(one)?.ports ?? []) seen.add(input);
  }
  return false;
}
