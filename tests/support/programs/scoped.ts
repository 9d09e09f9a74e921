/** Everything there is, with FFI permission for two paths; with an argument, opens that instead. */
import process from "node:process";
import { alloc, arena, arg, bind, callback, Context, copyBytes } from "../../../mod.ts";
import { fn, layout, open, read, readString, SidingError, Station, write } from "../../../mod.ts";
import { ask, openCallbackLib, post } from "../callbacks.ts";
import { rejection, until } from "../harness.ts";
import { line, makeGate, openTestlib, testlibPath } from "../testlib.ts";

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function memory(): void {
  const entry = layout({ struct: { id: "u32", name: "cstring", ends: line } });
  const ends = { from: { x: 1, y: 2 }, to: { x: 3, y: 4 } };
  using whole = alloc(entry.size + 5);
  write(whole, entry, { id: 7, name: "scoped", ends }, 5);
  const back = read(whole, entry, 5);
  expect(back.id === 7 && back.name === "scoped" && back.ends.to.y === 4, "read and write");
  const bytes = new Uint8Array(4);
  copyBytes(whole.slice(5, 4), bytes);
  expect(bytes.join() === "7,0,0,0", "copyBytes from memory");
  copyBytes(Uint8Array.of(9), whole, 5);
  expect(read(whole.pointer, "u8", 5) === 9, "copyBytes to memory");
  using pieces = arena();
  expect(readString(pieces.allocString("text", "utf16"), "utf16") === "text", "texts");
  for (const beyond of [6, -1, 2 ** 40]) {
    try {
      read(whole, entry, beyond);
    } catch (error) {
      if (error instanceof RangeError) continue;
    }
    throw new Error(`bounds at ${beyond}`);
  }
}

async function everything(): Promise<void> {
  memory();
  const library = openTestlib();
  const { turn, variable, print } = open(testlibPath, {
    turn: { name: "test_line_turn", parameters: [line], result: line },
    variable: { name: "test_variable_i32", type: "i32" },
    print: {
      name: "test_variadic_text",
      parameters: ["cstring", "i32", "f64"],
      variadic: 1,
      result: "cstring",
    },
  });
  const ends = { from: { x: 1, y: 2 }, to: { x: 3, y: 4 } };
  expect((await turn(ends)).from.x === 3 && turn.sync(ends).to.y === 2, "structs");
  expect(
    await print("id", 5, 0.5) === "5 0.5 " && print.sync("id", 5, 0.5) === "5 0.5 ",
    "variadic",
  );
  variable.set(77);
  expect(variable.get() === 77, "variable");
  expect(library.add.sync(1, 2) === 3 && await library.add(3, 4) === 7, "add");
  const bytes = new Uint8Array(5);
  library.fill.sync(bytes, 5, 1);
  await library.increment(bytes, 5);
  expect(bytes.join() === "2,2,2,2,2", "buffer");
  const long = "text".repeat(10_000);
  expect(await library.echoText(long) === long && library.echoText.sync(long) === long, "text");
  expect((await library.errnoFail(4)).errno === 4, "errno");
  await using context = await Context.acquire({ name: "scoped" });
  expect(await context.use(library).sleep(20) === 20, "context");
  const gate = makeGate(library);
  const error = await rejection(library.gateWait.with({ timeout: 10 })(gate.number));
  expect((error as SidingError).code === "ERR_SIDING_TIMEOUT", "timeout");
  gate.open();
  await until(() => gate.arrived() === 1, "gate");
}

async function stations(): Promise<void> {
  await using station = new Station();
  const event = station.event({ mode: "counted" });
  const post = fn(event.pointer, { parameters: ["u64", "u64"], result: "i32" });
  await post(event.handle, 3);
  expect((await event.next()).value === 3n, "a native event");
  await station.sleep(1);
  if (process.platform !== "win32") await descriptors(station);
}

async function descriptors(station: Station): Promise<void> {
  const libc = open(testlibPath, { // which has the C library with it
    eventfd: { parameters: ["u32", "i32"], result: "i32" },
    open: { parameters: ["cstring", "i32"], variadic: 2, result: "i32" },
  });
  const descriptor = libc.eventfd.sync(5, 0o4000);
  await station.readable(descriptor);
  expect((await station.eventfd(descriptor).next()).value === 5n, "eventfd");
  const zeros = station.exact(libc.open.sync("/dev/zero", 0), { size: 10 });
  expect((await zeros.next()).value?.length === 10, "a read that a thread carries");
}

/* C on this thread reaches JavaScript with the whole flag only, and says so. */
async function callbacks(): Promise<void> {
  const library = openCallbackLib();
  let events = 0;
  using posts = callback.post(post, () => void events++);
  await library.stormJoin(await library.stormStart(posts, 2, 50));
  await until(() => events === 100, "events");
  using doubled = callback.call(ask, async (value) => await Promise.resolve(value * 2), {
    fallback: 0,
    name: "doubled",
  });
  expect(await library.askI32(doubled, 21, true) === 42, "an answer to a foreign thread");
  expect(await library.askI32(doubled, 21, false) === 42, "an answer to the pool");
  expect(await library.askI32(bind(library.add, arg(0), 1), 21, true) === 22, "a bound call");
  using sync = callback.call(ask, (value) => value, { fallback: 0, name: "here" });
  try {
    expect(library.askI32.sync(sync, 5, false) === 5, "inline");
  } catch (error) {
    if (!("Deno" in globalThis && error instanceof SidingError)) throw error;
    const message = "Cannot have here called on this thread: add --allow-ffi";
    expect(error.code === "ERR_SIDING_PERMISSION" && error.message === message, error.message);
  }
}

const [name] = process.argv.slice(2);
try {
  if (name === undefined) await everything().then(stations).then(callbacks);
  else open(name === "" ? null : name, {});
  console.log("all works");
} catch (error) {
  if (!(error instanceof SidingError)) throw error;
  console.log(`${error.code} ${error.message}`);
}
