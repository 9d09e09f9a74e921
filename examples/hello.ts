// A blocking C call on a native thread, while a timer of this thread ticks.
//
//   bun examples/hello.ts      deno run --allow-ffi examples/hello.ts
import { open } from "@siding/ffi";

const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
  usleep: { parameters: ["u32"], result: "i32" },
});

let ticks = 0;
const timer = setInterval(() => ticks++, 1);
await libc.usleep(200_000); // sleeps 200 ms in C, on another thread
clearInterval(timer);
console.log(`${ticks} ticks while C slept for 200 ms`);
