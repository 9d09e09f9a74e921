/**
 * The ways in which a lease ends.
 *
 * @module
 */
import { bind } from "../../mod.ts";
import { add } from "./calls.ts";
import { holdAlive, holdFaultless, pickLoose } from "./owning.ts";
import { holdSoon, type Lease } from "./scene.ts";
import { hold } from "./tally.ts";

const CALLS_MAX = 24;
/** Longer than two drain times. */
const WEDGE_MS = 90;

/* Deferred calls run before the release resolves, or soon after where the thread came too late. */
async function deferring(lease: Lease): Promise<void> {
  const { random, tally, context, library, here, counter } = lease;
  await add(lease);
  const before = library.countGet.sync(counter);
  const bodies = Array.from({ length: 1 + random.below(4) }, () => bind(here.countAdd, counter));
  for (const body of bodies) context.defer(body);
  await tally.follow("release", context.release());
  for (const body of bodies) body[Symbol.dispose]();
  const ran = (): number => library.countGet.sync(counter) - before;
  const detail = (): string => `${ran()} of ${bodies.length}`;
  await holdSoon(() => ran() === bodies.length, "what is deferred runs once", detail);
}

/* Some of them run, the others are refused; none is forgotten. */
async function full({ random, tally, context, here }: Lease): Promise<void> {
  const length = 1 + random.below(CALLS_MAX);
  const calls = Array.from({ length }, () => tally.follow("queued", here.spin(50)));
  await tally.follow("release", context.release());
  await Promise.all(calls);
}

/* What is being closed is destroyed by that or by the end, whichever comes first. */
async function closing(lease: Lease): Promise<void> {
  const { random, tally, context, witnesses } = lease;
  const length = random.below(witnesses.length + 1);
  const closed = Array.from(
    { length },
    () => tally.follow("close at the end", pickLoose(lease).close()),
  );
  await tally.follow("release", context.release());
  for (const ended of await Promise.all(closed)) {
    hold(ended === undefined || ended === 1, "closing destroys at once", () => `it gave ${ended}`);
  }
}

/* The lease ends without its thread, which comes back by itself. */
async function wedged({ tally, context, here }: Lease): Promise<void> {
  const call = tally.follow("wedge", here.sleep(WEDGE_MS));
  await tally.follow("release", context.release());
  await call;
}

async function plain({ random, tally, context }: Lease): Promise<void> {
  const releases = Array.from({ length: 1 + random.below(3) }, () => context.release());
  await Promise.all(releases.map((release) => tally.follow("release", release)));
}

async function endAlone(lease: Lease): Promise<void> {
  const how = lease.random.next();
  if (how < 0.05) await wedged(lease);
  else if (how < 0.2) await full(lease);
  else if (how < 0.3) await deferring(lease);
  else if (how < 0.4) await closing(lease);
  else await plain(lease);
  const left = (): number => lease.library.pileSize.sync(lease.pile);
  await holdSoon(() => left() === 0, "what is owned ends with its lease", () => `${left()} left`);
}

/* While anybody has a part, the lease goes on. */
async function holdHeld({ tally, here }: Lease): Promise<void> {
  const sum = await tally.follow("held", here.add(1, 2));
  hold(sum === 3, "a lease lasts as long as it is held", () => `a call gave ${sum}`);
}

/** Ends a lease, or this thread's part of it. */
export async function end(lease: Lease): Promise<void> {
  await holdHeld(lease);
  holdAlive(lease);
  await (lease.isShared ? plain(lease) : endAlone(lease));
  holdFaultless(lease.library);
}
