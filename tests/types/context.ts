// Checked, never run: what contexts, bound calls, owned handles and ports are in the type system.
import {
  bind,
  type Bound,
  chain,
  type Context,
  open,
  type Owned,
  type Pointer,
  type Port,
  type Rounds,
} from "../../mod.ts";
import { same } from "./equal.ts";

const library = open("libthing.so", {
  thing_open: { parameters: ["cstring"], result: { pointer: "thing" } },
  thing_close: { parameters: [{ pointer: "thing" }], result: "i32" },
  thing_next: { parameters: [{ pointer: "thing" }, "i32"], result: "i32", errno: true },
  thing_wake: { parameters: [{ pointer: "thing" }], result: "void" },
  free: { parameters: ["pointer"], result: "void" },
  other_close: { parameters: [{ pointer: "other" }], result: "void" },
});

export async function check(context: Context): Promise<void> {
  const used = context.use(library);
  const pointer = (await used.thing_open("a"))!;
  same<typeof pointer, Pointer<"thing">>(true);

  const owned = context.own(pointer, used.thing_close);
  same<typeof owned, Owned<Pointer<"thing">, number>>(true);
  same<ReturnType<typeof owned.close>, Promise<number | undefined>>(true);
  context.own(pointer, library.thing_close);
  context.own(pointer, library.free);
  // @ts-expect-error a destructor of something else
  context.own(pointer, library.other_close);
  // @ts-expect-error a destructor of one pointer
  context.own(pointer, used.thing_next);
  // @ts-expect-error the null pointer has nothing to destroy
  context.own(null, used.thing_close);

  const bound = bind(used.thing_next, pointer, 5);
  same<typeof bound, Bound<{ value: number; errno: number }>>(true);
  const rest = bind(used.thing_next, pointer);
  same<typeof rest, Bound<{ value: number; errno: number }, [number]>>(true);
  // @ts-expect-error no string
  bind(used.thing_next, pointer, "5");

  const port = context.repeat(bound, { until: 0, emit: { not: -1 }, wake: "signal" });
  same<typeof port, Port<{ value: number; errno: number }>>(true);
  // @ts-expect-error what results are compared with is their value
  context.repeat(bound, { until: "0" });

  const rows = chain(used, (s) => ({ next: s.run.thing_next(pointer, 1) }));
  const rowPort = context.repeat(rows, { capacity: 2 });
  same<typeof rowPort, Port<{ next: { value: number; errno: number } }>>(true);
  // @ts-expect-error chains end by conditions of their own
  context.repeat(rows, { until: 0 });
  // @ts-expect-error: the chain itself is repeated, and no bound one
  context.repeat(bind(rows, 1));
  const tenRows = bind(rows, 10);
  same<typeof tenRows, Bound<Rounds<{ next: { value: number; errno: number } }>>>(true);

  const wake: Bound<undefined> = bind(library.thing_wake, pointer);
  used.thing_next.with({ interrupt: wake });
  used.thing_next.with({ interrupt: { flag: pointer, value: 1 } });
  context.interruptWith("signal");
  // @ts-expect-error no such interrupt
  context.interruptWith("kill");
  const kept = context.keep(wake);
  same<typeof kept, Bound<undefined>>(true);
  using _ = context.on("stuck", ({ function: name }) => same<typeof name, string>(true));
  // @ts-expect-error no such notice
  context.on("overflown", () => {});
}
