/**
 * Repetitions: a bound call or a chain that runs again and again on a context, without JavaScript
 * between the runs.
 *
 * @module
 */
import {
  bindChain,
  type Binding,
  dropBinding,
  holdBinding,
  isFull,
  submitBound,
  wholeBindingOf,
} from "./binding.ts";
import { type ChainParts, chainParts } from "./chain.ts";
import { type Condition, conditionOf } from "./condition.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { callStoppable, interruptNone, layouts, testNone } from "./generated/siding.ts";
import { type Interrupt, interruptCall, type InterruptParts, interruptParts } from "./interrupt.ts";
import type { Lease } from "./lease.ts";
import type { Gate } from "./marshal.ts";
import { abortedPort, type Feed, Port, type Sink } from "./port.ts";
import { checkRange, checkSignal, type Range } from "./range.ts";
import { runtime } from "./runtime/current.ts";
import type { Trip } from "./trip.ts";
import { type Words, words } from "./words.ts";

/**
 * Options of {@linkcode Context.repeat} for a chain.
 *
 * @category Bound calls and chains
 */
export interface ChainRepeatOptions {
  /**
   * How a run that blocks is made to return when another call is made on the context. A run of a
   * chain is then one round.
   */
  readonly wake?: Interrupt;
  /**
   * Runs in advance of the consumer, 1 to 65,536. Default 16; 4 of a chain, of which a run has many
   * rounds.
   */
  readonly capacity?: number;
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Options of {@linkcode Context.repeat} for a bound call.
 *
 * @category Bound calls and chains
 */
export interface RepeatOptions<R> extends ChainRepeatOptions {
  /** Which results are given; default: all. */
  readonly emit?: "all" | { readonly is: Compared<R> } | { readonly not: Compared<R> };
  /** Which result ends it, without being given; default: none. */
  readonly until?: Compared<R> | { readonly is: Compared<R> } | { readonly not: Compared<R> };
}

/**
 * What a result is compared with: its value, without what was added to it.
 *
 * @internal
 */
export type Compared<R> = R extends { readonly value: infer V } ? V : R;

const CAPACITY_DEFAULT = 16;
const CAPACITY_OF_CHAIN = 4;
const CAPACITIES: Range = { least: 1, most: 65_536 };
/** Rounds in one run of a chain: more, step by step, while runs come in quick succession. */
const ROUNDS: readonly number[] = [16, 64, 256, 1024];
/** Of a chain that waits: what a round has made is told before the next one waits. */
const ROUNDS_OF_WAITING: readonly number[] = [1];
const QUICK_MS = 5;
const { size, offsets } = layouts.repeatOptions;

interface Plan {
  readonly lease: Lease;
  /** Of the context. */
  readonly owner: Gate;
  readonly body: Binding | ChainParts;
  readonly emit: Condition;
  readonly until: Condition;
  readonly wake: InterruptParts;
  readonly capacity: number;
  readonly signal: AbortSignal | undefined;
}

function isChain(body: Binding | ChainParts): body is ChainParts {
  return "rounds" in body;
}

function openRepeat({ lease, emit, until, wake }: Plan): number {
  const raw: Words = words(size / 8);
  raw.u32[offsets.sizeBytes / 4] = size;
  raw.u32[offsets.emitTest / 4] = emit.test;
  raw.u32[offsets.untilTest / 4] = until.test;
  raw.u32[offsets.wakeKind / 4] = wake.kind;
  raw.u64[offsets.emitExpected / 8] = emit.expected;
  raw.u64[offsets.untilExpected / 8] = until.expected;
  raw.u64[offsets.wakeOperand / 8] = wake.operand;
  raw.u64[offsets.wakeValue / 8] = wake.value;
  raw.u64[offsets.context / 8] = BigInt(lease.handle);
  const out = words(1);
  const { native, handle } = lease.b;
  checkStatus(native.siding_repeat_open(handle, raw.u8, out.u8), "repeat a call");
  return Number(out.u64[0]);
}

/* Why nothing can run any more, if it cannot. */
function refusalOf({ lease, owner, body }: Plan): Error | undefined {
  const { entry: { name }, place: { gate } } = body.origins;
  const closed = owner.closed ? owner : gate;
  return closed.closed || lease.b.closed ? closed.error(name) : undefined;
}

function isEnded(error: unknown): boolean {
  return error instanceof SidingError && error.code === "ERR_SIDING_ENDED";
}

/** The bindings of one body: of a chain one for each number of rounds. */
class Body {
  readonly #given: Binding | ChainParts;
  readonly #rounds: readonly number[];
  readonly #bindings: Binding[] = [];
  #step = 0;
  #last = 0;

