/** Workers that each have a station with sources of every kind; all see one signal. */
import assert from "node:assert/strict";
import process from "node:process";
import { Station, stats } from "../../../mod.ts";
import {
  close,
  connectTo,
  eventfd,
  libc,
  listener,
  pipe,
  portOf,
  signalEvent,
  spawn,
  write,
} from "../descriptors.ts";
import { until } from "../harness.ts";
import { isMainThread, nextMessage, postToParent } from "../thread.ts";

const WORKERS = 4;
const SIGUSR2 = 12;

async function work(): Promise<void> {
  await using station = new Station();
  const signal = station.signal("SIGUSR2");
  const event = eventfd();
  const counts = station.eventfd(event);
  signalEvent(event, 3n);
  assert.equal((await counts.next()).value, 3n);
  const [from, to] = pipe();
  write(to, "abcd");
  assert.equal((await station.exact(from, { size: 4 }).next()).value!.length, 4);
  const server = listener();
  const client = connectTo(portOf(server));
  const { value } = await station.accept(server).next();
  assert.equal(value!.address.port, portOf(client));
  assert.deepEqual(await station.child(spawn("exit 9")), { code: 9, signal: null });
  const posted = station.event({ mode: "counted" });
  posted.post(2);
  assert.equal((await posted.next()).value, 2n);
  await station.sleep(1);
  postToParent("ready");
  const next = await signal.next();
  await station.close();
  close(event, from, to, server, client, value!.descriptor);
  postToParent(`${next.value!.signal} ${next.value!.count}`);
}

async function main(): Promise<void> {
  await using station = new Station();
  const signal = station.signal("SIGUSR2");
  const url = new URL(import.meta.url);
  const workers = Array.from({ length: WORKERS }, () => new Worker(url, { type: "module" }));
  for (const said of await Promise.all(workers.map(nextMessage))) assert.equal(said, "ready");
  const answers = Promise.all(workers.map(nextMessage));
  libc.kill.sync(process.pid, SIGUSR2);
  for (const said of await answers) assert.equal(said, "SIGUSR2 1");
  assert.equal((await signal.next()).value!.count, 1);
  for (const worker of workers) worker.terminate();
  await until(() => stats().sources === 1, "only the one of this thread is left");
  console.log("all have seen it");
}

if (isMainThread) await main();
else await work();
