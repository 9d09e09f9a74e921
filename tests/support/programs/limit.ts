/** What calls beyond a limit of calls in flight do: `order`, `busy` or `cancel`, and the limit. */
import process from "node:process";
import { configure, Context, open, type SidingError, stats } from "../../../mod.ts";
import { rejection } from "../harness.ts";
import { makeGate, openTestlib, point, testlibPath } from "../testlib.ts";

const LIMIT = Number(process.argv[3] ?? 10);
const CALLS = 500;

configure({ calls: LIMIT });
const library = openTestlib();

async function inOrder(): Promise<string> {
  await using context = await Context.acquire();
  const { orderNext } = context.use(library);
  const orders = Array.from({ length: CALLS }, (_, i) => orderNext(7, i));
  const { scale, sliceSum, joined } = open(testlibPath, {
    scale: { name: "test_point_add", parameters: [point, point], result: point },
    sliceSum: {
      name: "test_slice_sum",
      parameters: [{ struct: { bytes: { bytes: "size" }, size: "u53" } }],
      result: "i53",
    },
    joined: { name: "test_list_join", parameters: [{ list: "cstring" }], result: "cstring" },
  });
  const bytes = new Uint8Array(100).fill(1);
  const value = { x: 1, y: 2 };
  const list = ["a", "b"];
  const sum = library.sum(bytes, 100);
  const deepSum = sliceSum({ bytes, size: 100 });
  const before = joined(list);
  const moved = scale(value, { x: 0, y: 0 });
  bytes.fill(9);
  value.x = 100;
  list[0] = "changed";
  const isOrdered = (await Promise.all(orders)).every((thread) => thread !== 0n);
  const isKept = await sum === 100n && (await moved).x === 1 && await deepSum === 100 &&
    await before === await joined(["a", "b"]);
  return `${isOrdered ? "in order" : "out of order"}, ${isKept ? "kept" : "changed"}`;
}

async function busy(): Promise<string> {
  const gate = makeGate(library);
  const wait = library.gateWait.with({ wait: false });
  const calls = Array.from({ length: LIMIT * 2 }, () => wait(gate.number));
  const refused = await Promise.all(calls.slice(LIMIT).map(rejection));
  const code = (refused[LIMIT - 1] as SidingError).code;
  gate.open();
  const waited = await Promise.all(calls.slice(0, LIMIT));
  const after = await library.answer.with({ wait: false })();
  return `${waited.length} waited, ${refused.length} ${code}, then ${after}`;
}

async function cancel(): Promise<string> {
  const gate = makeGate(library);
  const blocked = Array.from({ length: LIMIT }, () => library.gateWait(gate.number));
  const controller = new AbortController();
  const aborted = rejection(library.countAdd.with({ signal: controller.signal })(8));
  const late = rejection(library.countAdd.with({ timeout: 20 })(8));
  if (stats().queued !== 2) throw new Error(`${stats().queued} calls wait, not 2`);
  controller.abort();
  const { name } = await aborted as Error;
  const { code } = await late as SidingError;
  gate.open();
  await Promise.all(blocked);
  await library.nothing();
  return `${name}, ${code}, ${library.countGet.sync(8)} ran`;
}

const tasks: Readonly<Record<string, () => Promise<string>>> = { order: inOrder, busy, cancel };
console.log(await tasks[process.argv[2] ?? ""]!());
