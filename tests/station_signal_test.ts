import assert from "node:assert/strict";
import { spawn as spawnByRuntime } from "node:child_process";
import { SidingError, Station } from "../mod.ts";
import { close, libc, NONBLOCK, pipe, readNow, spawn } from "./support/descriptors.ts";
import { expectExit, runProgram } from "./support/child.ts";
import { rejection, test, until } from "./support/harness.ts";

const SIGUSR2 = 12;
const SIGRTMIN_5 = 39;

test("S7: several stations each see a signal, with the times it came", async () => {
  await using first = new Station();
  await using second = new Station();
  const ports = [first.signal("SIGUSR2"), first.signal(SIGUSR2), second.signal("SIGUSR2")];
  for (let round = 0; round < 50; round++) {
    const waits = ports.map((port) => port.next());
    libc.kill.sync(libc.getpid.sync(), SIGUSR2);
    for (const { value } of await Promise.all(waits)) {
      assert.equal(value!.signal, "SIGUSR2");
      assert.ok(value!.count >= 1);
    }
  }
});

test("S7: a real-time signal is told by its number", async () => {
  await using station = new Station();
  const port = station.signal(SIGRTMIN_5);
  libc.kill.sync(libc.getpid.sync(), SIGRTMIN_5);
  assert.deepEqual((await port.next()).value, { signal: "SIG39", count: 1 });
});

test("S7: a signal that is pending when its port is closed is dropped", async () => {
  await using station = new Station();
  await using other = new Station();
  const witness = other.signal("SIGUSR2");
  for (let i = 0; i < 50; i++) {
    const port = station.signal("SIGUSR2");
    libc.kill.sync(libc.getpid.sync(), SIGUSR2);
    await port.close();
    assert.equal((await port.next()).done, true);
    await witness.next();
  }
});

test("S7: what is no signal, or cannot be caught, is refused", async () => {
  await using station = new Station();
  for (const wrong of ["SIGNOTHING", "constructor"]) {
    assert.throws(() => station.signal(wrong), { name: "TypeError" });
  }
  assert.throws(() => station.signal(0), { name: "RangeError" });
  assert.throws(() => station.signal(65), { name: "RangeError" });
  assert.throws(() => station.signal(1.5), { name: "RangeError" });
  assert.throws(() => station.signal("SIGKILL"), (error: SidingError) => {
    return error instanceof SidingError && error.syscall === "sigaction";
  });
  assert.equal(station.stats.sources, 0);
});

test("S7: handlers of before keep working, and what the runtime's do to ours", async () => {
  const outcome = await runProgram("signals");
  expectExit(outcome, 0);
  assert.deepEqual(outcome.stdout.trim().split("\n"), [
    "before: station told, runtime told 1",
    "off: station told, runtime told 0",
    "on: station told, runtime told 1",
    "on and off: station told, runtime told 0",
    "again: station told, runtime told 0",
  ]);
});

test("S7: several JavaScript threads see a signal, each in a station of its own", async () => {
  const outcome = await runProgram("station_workers");
  expectExit(outcome, 0);
  assert.equal(outcome.stdout.trim(), "all have seen it");
});

test("S8: exit codes and signals are exact", async () => {
  await using station = new Station();
  for (const code of [0, 1, 42, 255]) {
    assert.deepEqual(await station.child(spawn(`exit ${code}`)), { code, signal: null });
  }
  const killed = spawn("kill -KILL $$");
  assert.deepEqual(await station.child(killed), { code: null, signal: "SIGKILL" });
  const waiting = spawn("exec sleep 100");
  const exit = station.child(waiting);
  libc.kill.sync(waiting, 15);
  assert.deepEqual(await exit, { code: null, signal: "SIGTERM" });
});

test("S8: a child that ended before is reported, and 100 failed spawns lose none", async () => {
  await using station = new Station();
  const [from, to] = pipe(NONBLOCK); // which the children have, too
  const pids = Array.from({ length: 20 }, (_, i) => spawn(`exit ${i}`));
  close(to);
  for (let i = 0; i < 100; i++) {
    const { value } = libc.posix_spawn.sync("/no/such/program", null, null, ["no"], []);
    assert.notEqual(value, 0);
  }
  await station.readable(from);
  assert.deepEqual(readNow(from), new Uint8Array(0), "all have ended");
  close(from);
  const exits = await Promise.all(pids.map((pid) => station.child(pid)));
  assert.deepEqual(exits, pids.map((_, code) => ({ code, signal: null })));
});

test("S8: a child of the runtime is refused, and the runtime still gets its exit", async () => {
  await using station = new Station();
  const child = spawnByRuntime("/bin/sh", ["-c", "read line; exit 3"]);
  const exit = new Promise((resolve) => child.on("exit", resolve));
  const refused = await rejection(station.child(child.pid!));
  assert.equal((refused as SidingError).code, "ERR_SIDING_NOT_CHILD");
  child.stdin.end("\n");
  assert.equal(await exit, 3);
  const stranger = await rejection(station.child(1));
  assert.equal((stranger as SidingError).code, "ERR_SIDING_NOT_CHILD");
});

test("S8: who gives up waiting leaves the child alone", async () => {
  await using station = new Station();
  const pid = spawn("exec sleep 100");
  const reason = new Error("enough");
  const controller = new AbortController();
  const exit = station.child(pid, { signal: controller.signal });
  controller.abort(reason);
  assert.equal(await rejection(exit), reason);
  libc.kill.sync(pid, 9);
  assert.deepEqual(await station.child(pid), { code: null, signal: "SIGKILL" });
  await until(() => station.stats.sources === 0, "nothing is left");
});

test("S8: what is no process is refused", async () => {
  await using station = new Station();
  for (const wrong of [0, -1, 1.5, 2 ** 31]) {
    assert.throws(() => station.child(wrong), { name: "RangeError" });
  }
  assert.throws(() => station.child("1" as never), { name: "TypeError" });
});