  constructor(given: Binding | ChainParts, rounds: readonly number[]) {
    this.#given = given;
    this.#rounds = rounds;
    if (isChain(given)) return;
    holdBinding(given);
    this.#bindings.push(given);
  }

  /** What the next run is a run of. */
  get binding(): Binding {
    const known = this.#bindings[this.#step];
    if (known !== undefined) return known;
    const made = bindChain(this.#given as ChainParts, this.#rounds[this.#step]);
    this.#bindings[this.#step] = made;
    return made;
  }

  /** Learns from a trip whether more rounds in one would come soon enough. */
  learn(trip: Trip): void {
    const now = performance.now();
    const isFull = trip.count >= this.#rounds[this.#step]!;
    const isLast = this.#step === this.#rounds.length - 1;
    if (isFull && !isLast && now - this.#last < QUICK_MS) this.#step++;
    this.#last = now;
  }

  /** Gives them up. */
  end(): void {
    for (const binding of this.#bindings.splice(0)) dropBinding(binding);
  }
}

/** Keeps as many runs in flight as the consumer has room for. */
class Repetition implements Feed {
  readonly #plan: Plan;
  readonly #sink: Sink;
  readonly #body: Body;
  readonly #handle: number;
  #inFlight = 0;
  #isOver = false;
  #isAwaited = false;
  #isSettling = false;
  /** Told of results that nobody takes. */
  onForgotten: ((results: readonly unknown[]) => void) | undefined;
  /** Runs to be submitted when what was settled has been. */
  #late = 0;
  #stopped: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(plan: Plan, sink: Sink) {
    this.#plan = plan;
    this.#sink = sink;
    this.#handle = openRepeat(plan);
    const waits = plan.wake.kind !== interruptNone;
    this.#body = new Body(plan.body, waits ? ROUNDS_OF_WAITING : ROUNDS);
    plan.signal?.addEventListener("abort", this.#onAbort);
    for (let i = 0; i < plan.capacity; i++) this.pull();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get capacity(): number {
    return this.#plan.capacity;
  }

  get isLasting(): boolean {
    return false;
  }

  ask(): void {}

  drop(page: unknown): void {
    if (this.onForgotten !== undefined) this.onForgotten(this.open(page));
  }

  forget(items: readonly unknown[]): void {
    this.onForgotten?.(items);
  }

  pull(): void {
    if (!this.#isSettling) return this.#submit();
    if (this.#late++ === 0) queueMicrotask(this.#catchUp);
  }

  /* No token is taken while events are settled. */
  readonly #catchUp = (): void => {
    const count = this.#late;
    this.#late = 0;
    for (let i = 0; i < count; i++) this.#submit();
  };

  #submit(): void {
    if (this.#isOver) return;
    const { owner, lease: { b } } = this.#plan;
    if (isFull(b)) return b.wait(() => this.#submit());
    const { binding } = this.#body;
    const refusal = refusalOf(this.#plan);
    if (refusal !== undefined) {
      this.#sink.fail(refusal);
      return void this.stop();
    }
    const run = { context: this.#handle, flags: callStoppable, owner };
    submitBound(binding, run, this.#settle);
    this.#inFlight++;
    b.alive.pending--; // a run that nobody waits for keeps nothing alive
    b.alive.listen();
  }

  open(page: unknown): readonly unknown[] {
    const { body } = this.#plan;
    return isChain(body) ? body.rounds(page) : [page];
  }

  await(isAwaited: boolean): void {
    if (isAwaited === this.#isAwaited) return;
    this.#isAwaited = isAwaited;
    this.#hold(isAwaited);
  }

  #hold(isHeld: boolean): void {
    this.#plan.lease.b.alive.keep(isHeld);
  }

  stop(): Promise<void> {
    return this.#stopping ??= new Promise((resolve) => {
      this.#hold(true);
      this.#stopped = resolve;
      this.#close();
    });
  }

  #close(): void {
    const { lease: { b }, wake } = this.#plan;
    this.#over();
    b.flush();
    b.native.siding_repeat_close(b.handle, runtime.wide(this.#handle));
    if (wake.kind === interruptNone && this.#inFlight > 0) this.#interrupt();
    this.#lookForEnd();
  }

  /* A run that nothing wakes is interrupted the way that its context has. */
  #interrupt(): void {
    const { lease: { b }, wake } = this.#plan;
    for (const token of b.settling.tokensOf(this.#settle)) {
      if (interruptCall(b, token, wake)) return;
    }
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#plan.signal?.removeEventListener("abort", this.#onAbort);
    this.#body.end();
  }

  #lookForEnd(): void {
    if (this.#stopped === undefined || this.#inFlight > 0) return;
    this.#stopped();
    this.#stopped = undefined;
    this.#hold(false);
  }

  readonly #onAbort = (): void => {
    this.#sink.abort(this.#plan.signal?.reason);
    this.stop();
  };

  readonly #settle = (value: unknown): void => {
    this.#plan.lease.b.alive.pending++;
    this.#inFlight--;
    this.#isSettling = true;
    if (value instanceof Promise) this.#fail(value);
    else if (this.#isOver) this.drop(value);
    else this.#take(value);
    this.#isSettling = false;
    this.#lookForEnd();
  };

  #take(value: unknown): void {
    this.#sink.page(value);
    if (!isChain(this.#plan.body)) return;
    const trip = value as Trip;
    this.#body.learn(trip);
    if (trip.end === null) return;
    this.#over();
    this.#sink.end(trip.end);
    this.stop();
  }

  /* What comes after an error is no more than what was in flight. */
  #fail(failure: Promise<unknown>): void {
    const isLate = this.#isOver;
    this.#over();
    failure.catch((error) => {
      if (isLate) return;
      if (isEnded(error)) this.#sink.end(null);
      else this.#sink.fail(error);
      this.stop();
    });
  }
}

function planOf(
  lease: Lease,
  owner: Gate,
  body: unknown,
  options: RepeatOptions<unknown>,
): Plan {
  const action = "repeat a call";
  const chain = chainParts(body);
  const given = chain ?? wholeBindingOf(body, "repeat");
  if (given === undefined) {
    throw new TypeError("Cannot repeat this: it is no bound call and no chain");
  }
  if ("chain" in given && given.chain !== undefined) {
    throw new TypeError("Cannot repeat a bound chain: give the chain itself");
  }
  const { emit, until, wake, signal } = options;
  const { capacity = chain === undefined ? CAPACITY_DEFAULT : CAPACITY_OF_CHAIN } = options;
  checkRange(capacity, "capacity", action, CAPACITIES);
  checkSignal(signal, action);
  const always: Condition = { test: testNone, expected: 0n };
  if (chain !== undefined && (emit !== undefined || until !== undefined)) {
    throw new TypeError("Cannot repeat a chain with emit or until: its steps have conditions");
  }
  const { entry } = (chain ?? given as Binding).origins;
  return {
    lease,
    owner,
    body: given,
    emit: emit === "all" ? always : conditionOf(emit, entry.plan, entry.name),
    until: conditionOf(until, entry.plan, entry.name),
    wake: interruptParts(wake, "wake", action),
    capacity: Math.floor(capacity),
    signal,
  };
}

const repetitions: WeakMap<Port<unknown>, Repetition> = new WeakMap();

/** Has `listener` told of results that nobody takes, those after the end included. */
export function whenForgotten(
  port: Port<unknown>,
  listener: (results: readonly unknown[]) => void,
): void {
  const repetition = repetitions.get(port);
  if (repetition !== undefined) repetition.onForgotten = listener;
}

/** Repeats a bound call or a chain on a context. */
export function repeat(
  lease: Lease,
  owner: Gate,
  body: unknown,
  options: RepeatOptions<unknown>,
): Port<unknown> {
  const plan = planOf(lease, owner, body, options);
  const { signal } = plan;
  if (signal?.aborted) return abortedPort(signal);
  const refusal = refusalOf(plan);
  if (refusal !== undefined) throw refusal;
  let repetition!: Repetition;
  const port = new Port<unknown>((sink) => repetition = new Repetition(plan, sink));
  repetitions.set(port, repetition);
  return port;
}
