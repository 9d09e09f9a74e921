import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { callback, Context, type SidingError } from "../mod.ts";
import { ask, openCallbackLib, post } from "./support/callbacks.ts";
import { rejection, test, until } from "./support/harness.ts";

const library = openCallbackLib();

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await rejection(promise) as SidingError).code;
}

test("a callback keeps the async context of its creation", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const [posted, answered] = storage.run("made here", () => [
    callback.post(post, () => void seen.push(storage.getStore())),
    callback.call(ask, async (value) => {
      await Promise.resolve();
      seen.push(storage.getStore());
      return value;
    }, { fallback: 0 }),
  ]);
  await storage.run("called there", async () => {
    await library.stormJoin(await library.stormStart(posted!, 1, 2));
    await library.askI32(answered!, 1, true);
  });
  await until(() => seen.length === 3, "all come");
  assert.deepEqual(seen, Array(3).fill("made here"));
  posted!.close();
  answered!.close();
});

test("P11: its own context is refused to a waiting callback, at any later time", async () => {
  await using context = await Context.acquire({ name: "own" });
  await using other = await Context.acquire({ name: "other" });
  const own = context.use(library);
  const elsewhere = Promise.withResolvers<void>();
  using asks = callback.call(ask, async (value) => {
    const refused = [await codeOf(own.add(1, 2))];
    await Promise.resolve();
    refused.push(await codeOf(own.add(1, 2)));
    await new Promise((resolve) => setTimeout(resolve, 2));
    refused.push(await codeOf(own.add.with({ timeout: 1000 })(1, 2)));
    await elsewhere.promise;
    refused.push(await codeOf(own.add(1, 2)));
    assert.deepEqual(refused, Array(4).fill("ERR_SIDING_REENTRANT"));
    assert.equal(await other.use(library).add(1, 2), 3);
    assert.equal(await library.add(1, 2), 3);
    return value + 1;
  }, { fallback: -1 });
  const asked = own.askI32(asks, 41, false);
  const queued = own.add(20, 22); // unrelated code waits in line
  setTimeout(() => elsewhere.resolve(), 20);
  assert.equal(await asked, 42);
  assert.equal(await queued, 42);
});

test("P11: what a handler has started may call once it has answered", async () => {
  await using context = await Context.acquire();
  const own = context.use(library);
  const answered = Promise.withResolvers<void>();
  let later: Promise<number> | undefined;
  using asks = callback.call(ask, (value) => {
    later = answered.promise.then(() => own.add(1, value));
    return value;
  }, { fallback: -1 });
  assert.equal(await own.askI32(asks, 5, false), 5);
  answered.resolve();
  assert.equal(await later, 6);
});

test("P11: scope.context calls on the waiting thread, ten levels deep", async () => {
  await using context = await Context.acquire();
  const thread = await context.use(library).threadId();
  let deepest = 0;
  using nested = callback.call(ask, async (value, scope): Promise<number> => {
    deepest = Math.max(deepest, value);
    const here = scope.context!.use(library);
    assert.equal(await here.threadId(), thread);
    if (value === 10) return 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
    return 1 + await here.askI32(nested, value + 1, false);
  }, { fallback: -1 });
  assert.equal(await context.use(library).askI32(nested, 1, false), 9);
  assert.equal(deepest, 10);
});

test("P11: an outer scope is refused to an inner callback, and ends with its answer", async () => {
  await using context = await Context.acquire();
  const codes: string[] = [];
  let kept: { threadId(): Promise<bigint> } | undefined;
  using inner = callback.call(ask, async (value) => {
    codes.push(await codeOf(kept!.threadId()));
    return value;
  }, { fallback: -1 });
  using outer = callback.call(ask, async (value, scope) => {
    kept = scope.context!.use(library);
    return await scope.context!.use(library).askI32(inner, value, false);
  }, { fallback: -1 });
  assert.equal(await context.use(library).askI32(outer, 3, false), 3);
  codes.push(await codeOf(kept!.threadId()));
  assert.deepEqual(codes, ["ERR_SIDING_REENTRANT", "ERR_SIDING_CLOSED"]);
});

test("a thread without a context has none in its scope", async () => {
  const seen: unknown[] = [];
  using asks = callback.call(ask, (value, scope) => {
    seen.push(scope.context, scope.signal.aborted);
    return value;
  }, { fallback: -1 });
  await library.askI32(asks, 1, true);
  library.askI32.sync(asks, 1, false);
  assert.deepEqual(seen, [null, false, null, false]);
});

test("P6: release from inside a waiting callback ends, with the closed value", async () => {
  const context = await Context.acquire({ drainTimeout: 5000 });
  let released: Promise<void> | undefined;
  using asks = callback.call(ask, async (value) => {
    released = context.release();
    await released;
    return value;
  }, { fallback: { throw: -1, timeout: -2, closed: -3 } });
  assert.equal(await context.use(library).askI32(asks, 1, false), -3);
  await released;
});

test("P8: a callback that a context keeps is closed with it, and answers so", async () => {
  const context = await Context.acquire();
  const told: string[] = [];
  const kept = context.keep(callback.call(ask, (value) => value, { fallback: -3 }));
  context.on("overflow", () => told.push("overflow"));
  assert.equal(await library.askI32(kept, 1, true), 1);
  await context.release();
  assert.equal(await library.askI32(kept, 1, true), -3);
  assert.deepEqual(told, []);
});
