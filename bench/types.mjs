// What checking the types of a large library costs: the median of the compiler's own "Check time",
// for a program that imports the package and calls every function of a generated library.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { capture, root } from "../scripts/toolchain.mjs";

const folder = join(root, "build", "types");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const config = {
  extends: "../../tsconfig.json",
  include: ["large.ts"],
  compilerOptions: { noEmit: true },
};

/** Seconds of each of `rounds` checks of a library of `count` functions. */
export async function checkTimes(count, rounds) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  try {
    await run([join(root, "tests", "types", "generate.mjs"), String(count)]);
    const seconds = [];
    for (let round = 0; round < rounds; round++) {
      const output = await run([compiler, "-p", folder, "--extendedDiagnostics"]);
      seconds.push(Number(/^Check time:\s+([\d.]+)s$/m.exec(output)[1]));
    }
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true }); // or other checks would find it
  }
}

async function run(args) {
  const { code, stdout, stderr } = await capture(process.execPath, args);
  if (code !== 0) throw new Error(`Cannot check the types:\n${stdout}${stderr}`);
  return stdout;
}
