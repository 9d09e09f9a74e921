// The marks that Siding set itself: the ratio of a row must be at least, or at most, this much, and
// its rate at least so much a second.

const each = (mark) => ({ bun: mark, deno: mark });

/** Marks by row and runtime. */
export const marks = {
  "call.sequential": { deno: { least: 4 }, bun: { least: 1.5 } },
  "call.inflight64": { deno: { least: 8 }, bun: { least: 20 } },
  "call.blocking600": each({ most: 0.35 }),
  "context.inflight64": { deno: { least: 15 }, bun: { least: 40 } },
  "context.inflight1000": each({ least: 0.6 }),
  "lease.cycle": each({ least: 20, rate: 25_000 }),
  "lease.cycle64": each({ least: 0, rate: 100_000 }),
  "lease.flat": each({ most: 256 }),
  "context.memory": each({ most: 24 }),
  "context.sequential": { deno: { least: 5 }, bun: { least: 2.5 } },
  "abort.latency": each({ most: 5 }),
  "repeat.rows": each({ least: 0.4 }),
  "submit.scaling": each({ least: 0.7 }),
  "event.post1": { deno: { least: 100 }, bun: { least: 6 } },
  "event.post4": { deno: { least: 100 }, bun: { least: 6 } },
  "event.post1.napi": each({ least: 1.8 }),
  "event.post4.napi": each({ least: 1.8 }),
  "event.call1": each({ least: 2 }),
  "event.call16": each({ least: 2.5 }),
  "event.call16.floor": each({ least: 0.6 }),
  "event.copy": each({ least: 0, rate: 2_000_000 }),
  "callback.inline": { bun: { least: 0.8 }, deno: { least: 1.5 } },
  "callback.memory": each({ most: 512 }),
  "bound.call": each({ most: 80 }),
  "station.pingpong": each({ least: 0.8 }),
  "station.ready": each({ least: 0.4 }),
  "station.scale": each({ most: 1.5 }),
  "station.memory": each({ most: 256 }),
  "preread.stream": each({ least: 1 }),
  "preread.datagrams": each({ least: 0.6 }),
  "preread.datagrams.node": each({ least: 2 }),
  "preread.accept": each({ least: 0.4 }),
  "native_event.post": each({ least: 0, rate: 5_000_000 }),
  "timer.precision": each({ most: 1 }),
  "call.sync": each({ least: 0.9 }),
  "call.buffer": each({ least: 0.5 }),
  "call.out": each({ least: 0.85 }),
  "call.string": each({ least: 0.5 }),
  "struct.value": each({ least: 0.8 }),
  "memory.read": each({ least: 0.8 }),
  "chain.rows": each({ least: 0.4 }),
  "fs.read": each({ most: 3 }),
  "cold": each({ most: 25 }),
  "cold.package": each({ most: 25 }),
  "idle": each({ most: 0 }),
  "types.286": { tsc: { most: 0.5 } },
  "types.829": { tsc: { most: 1.5 } },
};

/** What each row is about, for people. */
export const titles = {
  "call.sequential": "one call after the other",
  "call.inflight64": "64 calls in flight, any thread",
  "call.blocking600": "600 calls of 200 ms at once",
  "lease.cycle": "a context leased, called, released",
  "lease.cycle64": "64 contexts at once leased, called, released",
  "lease.flat": "memory more after 1,000,000 leases",
  "context.memory": "resident memory of a parked context",
  "context.sequential": "one call after the other on a context",
  "abort.latency": "a running call given up, p99",
  "repeat.rows": "300,000 rows of SQLite, by a chain repeated on a context",
  "submit.scaling": "8 threads of C on one context",
  "event.post1": "posted by one foreign thread",
  "event.post4": "posted by 4 foreign threads",
  "event.post1.napi": "posted by one foreign thread",
  "event.post4.napi": "posted by 4 foreign threads",
  "event.call1": "answered, one foreign thread",
  "event.call16": "answered, 16 foreign threads",
  "event.call16.floor": "answered, 16 foreign threads",
  "event.copy": "posted with a string of 64 bytes",
  "callback.inline": "`qsort` of 100,000 doubles, compared in JavaScript",
  "callback.memory": "native memory of an open callback before its first call",
  "bound.call": "a bound call from C, beyond a function by hand",
  "station.pingpong": "64 bytes to a socket and back, one at a time",
  "station.ready": "256 descriptors made ready without end",
  "station.scale": "an event where 15,000 descriptors are watched",
  "station.memory": "native memory of a watched descriptor",
  "preread.stream": "a pipe, 64 KiB at a time",
  "preread.datagrams": "datagrams of 64 bytes with addresses",
  "preread.datagrams.node": "datagrams of 64 bytes with addresses",
  "preread.accept": "connections accepted and closed",
  "native_event.post": "posted by 4 threads and summed",
  "timer.precision": "lateness of ticks of 1 ms, p99",
  "context.inflight64": "64 in flight on one ordered thread",
  "context.inflight1000": "1,000 in flight on one ordered thread",
  "call.sync": "`.sync`, on the JavaScript thread",
  "call.buffer": "64 KiB copied in and out",
  "call.out": "one out cell",
  "call.string": "a string of 32 bytes in, one out",
  "struct.value": "4 doubles by value in and out",
  "memory.read": "a struct of 8 fields from native memory",
  "chain.rows": "300,000 rows of SQLite, by a chain",
  "fs.read": "file read behind 200 blocked calls",
  "cold": "import and first call",
  "cold.process": "import and first call, the whole process",
  "cold.package": "import and first call, as installed",
  "idle": "context switches of 16 idle threads in 5 s",
  "types.286": "type check of 286 functions",
  "types.829": "type check of 829 functions",
  "koffi.sequential": "one call after the other",
  "koffi.inflight64": "64 calls in flight",
  "worker.roundtrip": "one call after the other",
  "floor.threads": "one call after the other",
  "floor.promises": "1,000 in flight on one ordered thread",
};

/** Whether an outcome reaches its mark; `undefined` where it has none. */
export function reaches({ name, runtime, ratio, siding }) {
  const mark = marks[name]?.[runtime];
  if (mark === undefined) return undefined;
  if (mark.rate !== undefined && siding < mark.rate) return false;
  return mark.least !== undefined ? ratio >= mark.least : ratio <= mark.most;
}

/** The mark of an outcome as text, empty where it has none. */
export function markText({ name, runtime }) {
  const mark = marks[name]?.[runtime];
  if (mark === undefined) return "";
  const parts = [
    mark.least > 0 ? `>= ${mark.least}` : "",
    mark.most !== undefined ? `<= ${mark.most}` : "",
    mark.rate !== undefined ? `>= ${mark.rate}/s` : "",
  ];
  return parts.filter(Boolean).join(", ");
}
