// Checked, never run: what stations give, and what must not compile.
import {
  type Arrival,
  bind,
  callback,
  chain,
  type ChildExit,
  type Connection,
  type Datagram,
  type NativeEvent,
  open,
  type Port,
  type Readiness,
  Station,
  type Tick,
} from "../../mod.ts";
import { same } from "./equal.ts";

const libc = open("libc.so.6", {
  read: { parameters: ["i32", { out: "buffer" }, "usize"], result: "isize", errno: true },
  getpid: { parameters: [], result: "i32" },
});
const station = new Station();

const timer = station.timer({ every: 1, after: 0.5 });
const watch = station.watch(0, { read: true, trigger: "edge" });
const event = station.event({ mode: "counted" });
const child = station.child(1);
same<typeof timer, Port<Tick>>(true);
same<typeof watch, Port<Readiness>>(true);
same<typeof event, NativeEvent>(true);
same<typeof child, Promise<ChildExit>>(true);
const connections = station.accept(0);
const datagrams = station.receive(0, { size: 10 });
same<typeof connections, Port<Connection>>(true);
same<typeof datagrams, Port<Datagram>>(true);

const call = station.call(libc.getpid);
same<typeof call, Port<number>>(true);
const read = station.preread(0, bind(libc.read, 0, new Uint8Array(8), 8), { until: 0n });
const { value: first } = await read.next();
const size: bigint | undefined = first?.value;
console.log(size, first?.errno);

const visits = callback.stream({ parameters: ["i32"], result: "void" });
const inner = new Station();
const merged = station.merge(timer, event, child, visits, inner);
for await (const { source, value } of merged) {
  same<typeof source, typeof timer | typeof event | typeof child | typeof visits | Station>(true);
  if (source === timer) console.log(value);
}
type Item = typeof merged extends Port<infer T> ? T : never;
type Timed = Extract<Item, Arrival<typeof timer>>;
same<Timed["value"], Tick>(true);
for await (const { value } of station) same<typeof value, unknown>(true);

class Lookalike {
  end(): void {}
  [Symbol.dispose](): void {}
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly unknown[], undefined> {}
}

station.add(timer).add(inner).add(3).add(Promise.resolve());

// @ts-expect-error: a station is no descriptor
station.watch(station);
// @ts-expect-error: an item of exact has a size
station.exact(0, {});
// @ts-expect-error: there is no such trigger
station.watch(0, { trigger: "rising" });
// @ts-expect-error: getpid takes no argument
station.call(libc.getpid, 1);
// @ts-expect-error: the result is a bigint with errno
station.preread(0, bind(libc.read, 0, new Uint8Array(8), 8), { until: "0" });
// @ts-expect-error: a chain makes more than one call
station.preread(0, bind(chain(libc, (s) => [s.run.getpid()]), 1));
// @ts-expect-error: it looks like a callback.stream, and is none
station.add(new Lookalike());
// @ts-expect-error: a number is nothing to merge
station.merge(timer, 3);
