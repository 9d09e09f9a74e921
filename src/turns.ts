/**
 * When call records go down and events come up.
 *
 * A turn is what JavaScript does until a microtask queued by its first call runs. That first call
 * goes down at once, the others of the turn together in the microtask. When turns have one call
 * each and their functions are short, the call waits for its result on the spot for some
 * microseconds, which saves both wake-ups. So does who waits for an event of a source, when these
 * come soon.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { checkStatus } from "./errors.ts";
import { drainMore } from "./generated/siding.ts";
import { learn, type Meter, meter, Pacing } from "./pacing.ts";
import { runtime } from "./runtime/current.ts";
import { settings } from "./settings.ts";
import { SETTLED_BEFORE_LOOK } from "./settling.ts";

/** Posts waited for on the spot, which is worth while where they come in a stream. */
const POSTS_AWAITED = 128;
/** Longest wait on the spot for an event of a source: as long as it takes to be woken for one. */
const AWAIT_NS_MAX = 50_000;
/** Calls staged beyond this many words go down within the turn, so that workers start early. */
const PIPELINE_WORDS = 256;

/** The turns of one connection. */
export class Turns {
  readonly #b: Bridge;
  readonly #pacing: Pacing = new Pacing();
  readonly #turnMeter: Meter = meter();
  readonly #drainMeter: Meter = meter();
  readonly #answerMeter: Meter = meter();
  readonly #postMeter: Meter = meter();
  readonly #sourceMeter: Meter = meter();
  #calls = 0;
  #fed = false;
  #lone = true;
  #draining = false;
  #due = false;
  #expects = false;
  #paused = false;
  #cursor = 0;
  #end = 0;
  #more = false;

  constructor(b: Bridge) {
    this.#b = b;
  }

