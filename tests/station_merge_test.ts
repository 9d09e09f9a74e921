import assert from "node:assert/strict";
import {
  bind,
  callback,
  Context,
  fn,
  type Port,
  type SidingError,
  Station,
  stats,
} from "../mod.ts";
import { makeLoop, openContextLib } from "./support/contexts.ts";
import {
  CLOEXEC,
  close,
  eventfd,
  libc,
  pipe,
  readNow,
  signalEvent,
  spawn,
  write,
} from "./support/descriptors.ts";
import { makeGate, openTestlib } from "./support/testlib.ts";
import { inTime, measured, median, rejection, test, until } from "./support/harness.ts";

const SIGUSR2 = 12;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

function thrown(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("S16: one loop over readiness, timer, signal, child, event, call, own loop", async () => {
  await using station = new Station();
  const library = openContextLib();
  await using context = await Context.acquire();
  const loop = makeLoop(library);
  using wake = bind(library.loopWake, loop);
  const [from, to] = pipe();
  const sources = {
    ready: station.watch(from),
    timer: station.timer({ every: 1 }),
    signal: station.signal("SIGUSR2"),
    child: station.child(spawn("exit 5")),
    event: station.event({ mode: "counted" }),
    call: station.call(library.answer),
    loop: context.repeat(bind(context.use(library).loopWait, loop), { emit: { not: 0 }, wake }),
  };
  write(to, "x");
  libc.kill.sync(libc.getpid.sync(), SIGUSR2);
  sources.event.post(3);
  library.loopPost.sync(loop, 17);
  const seen = new Map<string, unknown>();
  const { ready, timer, signal, child, event, call, loop: own } = sources;
  const names = new Map<unknown, string>(Object.entries(sources).map(([name, one]) => [one, name]));
  for await (
    const { source, value } of station.merge(ready, timer, signal, child, event, call, own)
  ) {
    seen.set(names.get(source)!, value);
    if (seen.size === names.size) break;
  }
  assert.equal((seen.get("ready") as { readable: boolean }).readable, true);
  assert.deepEqual(seen.get("child"), { code: 5, signal: null });
  assert.deepEqual([seen.get("event"), seen.get("call"), seen.get("loop")], [3n, 42, 17]);
  assert.ok((seen.get("timer") as { count: number }).count >= 1);
  assert.equal((seen.get("signal") as { signal: string }).signal, "SIGUSR2");
  await station.close();
  await library.loopDestroy(loop);
  close(from, to);
});

test("S16: the calls of a callback stream are a source", async () => {
  await using station = new Station();
  const visits = callback.stream({ parameters: ["i32"], result: "void" });
  const visit = fn(visits.pointer, { parameters: ["i32"], result: "void" });
  const merged = station.merge(visits, station.timer({ every: 1 }));
  await Promise.all([visit(1), visit(2), visit(3)]);
  const seen: number[] = [];
  for await (const { source, value } of merged) {
    if (source !== visits) continue;
    const [number] = value as readonly [number];
    if (seen.push(number) === 3) break;
  }
  assert.deepEqual(seen.sort(), [1, 2, 3]);
  await visit(4); // it is closed
});

test("S10: a station inside a station, ten deep, tells and is told", async () => {
  await using outer = new Station();
  let inner = outer;
  for (let depth = 0; depth < 10; depth++) {
    const station = new Station();
    inner.add(station);
    inner = station;
  }
  const event = eventfd();
  const port = inner.watch(event);
  inner.add(port);
  const iterator = outer[Symbol.asyncIterator]();
  for (let round = 0; round < 100; round++) {
    const next = iterator.next();
    signalEvent(event);
    let { value } = await next as { value: unknown };
    for (let depth = 0; depth <= 10; depth++) value = (value as { value: unknown }).value;
    assert.equal((value as { readable: boolean }).readable, true);
    readNow(event, 8);
  }
  const late = inner.event({ mode: "counted" });
  const next = iterator.next();
  inner.add(late);
  late.post(9);
  assert.ok(
    JSON.stringify(await next, (_, v) => typeof v === "bigint" ? `${v}` : v).includes('"9"'),
  );
  await outer.close();
  assert.throws(() => inner.watch(event), { code: "ERR_SIDING_CLOSED" });
  close(event);
});

test("S10: a station in itself or in a cycle is refused, and so is a port of two", async () => {
  await using a = new Station();
  await using b = new Station();
  await using c = new Station();
  assert.throws(() => a.add(a), { name: "TypeError", message: /itself/ });
  a.add(b);
  b.add(c);
  assert.throws(() => c.add(a), { name: "TypeError", message: /cycle/ });
  assert.throws(() => c.add(c.merge(a)), { name: "TypeError" });
  assert.throws(() => a.merge(c), { name: "TypeError", message: /another/ });
  const port = a.timer({ every: 1 });
  b.add(port);
  assert.throws(() => c.add(port), { name: "TypeError" });
  for (const wrong of [null, undefined, {}, "1"]) {
    assert.throws(() => a.add(wrong as never), { name: "TypeError" });
  }
  assert.throws(() => a.add(-1), { name: "RangeError" });
});

test("S10: a merge that is refused leaves its sources to others", async () => {
  await using station = new Station();
  const timer = station.timer({ every: 1 });
  assert.throws(() => station.merge(timer, station), { name: "TypeError", message: /cycle/ });
  assert.throws(() => station.merge(timer, 1 as never), { name: "TypeError", message: /no port/ });
  const merged = station.merge(timer);
  assert.equal((await merged.next()).value!.source, timer);
});

test("S10: a foreign epoll descriptor is a source", async () => {
  await using station = new Station();
  const epoll = libc.epoll_create1.sync(CLOEXEC);
  const events = [eventfd(), eventfd()];
  for (const event of events) {
    const options = new Uint8Array(12);
    new DataView(options.buffer).setUint32(0, EPOLLIN, true);
    libc.epoll_ctl.sync(epoll, EPOLL_CTL_ADD, event, [...options]);
  }
  station.add(epoll);
  const iterator = station[Symbol.asyncIterator]();
  for (let round = 0; round < 20; round++) {
    const next = iterator.next();
    const event = events[round % 2]!;
    signalEvent(event);
    const { value } = await next;
    assert.equal(value!.source, epoll);
    assert.equal((value!.value as { readable: boolean }).readable, true);
    readNow(event, 8);
  }
  await station.close();
  close(epoll, ...events);
});

test("S10: of 1,000 sources none starves another", async () => {
  await using station = new Station();
  const events = Array.from({ length: 1000 }, () => eventfd());
  const busy = station.event({ mode: "counted" });
  const counts = new Map<unknown, number>();
  const ports = events.map((event) => station.watch(event));
  for (const event of events) signalEvent(event); // and nobody reads them
  let busyCount = 0;
  busy.post(1);
  for await (const { source } of station.merge(busy, ...ports)) {
    if (source === busy) {
      busyCount++;
      busy.post(1);
    } else counts.set(source, (counts.get(source) ?? 0) + 1);
    if (counts.size === ports.length && Math.min(...counts.values()) >= 5) break;
  }
  const most = Math.max(...counts.values());
  assert.ok(most <= 5 + 2, `one had ${most} while another had 5`);
  assert.ok(busyCount >= 3, `${busyCount}`);
  close(...events);
});

test("S10: 15,000 descriptors are watched at once", async () => {
  await using station = new Station();
  const event = eventfd();
  const copies = Array.from({ length: 15_000 }, () => libc.dup.sync(event));
  const ports = copies.map((copy) => station.watch(copy, { trigger: "edge" }));
  const merged = station.merge(...ports);
  assert.equal(station.stats.sources, 15_001);
  signalEvent(event);
  const seen = new Set<unknown>();
  for await (const page of merged.pages()) {
    for (const { source } of page) seen.add(source);
    if (seen.size === ports.length) break;
  }
  await station.close();
  close(event, ...copies);
});

/* Milliseconds that 100 events take while `idle` descriptors more are watched. */
async function eventsMs(idle: number): Promise<number> {
  await using station = new Station();
  const silent = eventfd();
  const events = Array.from({ length: 100 }, () => eventfd());
  const copies = Array.from({ length: idle }, () => libc.dup.sync(silent));
  const edge = { trigger: "edge" } as const;
  const idlers = copies.map((copy) => station.watch(copy, edge));
  const ports = events.map((event) => station.watch(event, edge));
  const times: number[] = [];
  for (let round = 0; round < 200; round++) {
    const start = performance.now();
    const all = ports.map((port) => port.next());
    for (const event of events) signalEvent(event);
    await Promise.all(all);
    times.push(performance.now() - start);
  }
  assert.equal(station.stats.sources, idlers.length + ports.length);
  await station.close();
  close(silent, ...events, ...copies);
  return median(times);
}

test("S10: an event costs the same among 15,000 descriptors as among 100", () =>
  measured(async () => {
    await eventsMs(0); // warms up
    const few = await eventsMs(0);
    const many = await eventsMs(14_900);
    console.log(`${(many / few).toFixed(2)} times as much`);
    assert.ok(many <= few * 1.5, `${few} ms became ${many} ms`);
  }));

test("S16: a source that fails is told of once, and the others go on", async () => {
  await using station = new Station();
  const good = station.timer({ every: 1 });
  const reason = new Error("this one fails");
  const merged = station.merge(good, Promise.reject(reason));
  let failures = 0;
  let items = 0;
  while (failures === 0 || items < 10) {
    try {
      const { value } = await merged.next();
      assert.equal(value!.source, good);
      items++;
    } catch (error) {
      assert.equal(error, reason);
      failures++;
    }
  }
  assert.equal(failures, 1);
});

test("S10: what is added while the end of another is all that came is asked", async () => {
  await using station = new Station();
  const [from, to] = pipe();
  write(to, "x");
  const first = Promise.resolve(1);
  const iterator = station.add(first)[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value!.source, first);
  const next = iterator.next();
  await until(() => station.stats.sources === 0, "the end of the first was taken");
  station.add(from); // of a level, which tells nothing unless it is asked
  assert.equal((await inTime(next, "it is asked")).value!.source, from);
  await station.close();
  close(from, to);
});

test("S10: a source that fails takes no other one of its station with it", async () => {
  await using outer = new Station();
  await using inner = new Station();
  const timer = inner.timer({ every: 1 });
  const reason = new Error("this one fails");
  outer.add(inner.add(timer).add(Promise.reject(reason)));
  const iterator = outer[Symbol.asyncIterator]();
  const failures: unknown[] = [];
  for (let ticks = 0; ticks < 10;) {
    try {
      const { value } = await inTime(iterator.next(), "the timer goes on");
      assert.equal((value as { value: { source: unknown } }).value.source, timer);
      ticks++;
    } catch (error) {
      failures.push(error);
    }
    assert.ok(failures.length <= 1, String(failures.at(-1)));
  }
  assert.deepEqual(failures, [reason]);
  assert.equal(outer.stats.sources, 1);
});

test("S16: nothing of a port comes once it is closed, of an inner station neither", async () => {
  await using outer = new Station();
  for (const depth of [0, 1]) {
    await using station = new Station();
    const [from, to] = pipe();
    write(to, "abcde");
    const port = station.exact(from, { size: 1 });
    await until(() => port.stats.buffered === 5, "all of it has come");
    if (depth > 0) outer.add(station);
    station.add(port);
    const loop = depth === 0 ? station : outer;
    const iterator = loop[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).done, false);
    await port.close();
    const timer = loop.timer({ every: 1 });
    loop.add(timer);
    for (let i = 0; i < 5; i++) assert.equal((await iterator.next()).value!.source, timer);
    assert.equal(loop.stats.delivered, 6);
    await timer.close();
    close(from, to);
  }
});

