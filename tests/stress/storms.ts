/**
 * Storms: foreign threads that call callbacks of every kind, while these answer, fail, are late and
 * are closed.
 *
 * @module
 */
import { bind, callback } from "../../mod.ts";
import { crowdCall, fallback, indexOf, valueOf } from "../support/crowds.ts";
import { Crowd, type StormScene } from "./crowd.ts";
import type { Random } from "./random.ts";
import { Broken, hold } from "./tally.ts";

const CALLS_MAX = 400;
const POSTS_MAX = 8000;
const PAUSE_MS_MAX = 20;
const STREAM_MS_MAX = 200;
const ROUNDS_MAX = 40;
const DEPTH_MAX = 4;
const OTHERS = 24;
/** No crowd has the key 0. */
const STRANGE = 7;
const TIMEOUTS_MS = [1, 5, 50, 10_000] as const;
const POLICIES = ["block", "drop-newest", "drop-oldest", "latest"] as const;

type Storm = (scene: StormScene) => Promise<void>;

interface Closable {
  close(): void;
  forget(): void;
}

async function pause(random: Random): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, random.below(PAUSE_MS_MAX)));
}

/* Callbacks that get any address that was given away, though C still calls it. */
async function openOthers({ random, tally }: StormScene): Promise<void> {
  const stranger = (value: number): void =>
    tally.fail(new Broken("C reaches its own callback", `${value} reached a new one`));
  const others = Array.from(
    { length: OTHERS },
    () => callback.post(crowdCall, stranger, { returns: STRANGE }),
  );
  await pause(random);
  for (const other of others) other.forget();
}

/* Closes it in the midst, or not at all. */
async function closeSometime(scene: StormScene, crowd: Crowd, target: Closable): Promise<void> {
  if (!crowd.mayBeClosed) return;
  await pause(scene.random);
  target.close();
  await openOthers(scene);
}

/* Nobody calls it any more, so its address may serve again; or stays a tombstone. */
function endIt(random: Random, target: Closable): void {
  if (random.chance(0.8)) target.forget();
  else target.close();
}

/* Answers, at once or later; fails; or never answers. */
async function later(
  { random, reports }: StormScene,
  answer: number,
  close: () => void,
): Promise<number> {
  const how = random.next();
  if (how < 0.5) await Promise.resolve();
  else if (how < 0.9) await pause(random);
  else if (how < 0.95) throw reports.make();
  else if (how < 0.97) close();
  return answer;
}

async function asking(scene: StormScene): Promise<void> {
  const { random, library, reports } = scene;
  const crowd = new Crowd(scene, CALLS_MAX);
  const [closesItself, forgets] = [random.chance(0.2), random.chance(0.1)];
  const timeout = forgets ? random.pick([5, 50]) : random.pick(TIMEOUTS_MS);
  const close = (): void => closesItself ? asked.close() : undefined;
  const asked = callback.call(crowdCall, (value, thread, bytes, size) => {
    crowd.take(value, thread, bytes, size);
    const answer = valueOf(crowd.key, indexOf(value));
    const how = random.next();
    if (how < 0.6) return answer;
    if (how < 0.65) throw reports.make();
    if (how < 0.7 && forgets) return new Promise<number>(() => {});
    return later(scene, answer, close);
  }, { fallback, timeout });
  crowd.start(asked);
  await closeSometime(scene, crowd, asked);
  crowd.mayBeClosed ||= closesItself;
  const { made } = await crowd.gone("call");
  if (!crowd.mayBeClosed) await crowd.holdAccounted("call", made, () => asked.stats);
  endIt(random, asked);
  hold(library.crowdFault.sync(0) === 0, "C gets its own answers", () => "another's was given");
}