  /** Takes notice of a call that was staged. */
  call(meter: Meter | undefined): void {
    if (this.#calls++ === 0) this.#begin(meter);
    else if (this.#b.at >= PIPELINE_WORDS) this.#feed();
  }

  /** Sends down what was staged. */
  submit(): void {
    const b = this.#b;
    if (b.at === 0) return;
    const count = b.at;
    b.at = 0;
    if (b.closed) return;
    checkStatus(b.native.siding_bridge_submit(b.handle, b.staging.u8, count), "submit calls");
  }

  #begin(meter: Meter | undefined): void {
    queueMicrotask(this.#finish);
    if (!this.#lone) return;
    if (meter !== undefined && this.#mayExchange(1, meter)) {
      this.#take(this.#await(1, meter), false);
    } else this.submit();
  }

  /* Sends down what a turn has so far; the turn's end looks at what came back. */
  #feed(): void {
    const b = this.#b;
    const count = b.at;
    b.at = 0;
    this.#fed = true;
    if (b.closed) return;
    checkStatus(b.native.siding_bridge_feed(b.handle, b.staging.u8, count), "submit calls");
  }

  readonly #finish = (): void => {
    const { alive, closed } = this.#b;
    const calls = this.#calls;
    this.#lone = calls === 1;
    this.#calls = 0;
    if (closed) return;
    if (calls > 1 && this.#mayExchange(calls, this.#turnMeter)) {
      this.#take(this.#await(calls, this.#turnMeter), true);
    } else {
      this.submit();
      if (this.#fed && this.#draining) this.#more = true;
      else if (this.#fed) this.#drain();
    }
    this.#fed = false;
    if (alive.pending > 0) alive.hold();
  };

  #mayExchange(calls: number, meter: Meter): boolean {
    if (meter.skip > 0) {
      meter.skip--;
      return false;
    }
    return !this.#draining && this.#pacing.mayExchange(calls);
  }

  /** Submits, and waits for `calls` events on the spot; learns whether that pays. */
  #await(calls: number, meter: Meter): number {
    const b = this.#b;
    const { events } = b;
    const count = b.at;
    b.at = 0;
    const got = b.native.siding_bridge_exchange(
      b.handle,
      b.staging.u8,
      count,
      events.u8,
      events.length,
      calls,
      this.#pacing.spinFor(calls),
    );
    checkStatus(got, "submit calls");
    learn(meter, got, calls);
    return got;
  }

  /** Every kick is followed by a drain: libsiding sends no second one before it. */
  readonly onWake = (): void => {
    const isSocket = this.#b.wake === "socket";
    if (this.#b.closed) return;
    this.#more = true;
    if (this.#draining && !(isSocket && this.#paused)) return; // who drains will see to it
    if (isSocket) this.#resume();
    else {
      this.#draining = true;
      this.#pacing.continue(); // of callbacks the runtime runs all there are before any timer
      this.#look();
    }
  };

  readonly #resume = (): void => {
    if (this.#b.closed) return;
    this.#draining = true;
    this.#paused = false;
    this.#pacing.begin();
    this.#next();
  };

  /** Takes notice that somebody waits for an event of a source. */
  expect(): void {
    if (this.#expects || settings.spin === 0) return;
    this.#expects = true;
    queueMicrotask(this.#onExpect);
  }

  /* Where answers follow messages, who waits on the spot is not woken for each. */
  readonly #onExpect = (): void => {
    this.#expects = false;
    const { closed, expected } = this.#b;
    if (closed || expected === 0 || this.#draining || this.#due) return;
    const meter = this.#sourceMeter;
    if (meter.skip > 0) meter.skip--;
    else if (this.#pacing.mayAwait()) this.#awaitEvent(meter);
    else {
      this.#expects = true;
      runtime.later(this.#onTurn);
    }
  };

  /* Timers and I/O have had their turn. */
  readonly #onTurn = (): void => {
    this.#pacing.begin();
    this.#onExpect();
  };

  #awaitEvent(meter: Meter): void {
    this.submit();
    const { native, handle, events } = this.#b;
    const spin = Math.min(settings.spin * 1000, AWAIT_NS_MAX);
    const got = native.siding_bridge_await(handle, events.u8, events.length, spin);
    learn(meter, checkStatus(got, "wait for an event"), 1);
    this.#take(got, true);
  }

  /** Drains soon what nothing will rouse this thread for. */
  soon(): void {
    if (this.#draining) {
      this.#more = true; // whoever drains, or is going to, will see to it
    } else if (!this.#due) {
      this.#due = true;
      queueMicrotask(this.#onDue);
    }
  }

  readonly #onDue = (): void => {
    this.#due = false;
    if (this.#b.closed) return;
    this.#more = true;
    if (this.#draining) return;
    this.#draining = true;
    this.#look();
  };

  /* Where many calls are in flight, waiting for more of them here saves as many kicks. */
  #drain(): void {
    const { native, handle, events, inFlight } = this.#b;
    const calls = Math.min(inFlight, SETTLED_BEFORE_LOOK);
    const meter = this.#drainMeter;
    if (calls > 1 && meter.skip === 0) return this.#take(this.#await(calls, meter), true);
    meter.skip -= meter.skip > 0 ? 1 : 0;
    const got = native.siding_bridge_drain(handle, events.u8, events.length);
    this.#take(checkStatus(got, "drain events"), true);
  }

  /**
   * Settles the events just got, with looks at the time in between. Where a caller waits for its
   * turn to go on, handlers of callbacks may not run yet.
   */
  #take(got: number, mayRun: boolean): void {
    this.#draining = true;
    this.#cursor = 0;
    this.#end = got & ~drainMore;
    this.#more = (got & drainMore) !== 0;
    this.#step(mayRun);
  }

  /* Handlers of what was settled run before the microtask queued here. */
  #step(mayRun: boolean): void {
    const b = this.#b;
    this.#cursor = b.settling.settle(this.#cursor, this.#end, mayRun);
    if (b.closed) return;
    if (b.queued > 0) b.admit();
    if (this.#cursor < this.#end || this.#more) {
      queueMicrotask(this.#look);
      return;
    }
    this.#draining = false;
    b.alive.scheduleRelease();
    const { answered, wasCalled } = b.settling;
    if (answered > 0) this.#listen(answered, this.#answerMeter);
    else if (wasCalled) this.#listen(POSTS_AWAITED, this.#postMeter);
  }

  /* Who has just been answered, or has posted, may call again sooner than this thread could sleep
     and be woken. */
  #listen(calls: number, meter: Meter): void {
    if (!this.#mayExchange(1, meter)) return;
    this.#draining = true;
    queueMicrotask(() => {
      if (!this.#b.closed) this.#take(this.#await(calls, meter), true);
    });
  }

  readonly #look = (): void => {
    if (this.#pacing.hasTime()) return this.#next();
    const b = this.#b;
    this.#paused = true;
    /* timers and I/O have their turn before the socket has; callbacks would starve them */
    if (b.wake === "socket") b.native.siding_bridge_wake(b.handle);
    else runtime.later(this.#resume);
  };

  #next(): void {
    if (this.#b.closed) return;
    if (this.#cursor < this.#end) this.#step(true);
    else this.#drain();
  }
}