test("S16: a merge ends with the last of its sources, and closing it closes them", async () => {
  await using station = new Station();
  const values: unknown[] = [];
  for await (
    const { value } of station.merge(station.call(openContextLib().answer), Promise.resolve(1))
  ) {
    values.push(value);
  }
  assert.deepEqual(values.sort(), [1, 42]);
  const timers = [station.timer({ every: 1 }), station.timer({ every: 1 })];
  for await (const _ of station.merge(...timers)) break;
  for (const timer of timers) assert.equal((await timer.next()).done, true);
  await until(() => station.stats.sources === 0, "they are closed");
  const call = station.call(openContextLib().answer);
  await call.close();
  assert.equal((await call.next()).done, true);
});

test("S16: a call that is closed has returned when that resolves", async () => {
  const library = openTestlib();
  const gate = makeGate(library);
  const station = new Station();
  station.call(library.gateWait, gate.number);
  await until(() => gate.arrived() === 1, "C runs");
  const closed = station.close().then(() => stats().abandoned);
  assert.equal(stats().abandoned, 1);
  await library.countGet(1); // which has time to come and go
  assert.equal(station.stats.sources, 1);
  gate.open();
  assert.equal(await inTime(closed, "C has returned"), 0);
  assert.equal(station.stats.sources, 0);
});

