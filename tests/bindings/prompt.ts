/**
 * Calls of a library whose wait function is repeated meanwhile: each wakes it and runs at once.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { measured, median } from "../support/harness.ts";

const ROUNDS = 200;
const PROMPT_MS = 5;

/** Fails unless `call` returns within 5 ms, in the middle of 200 times. */
export function expectPrompt(call: () => Promise<unknown>): Promise<void> {
  return measured(async () => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await call();
      times.push(performance.now() - start);
    }
    ok(median(times) < PROMPT_MS, `${median(times)} ms`);
  });
}
