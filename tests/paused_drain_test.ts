import assert from "node:assert/strict";
import { test } from "./support/harness.ts";
import { limitMs } from "./support/platform.ts";
import { openTestlib } from "./support/testlib.ts";

const library = openTestlib();

function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/*
 * The drain takes all short calls, their slow handlers use up its budget, and the sleeping call
 * ends meanwhile: its kick comes together with the one by which the drain goes on. Nothing is
 * submitted afterwards, so only that drain can find it.
 */
test("E9: a call that ends while a drain gives timers their turn is not lost", async () => {
  for (let round = 0; round < 5; round++) {
    const sleeping = library.sleep(15);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const handled = Array.from({ length: 300 }, () => library.answer().then(() => burn(0.3)));
    let limit: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => {
      limit = setTimeout(resolve, limitMs(5000), "lost");
    });
    await Promise.all(handled);
    assert.notEqual(await Promise.race([sleeping, late]), "lost");
    clearTimeout(limit);
  }
});
