import assert from "node:assert/strict";
import process from "node:process";
import { expectExit, runProgram } from "./support/child.ts";
import { test } from "./support/harness.ts";
import { wakeChannels } from "./support/wake_task.ts";

/* On each wake channel: half of them on the main thread, half on a Worker. */
const PINGS = 3_000_000 / 2;
const MIXED = 750_000;
/* The same for C that calls JavaScript; three million on each channel take minutes. */
const ASKS = 250_000;
const PING_MS_MAX = 0.2;

/* On Windows a main thread has callbacks only. */
function placesOf(channel: string): readonly string[] {
  return process.platform === "win32" && channel === "socket" ? ["worker"] : ["main", "worker"];
}

for (const channel of wakeChannels) {
  for (const place of placesOf(channel)) {
    test(`E9: ${channel}, ${place}: no wake-up is lost in ping-pongs with no timer`, async () => {
      const outcome = await runProgram("pings", [channel, place, String(PINGS)], {
        timeoutMs: PINGS * PING_MS_MAX,
      });
      expectExit(outcome, 0);
      const { pings, kicks, wakeChannel } = JSON.parse(outcome.stdout);
      console.log(`${pings} ping-pongs, ${kicks} kicks, ${Math.round(outcome.ms)} ms`);
      assert.equal(wakeChannel, channel);
      assert.equal(pings, PINGS);
      assert.ok(kicks >= PINGS * 0.9, "it was kicks that answered");
    });
  }
}

test("E9: no wake-up is lost where short calls are answered on the spot", async () => {
  const outcome = await runProgram("pings", ["socket", "mixed", String(MIXED)], {
    timeoutMs: MIXED * PING_MS_MAX,
  });
  expectExit(outcome, 0);
  assert.equal(JSON.parse(outcome.stdout).pings, MIXED);
});

for (const channel of wakeChannels) {
  for (const place of placesOf(channel)) {
    test(`E9: ${channel}, ${place}: every call of C is answered, with no timer`, async () => {
      const outcome = await runProgram("asks", [channel, place, String(ASKS)], {
        timeoutMs: ASKS * PING_MS_MAX,
      });
      expectExit(outcome, 0);
      const { asked, sum, kicks, wakeChannel } = JSON.parse(outcome.stdout);
      assert.equal(wakeChannel, channel);
      assert.equal(asked, ASKS);
      assert.equal(sum, ASKS * (ASKS + 1) / 2);
      assert.ok(kicks >= ASKS * 0.4, "half of the answers left nobody to listen on the spot");
    });
  }
}
