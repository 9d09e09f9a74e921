/**
 * Cold starts of the package as users have it: from JSR on Deno, from npm on Bun, with nothing left
 * to download. Prints two lists of milliseconds: from before the import to the first call's result,
 * and for an empty module.
 *
 *   bench/cold_package.ts STARTS
 *
 * @module
 */
import process from "node:process";
import { runtimeName } from "../tests/support/harness.ts";
import { jsrProject, npmProject, type Project } from "../tests/support/project.ts";
import { testlibPath } from "../tests/support/testlib.ts";

const firstCall = `
const start = performance.now();
const { open } = await import("@siding/ffi");
const { test_add: add } = open(${JSON.stringify(testlibPath)}, {
  test_add: { parameters: ["i32", "i32"], result: "i32" },
});
if (await add(1, 2) !== 3) throw new Error("wrong sum");
console.log(performance.now() - start);
`;
const empty = `
const start = performance.now();
await import("./nothing.ts");
console.log(performance.now() - start);
`;
const files = { "main.ts": firstCall, "empty.ts": empty, "nothing.ts": "" };

async function start(project: Project, name: string, isFirst = false): Promise<number> {
  const denoFlags = ["--allow-ffi", ...isFirst ? [] : ["--cached-only"]];
  const { code, stdout, stderr } = await project.run(name, { denoFlags });
  if (code !== 0) throw new Error(stderr);
  return Number(stdout);
}

async function install(): Promise<Project> {
  if (runtimeName === "deno") return await jsrProject(files);
  const project = await npmProject(files);
  await project.command([process.execPath, "add", "@siding/ffi"]);
  return project;
}

await using project = await install();
await start(project, "main.ts", true);
await start(project, "empty.ts", true);
const times: [ours: number[], empty: number[]] = [[], []];
while (times[0].length < Number(process.argv[2])) {
  times[0].push(await start(project, "main.ts"));
  times[1].push(await start(project, "empty.ts"));
}
console.log(JSON.stringify(times));