test("S14: leaving a loop closes the port; that of a station closes nothing", async () => {
  await using station = new Station();
  const timer = station.timer({ every: 0.5 });
  for await (const _ of timer) break;
  await until(() => station.stats.sources === 0, "it is closed");
  const other = station.timer({ every: 0.5 });
  station.add(other);
  for (let i = 0; i < 3; i++) {
    for await (const { source } of station) {
      assert.equal(source, other);
      break;
    }
  }
  const pending = station[Symbol.asyncIterator]().next();
  await station.close();
  await pending;
});

test("S5: everything of a closed station is refused", async () => {
  const station = new Station();
  await Promise.all([station.close(), station.close()]);
  const methods: (() => unknown)[] = [
    () => station.watch(0),
    () => station.timer({ every: 1 }),
    () => station.event(),
    () => station.read(0),
    () => station.add(0),
    () => station.merge(),
    () => station.signal("SIGUSR2"),
    () => station.call(openContextLib().answer),
  ];
  for (const method of methods) {
    assert.equal((thrown(method) as SidingError)?.code, "ERR_SIDING_CLOSED");
  }
  assert.equal((await rejection(station.sleep(1)) as SidingError).code, "ERR_SIDING_CLOSED");
});

test("S16: a port tells what it has, and may keep the process alive", async () => {
  await using station = new Station();
  const port: Port<{ count: number }> = station.timer({ every: 1 });
  assert.deepEqual(port.stats, { delivered: 0, buffered: 0, inFlight: 1, capacity: 1 });
  port.ref().unref();
  await port.next();
  assert.equal(port.stats.delivered, 1);
  const reader = port.readable.getReader();
  assert.ok((await reader.read()).value!.count >= 1);
  await reader.cancel();
});
