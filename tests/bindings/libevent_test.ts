// libevent's event_base as a station: its loop is repeated on a context of its own, with its own
// timers and descriptors, and everything else of libevent is called between two rounds.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import { bind, callback, Context, type ContextLibrary, open, type Pointer } from "../../mod.ts";
import { measured, until } from "../support/harness.ts";
import { tryOpen } from "./need.ts";
import { expectPrompt } from "./prompt.ts";

const EV_TIMEOUT = 1;
const EV_READ = 2;
const EV_PERSIST = 16;
const EVLOOP_ONCE = 1;
const NOTHING_LEFT = 1;
const EFD_NONBLOCK = 2048;
/* libevent's clock is CLOCK_MONOTONIC_COARSE */
const COARSE_MS = 5;
const HOUR = { tv_sec: 3600, tv_usec: 0 };

const base = { pointer: "event_base" } as const;
const event = { pointer: "event" } as const;
const happened = { parameters: ["i32", "i16", "pointer"], result: "void" } as const;
const timeval = { struct: { tv_sec: "i53", tv_usec: "long" } } as const;

const { library, test } = tryOpen(() => {
  const threads = open("libevent_pthreads-2.1.so.7", {
    evthread_use_pthreads: { parameters: [], result: "i32" },
  });
  same(threads.evthread_use_pthreads.sync(), 0); // so that other threads may wake a loop
  return open("libevent_core-2.1.so.7", {
    event_base_new: { parameters: [], result: base },
    event_base_free: { parameters: [base], result: "void" },
    event_base_loop: { parameters: [base, "i32"], result: "i32" },
    event_new: {
      parameters: [base, "i32", "i16", { function: happened }, "pointer"],
      result: event,
    },
    event_free: { parameters: [event], result: "void" },
    event_add: { parameters: [event, { in: timeval }], result: "i32" },
    event_del: { parameters: [event], result: "i32" },
    event_active: { parameters: [event, "i32", "i16"], result: "void" },
    event_base_loopbreak: { parameters: [base], result: "i32" },
  });
});

function openLibc() {
  return open("libc.so.6", {
    eventfd: { parameters: ["u32", "i32"], result: "i32" },
    eventfd_read: { parameters: ["i32", { out: "u53" }], result: "i32" },
    eventfd_write: { parameters: ["i32", "u53"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
}

interface Loop {
  readonly context: Context;
  readonly event: ContextLibrary<typeof library>;
  readonly base: Pointer<"event_base">;
  /** Repeats the loop, until it has no event left. */
  run(): ReturnType<typeof repeatLoop>;
}

function repeatLoop({ context, event, base }: Loop, waker: Pointer<"event">) {
  using body = bind(event.event_base_loop, base, EVLOOP_ONCE);
  using wake = bind(library.event_active, waker, EV_TIMEOUT, 0);
  return context.repeat(body, { wake, until: NOTHING_LEFT });
}

async function withLoop(work: (loop: Loop) => Promise<void>): Promise<void> {
  await using context = await Context.acquire({ name: "libevent" });
  const event = context.use(library);
  const base = (await event.event_base_new())!;
  context.own(base, event.event_base_free);
  /* an event that is active stays so until the loop comes round: no wake is lost */
  using nothing = bind(library.event_base_loopbreak, base, { as: happened });
  context.keep(nothing);
  const waker = (await event.event_new(base, -1, EV_PERSIST, nothing, null))!;
  context.own(waker, event.event_free);
  const loop: Loop = { context, event, base, run: () => repeatLoop(loop, waker) };
  await work(loop);
}

test("S18: libevent's own timers and descriptors drive its loop, until it has none", async () => {
  await using libc = openLibc();
  await withLoop(async ({ event, base, run }) => {
    const fd = libc.eventfd.sync(0, EFD_NONBLOCK);
    let ticks = 0;
    using tick = callback.post(happened, () => ticks++);
    let sum = 0;
    using readable = callback.call(happened, async (fd, what, _, scope) => {
      same(what, EV_READ);
      const { out: [value] } = await scope.context!.use(libc).eventfd_read(fd);
      sum += value;
    });
    const timer = await event.event_new(base, -1, EV_PERSIST, tick, null);
    const descriptor = await event.event_new(base, fd, EV_READ | EV_PERSIST, readable, null);
    const start = performance.now();
    same(await event.event_add(timer, { tv_sec: 0, tv_usec: 2000 }), 0);
    same(await event.event_add(descriptor, null), 0);

    const rounds = run();
    let count = 0;
    for await (const status of rounds) {
      same(status, 0);
      if (++count <= 10) libc.eventfd_write.sync(fd, count);
      if (ticks < 10 || sum < 55) continue;
      await event.event_del(timer);
      await event.event_del(descriptor);
    }
    const ms = performance.now() - start;
    ok(ticks <= (ms + COARSE_MS) / 2, `${ticks} ticks of 2 ms in ${ms} ms`);
    same(sum, 55);
    same(await rounds.next(), { value: undefined, done: true });
    await event.event_free(timer);
    await event.event_free(descriptor);
    same(libc.close.sync(fd), 0);
  });
});

test("S18: libevent's calls run at once while its loop waits for an event in an hour", () =>
  withLoop(async ({ event, base, run }) => {
    using never = callback.post(happened, () => {});
    const timer = await event.event_new(base, -1, EV_PERSIST, never, null);
    same(await event.event_add(timer, HOUR), 0);
    const rounds = run();
    await expectPrompt(() => event.event_add(timer, HOUR));
    await rounds.close();
    await event.event_free(timer);
    same(rounds.stats.inFlight, 0);
    same(never.stats.events, 0);
  }));

test("S18: ten of libevent's loops wait at once, and none on JavaScript's thread", () =>
  measured(async () => {
    const start = performance.now();
    await Promise.all(Array.from({ length: 10 }, () =>
      withLoop(async ({ event, base, run }) => {
        let fired = 0;
        using once = callback.post(happened, () => fired++);
        const timer = await event.event_new(base, -1, 0, once, null);
        same(await event.event_add(timer, { tv_sec: 0, tv_usec: 100_000 }), 0);
        const rounds = run();
        same(await rounds.next(), { value: 0, done: false });
        same(await rounds.next(), { value: undefined, done: true });
        await until(() => fired === 1, "the timer has called");
        await event.event_free(timer);
      })));
    const ms = performance.now() - start;
    ok(ms >= 100 && ms < 500, `${ms} ms`);
  }));
