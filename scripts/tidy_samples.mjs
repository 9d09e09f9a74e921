// @ts-check
/** Good and bad samples for the self-test of tidy.mjs; `caught` names the rules a sample breaks. */

/** @type {(head: string, count: number) => string} */
const long = (head, count) => `${head}\n${"    go();\n".repeat(count)}}\n`;

/** @type {(...lines: string[]) => string} */
const lines = (...text) => text.join("\n") + "\n";

/** @type {readonly { path: string, text: string, caught: string[] }[]} */
export const samples = [
  { path: "src/a.ts", text: "let a;\n".repeat(800), caught: [] },
  { path: "src/a.ts", text: "let a;\n".repeat(801), caught: ["file length"] },
  { path: "lib/a.c", text: long("static int f(int a) {", 68), caught: [] },
  { path: "lib/a.c", text: long("static int f(int a) {", 69), caught: ["function length"] },
  { path: "lib/a.c", text: long("int f(int a,\n      int b) {", 68), caught: ["function length"] },
  { path: "lib/a.c", text: long("static const struct a b[] = {", 80), caught: [] },
  {
    path: "src/a.ts",
    text: long("function f(a: number): void {", 69),
    caught: ["function length"],
  },
  { path: "src/a.ts", text: long("const f = async () => {", 69), caught: ["function length"] },
  { path: "src/a.ts", text: long("const f = a => {", 69), caught: ["function length"] },
  { path: "src/a.ts", text: long("function f() {", 68), caught: [] },
  {
    path: "src/a.ts",
    text: long("const a = {\n  f(b: string): Promise<Map<string, { c: 1 }>> {", 69) + "};\n",
    caught: ["function length"],
  },
  { path: "src/a.ts", text: long("if (a) {", 90), caught: [] },
  { path: "src/a.ts", text: long("interface A extends B<C> {", 90), caught: [] },
  { path: "tests/a_test.ts", text: long('describe("a", () => {', 90), caught: [] },
  {
    path: "src/a.ts",
    text: lines('const a = "function f() {";', "const b = `${c}{`;", "const d = /[{/]{/;") +
      "go();\n".repeat(90),
    caught: [],
  },
  { path: "lib/a.c", text: "/*" + "x".repeat(96) + "*/\n", caught: [] },
  { path: "lib/a.c", text: "/*" + "x".repeat(97) + "*/\n", caught: ["line length"] },
  { path: "lib/a.c", text: "\tint a;\n", caught: ["tab"] },
  { path: "lib/a.c", text: "int a; \n", caught: ["trailing space"] },
  { path: "lib/a.c", text: "/* " + "TO" + "DO */\n", caught: ["unfinished"] },
  { path: "src/callTable.ts", text: "", caught: ["file name"] },
  { path: "lib/core/call-table.c", text: "", caught: ["file name"] },
  { path: "tests/data.bin", text: "\t\n", caught: [] },
  { path: "src/helpers.ts", text: "", caught: ["vague name"] },
  { path: "lib/common/a.c", text: "", caught: ["vague name"] },
  { path: "src/a.ts", text: "Deno.exit();\n", caught: ["runtime"] },
  { path: "src/a.ts", text: "Bun.gc();\n", caught: ["runtime"] },
  { path: "src/a.ts", text: 'import { dlopen } from "bun:ffi";\n', caught: ["runtime"] },
  { path: "mod.ts", text: 'import { join } from "node:path";\n', caught: ["runtime"] },
  { path: "cli/a.ts", text: "Deno.exit();\n", caught: ["runtime"] },
  { path: "cli/a.ts", text: 'import process from "node:process";\n', caught: [] },
  { path: "src/a.ts", text: "// As Deno.dlopen does.\n", caught: [] },
  { path: "src/runtime/deno.ts", text: "Deno.exit();\n", caught: [] },
  { path: "tests/a_test.ts", text: 'import { join } from "node:path";\n', caught: [] },
  { path: "lib/core/a.c", text: "#ifdef __linux__\n#endif\n", caught: ["system"] },
  { path: "lib/core/a.h", text: "#if defined(_WIN32)\n#endif\n", caught: ["system"] },
  {
    path: "lib/include/siding.h",
    text: lines("#if defined(_WIN32)", "#define SIDING_API x", "#endif"),
    caught: [],
  },
  {
    path: "lib/include/siding.h",
    text: lines("#if defined(_WIN32)", "#define SIDING_OTHER x", "#endif"),
    caught: ["system"],
  },
  { path: "lib/platform/platform.h", text: "#if defined(_WIN32)\n#endif\n", caught: [] },
  { path: "src/a.ts", text: "export const a: any = 1;\n", caught: ["any"] },
  { path: "src/a.ts", text: "export type A = Record<string, any[]>;\n", caught: ["any"] },
  { path: "src/a.ts", text: "AbortSignal.any([a]); // any\n", caught: [] },
  { path: "src/a.ts", text: "export const enum A {\n  b,\n}\n", caught: ["enum"] },
  { path: "src/a.ts", text: "export default a;\n", caught: ["default export"] },
  { path: "tests/a_test.ts", text: 'test("a", f);\ntest("b", f);\n', caught: [] },
  { path: "tests/a_test.ts", text: 'test("a", f);\ntest.skip("a", f);\n', caught: ["test name"] },
];
