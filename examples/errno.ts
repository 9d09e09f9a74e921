// How C reports failure: errno beside the result, or as an error.
//
//   bun examples/errno.ts      deno run --allow-ffi examples/errno.ts
import { open, SidingError } from "@siding/ffi";

const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
  access: { parameters: ["cstring", "i32"], result: "i32", errno: true },
  rmdir: { parameters: ["cstring"], result: "i32", errno: "throw" },
});

const { value, errno } = await libc.access("/no/such/file", 0);
console.log(`access gave ${value} and set errno to ${errno}`);
try {
  await libc.rmdir("/no/such/directory");
} catch (error) {
  if (!(error instanceof SidingError)) throw error;
  console.log(`${error.message} (${error.code}, errno ${error.errno}, from ${error.syscall})`);
}
