/**
 * One cold start: milliseconds from before the import to the first call's result, or, with the
 * argument `empty`, to an empty module's.
 *
 * @module
 */
import process from "node:process";

const start = performance.now();
if (process.argv[2] === "empty") {
  await import("./empty.ts");
} else {
  const { open } = await import("../mod.ts");
  const path = new URL("../zig-out/lib/libsiding_test.so", import.meta.url);
  const { test_add: add } = open(path, {
    test_add: { parameters: ["i32", "i32"], result: "i32" },
  });
  if (await add(1, 2) !== 3) throw new Error("wrong sum");
}
console.log(performance.now() - start);
