/** A pool that shrinks when it is idle, and grows again. */
import assert from "node:assert/strict";
import { configure, Context, stats } from "../../../mod.ts";
import { openContextLib } from "../contexts.ts";
import { until } from "../harness.ts";

const library = openContextLib();

async function lease(count: number): Promise<void> {
  const contexts = await Promise.all(Array.from({ length: count }, () => Context.acquire()));
  await Promise.all(contexts.map((context) => context.use(library).answer()));
  assert.ok(stats().threads >= count);
  await Promise.all(contexts.map((context) => context.release()));
}

configure({ threadsMin: 2, idleTime: 100 });
await lease(8);
await until(() => stats().threads <= 2, "six threads have ended");
assert.ok(stats().slots.retired >= 6);
await new Promise((resolve) => setTimeout(resolve, 300)); // longer than the idle time
assert.equal(stats().threads, 2);
await lease(8);
await until(() => stats().threads <= 2, "they have ended again");
