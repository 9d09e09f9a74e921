/**
 * Single calls of every signature, checked against what C must have made of them.
 *
 * @module
 */
import type { Act, Lease } from "./scene.ts";
import { ABORTED, hold } from "./tally.ts";

const BUFFER_BYTES_MAX = 20_000;
const SLEEP_MS_MAX = 6;
const SPIN_US_MAX = 400;

/** Adds two numbers. */
export async function add({ random, tally, here }: Lease): Promise<void> {
  const [a, b] = [random.below(2 ** 31), -random.below(2 ** 31)];
  const sum = await tally.follow("add", here.add(a, b));
  hold(sum === undefined || sum === a + b, "results are exact", () => `${a} + ${b} gave ${sum}`);
}

async function text({ random, tally, here }: Lease): Promise<void> {
  const sent = `text ${random.next()}`.repeat(1 + random.skewed(60));
  const got = await tally.follow("text", here.echoText(sent));
  hold(got === undefined || got === sent, "results are exact", () => `a text came as "${got}"`);
}

async function buffer({ random, tally, here }: Lease): Promise<void> {
  const bytes = new Uint8Array(1 + random.skewed(BUFFER_BYTES_MAX)).fill(random.below(200));
  const [first, size] = [bytes[0]!, bytes.length];
  const sum = await tally.follow("buffer", here.increment(bytes, size));
  const right = bytes.every((byte) => byte === (sum === undefined ? first : first + 1));
  hold(right, "buffers come back filled or not at all", () => `${size} bytes of ${first}`);
}

async function errno({ random, tally, here }: Lease): Promise<void> {
  const error = random.below(100);
  const result = await tally.follow("errno", here.errnoFail(error));
  const right = result === undefined || result.errno === error;
  hold(right, "errno is that of the call", () => `${error} came as ${result?.errno}`);
}

async function wait({ random, tally, here }: Lease): Promise<void> {
  await tally.follow("spin", here.spin(random.below(SPIN_US_MAX)));
}

async function timeout({ random, tally, here }: Lease): Promise<void> {
  const name = random.pick(["timeout", "runTimeout"] as const);
  const options = { [name]: 1 + random.below(SLEEP_MS_MAX) };
  await tally.follow(name, here.sleep.with(options)(random.below(SLEEP_MS_MAX)));
}

async function abort({ random, tally, here }: Lease): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const options = random.chance(0.3) ? { signal, interrupt: "signal" as const } : { signal };
  const call = tally.follow("abort", here.sleep.with(options)(random.below(SLEEP_MS_MAX)));
  const pause = random.below(SLEEP_MS_MAX);
  const timer = setTimeout(() => controller.abort(ABORTED), pause);
  await call;
  clearTimeout(timer);
}

async function shared({ random, tally, library }: Lease): Promise<void> {
  const a = random.below(1000);
  const sum = await tally.follow("shared", library.add(a, 1));
  hold(sum === a + 1, "results are exact", () => `${a} + 1 gave ${sum}`);
}

/** Those that there are, the cheap ones more often. */
export const CALLS: readonly Act[] = [add, add, text, buffer, errno, wait, timeout, abort, shared];
