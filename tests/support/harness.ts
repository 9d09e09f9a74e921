/**
 * What the tests ask of their runner: the same files run under `bun test`, `deno test` and
 * `node --test`.
 *
 * @module
 */
import { isImpossible, limitMs } from "./platform.ts";

/** A test. */
export type Body = () => void | Promise<void>;

interface DenoRunner {
  test(name: string, body: Body): void;
  test(options: { readonly name: string; readonly ignore: true; readonly fn: Body }): void;
}

type BunTest = (name: string, body: Body, timeoutMs: number) => void;

interface BunRunner {
  readonly test: BunTest & { readonly skip: BunTest };
}

interface NodeRunner {
  test(name: string, options: { timeout: number; skip: boolean }, body: Body): void;
}

/* Far more than any test takes alone: what goes on after its time disturbs the tests behind it. */
const TEST_MS_MAX = 600_000;

function find(): "bun" | "deno" | "node" {
  if ("Bun" in globalThis) return "bun";
  return "Deno" in globalThis ? "deno" : "node";
}

/** The runtime that runs the test. */
export const runtimeName: "bun" | "deno" | "node" = find();

/* not literals, so that other tools do not try to resolve them */
const [bunModule, nodeModule] = ["bun:test", "node:test"];
const bun = runtimeName === "bun" ? await import(bunModule) as BunRunner : undefined;
const node = runtimeName === "node" ? await import(nodeModule) as NodeRunner : undefined;

/** Declares a test. */
export function test(name: string, body: Body): void {
  if (bun !== undefined) {
    const declare = isImpossible(name) ? bun.test.skip : bun.test;
    declare(name, body, limitMs(TEST_MS_MAX));
  } else if (node !== undefined) {
    const options = { timeout: limitMs(TEST_MS_MAX), skip: isImpossible(name) };
    node.test(name, options, () => body());
  } else {
    (globalThis as unknown as { Deno: DenoRunner }).Deno.test(name, body);
  }
}

/* Only where the machine lacks something: counted as skipped, never as passed. */
function skip(name: string, reason: string): void {
  console.log(`SKIP ${name}: ${reason}`);
  const fn = (): void => {};
  if (bun !== undefined) bun.test.skip(name, fn, TEST_MS_MAX);
  else (globalThis as unknown as { Deno: DenoRunner }).Deno.test({ name, ignore: true, fn });
}

/** Declares tests that run where `missing` is `undefined`; otherwise it is why they cannot. */
export function testUnless(missing: string | undefined): typeof test {
  return (name, body) => missing === undefined ? test(name, body) : skip(name, missing);
}

/** Waits until `holds`, looking each time the event loop comes round; fails after `ms`. */
export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = performance.now() + limitMs(ms);
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited ${limitMs(ms)} ms for this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What `promise` gives; fails where it has not settled after `ms`. */
export async function inTime<T>(promise: Promise<T>, what: string, ms = 10_000): Promise<T> {
  const limit = limitMs(ms);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit} ms for this: ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const ATTEMPTS = 3;

/**
 * Runs a measurement again where it fails, at most twice: limits on time are about this library,
 * and not about what else the machine has to do at the moment.
 */
export async function measured(measure: () => Promise<void>): Promise<void> {
  for (let left = ATTEMPTS - 1; left > 0; left--) {
    try {
      return await measure();
    } catch (error) {
      console.log(`measuring again: ${(error as Error).message.split("\n", 1)[0]}`);
    }
  }
  await measure();
}

/** The error that `promise` rejects with; fails where it is fulfilled. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("the promise was fulfilled");
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** Pseudo-random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
