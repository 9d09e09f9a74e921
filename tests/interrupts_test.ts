import assert from "node:assert/strict";
import process from "node:process";
import {
  alloc,
  bind,
  Context,
  open,
  type Pointer,
  type SidingError,
  stats,
  write,
} from "../mod.ts";
import { makeGate, openContextLib } from "./support/contexts.ts";
import { measured, rejection, test, until } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";

const library = openContextLib();
const isPosix = process.platform !== "win32";
const reason = { why: "the caller's own reason" };
const PROMPT_MS = limitMs(50);

/* The C library of Windows counts bytes by int. */
const got = (isPosix ? "i53" : "i32") as "i53";
const count = (isPosix ? "u53" : "u32") as "u53";
const prefix = isPosix ? "" : "_";
const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib", windows: "ucrtbase.dll" }, {
  pipe: {
    name: `${prefix}pipe`,
    parameters: [{ out: { array: "i32", length: 2 } }, "u32", "i32"],
    result: "i32",
  },
  read: {
    name: `${prefix}read`,
    parameters: ["i32", { out: "buffer" }, count],
    result: got,
    errno: true,
  },
  write: { name: `${prefix}write`, parameters: ["i32", "buffer", count], result: got },
  close: { name: `${prefix}close`, parameters: ["i32"], result: "i32" },
});
const BINARY = 0x8000;

/* POSIX has the first parameter only, and does not see the others. */
function makePipe(): [from: number, to: number] {
  const [[from, to]] = libc.pipe.sync(4096, BINARY).out;
  return [from!, to!];
}

/** Gives up a call that waits for a flag, and waits until C has returned. */
async function giveUp(
  wait: (options: { signal: AbortSignal }) => Promise<unknown>,
  context: Context,
): Promise<number> {
  const controller = new AbortController();
  const start = performance.now();
  const call = rejection(wait({ signal: controller.signal }));
  const answer = context.use(library).answer(); // behind it
  await until(() => stats().inFlight >= 2, "both are in flight");
  await context.use(library).answer.with({ timeout: 20 })().catch(() => {});
  controller.abort(reason);
  assert.equal(await call, reason);
  assert.ok(performance.now() - start < limitMs(1000));
  const aborted = performance.now();
  assert.equal(await answer, 42);
  return performance.now() - aborted;
}

test("C9: an interrupt function makes C return, for the call that has it", () =>
  measured(async () => {
    await using context = await Context.acquire();
    const used = context.use(library);
    using flag = alloc(4);
    using interrupt = bind(library.flagSet, flag.pointer, 3);
    const wait = (options: object): Promise<unknown> =>
      used.flagWait.with({ ...options, interrupt })(flag.pointer);
    const ms = await giveUp(wait, context);
    assert.ok(ms < PROMPT_MS, `${ms} ms`);
    await until(() => stats().abandoned === 0, "C has returned");
  }));

test("C9: a flag makes C return", () =>
  measured(async () => {
    await using context = await Context.acquire();
    const used = context.use(library);
    using flag = alloc(4);
    const interrupt = { flag: flag.pointer, value: 2 ** 32 - 1 };
    const wait = (options: object): Promise<unknown> =>
      used.flagWait.with({ ...options, interrupt })(flag.pointer);
    const ms = await giveUp(wait, context);
    assert.ok(ms < PROMPT_MS, `${ms} ms`);
  }));

test("C9: a timeout and a runTimeout interrupt too, also on the pool", async () => {
  for (const limit of [{ timeout: 20 }, { runTimeout: 20 }]) {
    using flag = alloc(4);
    const interrupt = { flag: flag.pointer, value: 1 };
    const call = library.flagWait.with({ ...limit, interrupt })(flag.pointer);
    assert.equal((await rejection(call) as SidingError).code, "ERR_SIDING_TIMEOUT");
    await until(() => stats().abandoned === 0, "C has returned", 1000);
  }
});

test("C9: the context's own interrupt is used where a call has none", () =>
  measured(async () => {
    await using context = await Context.acquire();
    const used = context.use(library);
    using flag = alloc(4);
    using interrupt = bind(library.flagSet, flag.pointer, 1);
    context.interruptWith(interrupt);
    const ms = await giveUp((options) => used.flagWait.with(options)(flag.pointer), context);
    assert.ok(ms < PROMPT_MS, `${ms} ms`);
    write(flag, "u32", 0);
    context.interruptWith({ flag: flag.pointer, value: 9 });
    await giveUp((options) => used.flagWait.with(options)(flag.pointer), context);
  }));

