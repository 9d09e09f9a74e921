// Giving up on a call: by a deadline, by an AbortSignal, and before it has begun.
//
//   bun examples/abort.ts      deno run --allow-ffi examples/abort.ts
import { Context, open } from "@siding/ffi";

const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
  usleep: { parameters: ["u32"], result: "i32" },
});
await using context = await Context.acquire();
const { usleep } = context.use(libc);
const told = (reason: unknown): void => console.log(String(reason));

const running = usleep(500_000); // holds the context's only thread
await usleep.with({ timeout: 100 })(500_000).catch(told); // its turn never came: C does not run
await libc.usleep.with({ runTimeout: 100 })(300_000).catch(told); // C runs on, nobody waits
const controller = new AbortController();
setTimeout(() => controller.abort("changed my mind"), 50);
await libc.usleep.with({ signal: controller.signal })(300_000).catch(told);
await running;
