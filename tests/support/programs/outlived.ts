/** What the functions of a library do that was opened before `shutdown`. */
import { shutdown, type SidingError } from "../../../mod.ts";
import { rejection } from "../harness.ts";
import { openTestlib } from "../testlib.ts";

function thrown(call: () => unknown): string {
  try {
    call();
    return "nothing";
  } catch (error) {
    return (error as SidingError).code;
  }
}

const library = openTestlib();
shutdown();
const report = {
  call: (await rejection(library.answer()) as SidingError).code,
  sync: thrown(() => library.answer.sync()),
  here: thrown(() => library.sum.sync(new Uint8Array(8), 8)),
  anew: await openTestlib().answer(),
};
console.log(JSON.stringify(report));