test("P4: a release interrupts the call that runs, and waits once more", async () => {
  const context = await Context.acquire({ drainTimeout: 100 });
  using flag = alloc(4);
  context.interruptWith({ flag: flag.pointer, value: 5 });
  const call = context.use(library).flagWait(flag.pointer);
  const probe = context.use(library).answer.with({ timeout: 20 });
  await rejection(probe()); // by now the first one runs
  const start = performance.now();
  await context.release();
  const took = performance.now() - start;
  assert.equal(await call, 5);
  assert.ok(took >= 99 && took < limitMs(1000), `${took} ms`);
  assert.equal(stats().slots.wedged, 0);
});

test("C9: a signal makes a blocked read return with EINTR, and disturbs no other", async () => {
  await measured(async () => {
    const [from, to] = makePipe();
    const [other, otherTo] = makePipe();
    await using context = await Context.acquire();
    const used = context.use(libc);
    const undisturbed = libc.read(other, new Uint8Array(4), 4);
    const controller = new AbortController();
    const call = rejection(
      used.read.with({ signal: controller.signal, interrupt: "signal" })(
        from,
        new Uint8Array(1),
        1,
      ),
    );
    await rejection(context.use(library).answer.with({ timeout: 20 })()); // by now it blocks
    const start = performance.now();
    controller.abort(reason);
    assert.equal(await call, reason);
    assert.equal(await context.use(library).answer(), 42);
    const took = performance.now() - start;
    assert.ok(took < PROMPT_MS, `${took} ms`);
    await until(() => stats().abandoned === 0, "C has returned");
    assert.equal(libc.write.sync(otherTo, new Uint8Array([1, 2]), 2), 2);
    assert.deepEqual(await undisturbed, { value: 2, errno: 0 });
    for (const descriptor of [from, to, other, otherTo]) libc.close.sync(descriptor);
  });
});

test("C9: 300 signals in a row never hit the next call", async () => {
  const [from, to] = makePipe();
  await using context = await Context.acquire();
  const used = context.use(libc);
  for (let i = 0; i < 300; i++) {
    const given = used.read.with({ runTimeout: 1, interrupt: "signal" });
    const call = rejection(given(from, new Uint8Array(1), 1));
    assert.equal((await call as SidingError).code, "ERR_SIDING_TIMEOUT");
    const bytes = new Uint8Array(1);
    const next = used.read(from, bytes, 1);
    await until(() => stats().abandoned === 0, "C has returned");
    libc.write.sync(to, new Uint8Array([i & 255]), 1);
    assert.deepEqual([await next, bytes[0]], [{ value: 1, errno: 0 }, i & 255]);
  }
  for (const descriptor of [from, to]) libc.close.sync(descriptor);
});

test("C8: without an interrupt a call that runs is only let go of", async () => {
  await using context = await Context.acquire();
  const gate = makeGate(library);
  const call = rejection(context.use(library).gateWait.with({ runTimeout: 20 })(gate.number));
  assert.equal((await call as SidingError).code, "ERR_SIDING_TIMEOUT");
  assert.equal(stats().abandoned, 1);
  gate.open();
  await until(() => stats().abandoned === 0, "C has returned");
});

test("C6: what is no interrupt is refused before anything runs", async () => {
  await using context = await Context.acquire();
  const pointer = 4096 as Pointer;
  const types: readonly unknown[] = ["kill", 5, null, {}, { flag: null, value: 1 }, () => 1];
  const ranges = [{ flag: 0, value: 1 }, { flag: pointer, value: 2 ** 32 }, {
    flag: 0.5,
    value: 1,
  }, { flag: pointer, value: NaN }];
  for (const [wrongs, name] of [[types, "TypeError"], [ranges, "RangeError"]] as const) {
    for (const interrupt of wrongs as readonly never[]) {
      assert.throws(() => library.answer.with({ interrupt }), { name });
      assert.throws(() => context.interruptWith(interrupt), { name });
    }
  }
  const closed = bind(library.answer);
  closed.close();
  assert.throws(() => library.answer.with({ interrupt: closed }), { code: "ERR_SIDING_CLOSED" });
  for (const option of ["timeout", "runTimeout"]) {
    for (const wrong of [-1, NaN, Infinity, 1e20]) {
      assert.throws(() => library.answer.with({ [option]: wrong }), { name: "RangeError" });
    }
  }
});