async function posting(scene: StormScene): Promise<void> {
  const { random, reports } = scene;
  const crowd = new Crowd(scene, POSTS_MAX);
  const overflow = random.pick(POLICIES);
  const capacity = 2 + random.skewed(1022);
  const throwsAt = random.chance(0.3) ? random.below(POSTS_MAX) : Infinity;
  const kind = `post ${overflow}`;
  const posted = callback.post(crowdCall, (value, thread, bytes, size) => {
    crowd.take(value, thread, bytes, size);
    if (crowd.seen === throwsAt) throw reports.make();
  }, { returns: { parameter: 0 }, overflow, capacity });
  crowd.start(posted);
  await closeSometime(scene, crowd, posted);
  const { made } = await crowd.gone(kind);
  if (!crowd.mayBeClosed) await crowd.holdAccounted(kind, made, () => posted.stats);
  if (overflow === "block") {
    hold(posted.stats.dropped === 0, "block loses nothing", () => `${posted.stats.dropped} lost`);
  }
  endIt(random, posted);
}

/* Its consumer is slow, and may leave. */
async function streaming(scene: StormScene): Promise<void> {
  const { random, tally } = scene;
  const crowd = new Crowd(scene, POSTS_MAX / 4);
  const overflow = random.pick(POLICIES);
  const kind = `stream ${overflow}`;
  const calls = callback.stream(crowdCall, {
    returns: { parameter: 0 },
    overflow,
    capacity: 2 + random.skewed(254),
  });
  const leaves = crowd.mayBeClosed ? performance.now() + random.below(STREAM_MS_MAX) : Infinity;
  const consume = async (): Promise<void> => {
    for await (const [value, thread, bytes, size] of calls) {
      crowd.take(value, thread, bytes, size);
      if (performance.now() >= leaves) break;
      if (random.chance(0.005)) await pause(random);
    }
  };
  crowd.start(calls);
  const consumed = tally.follow(kind, consume());
  const { made } = await crowd.gone(kind);
  if (!crowd.mayBeClosed) await crowd.holdAccounted(kind, made, () => calls.stats);
  calls.end();
  await consumed;
  endIt(random, calls);
}

/* It is called on this thread too, where its handler runs at once, also in the midst of another. */
async function here(scene: StormScene): Promise<void> {
  const { random, library, reports } = scene;
  const crowd = new Crowd(scene, CALLS_MAX);
  let calls = 0;
  const callHere = (): void => {
    const value = valueOf(crowd.key, ++calls);
    const got = library.crowdCall.sync(asked, value);
    const isRight = got === value || (crowd.mayBeClosed && got === fallback.closed);
    hold(isRight, "calls on this thread are exact", () => `${value} gave ${got}`);
  };
  let depth = 0;
  const asked = callback.call(crowdCall, (value, thread, bytes, size) => {
    crowd.take(value, thread, bytes, size);
    if (depth === 0 && random.chance(0.05)) throw reports.make();
    if (depth < DEPTH_MAX && random.chance(0.2)) {
      depth++;
      callHere();
      depth--;
    }
    return valueOf(crowd.key, indexOf(value));
  }, { fallback });
  crowd.start(asked);
  const closing = closeSometime(scene, crowd, asked);
  for (let round = random.below(ROUNDS_MAX); round > 0; round--) {
    depth++;
    callHere();
    depth--;
    if (random.chance(0.2)) await pause(random);
  }
  await closing;
  const { made } = await crowd.gone("call here");
  if (!crowd.mayBeClosed) await crowd.holdAccounted("call here", made + calls, () => asked.stats);
  endIt(random, asked);
}

/* No JavaScript is involved. */
async function binding(scene: StormScene): Promise<void> {
  const { random, library } = scene;
  const crowd = new Crowd(scene, 10 * POSTS_MAX);
  const bound = bind(library.crowdAnswer, crowd.key);
  crowd.start(bound);
  await closeSometime(scene, crowd, bound);
  const { made, answered, closed } = await crowd.gone("bound");
  hold(answered + closed === made, "bound calls are exact", () => `${answered} of ${made}`);
  endIt(random, bound);
}

const STORMS: readonly Storm[] = [asking, asking, posting, posting, streaming, here, binding];

/** Has one storm after the other until it is told to stop. */
export async function stormer(scene: StormScene, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const storm = scene.random.pick(STORMS);
    await scene.tally.follow("storm", storm(scene));
  }
}
