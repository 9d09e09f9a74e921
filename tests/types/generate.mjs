// Writes build/types/large.ts: a library of 800 functions (or as many as asked for), each of them
// called, to measure what type checking a large binding costs:
//
//   node tests/types/generate.mjs [count] && tsc -p tests/types --extendedDiagnostics
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";

// Shapes of real headers: [definition, arguments of a call, the type of its result].
const shapes = [
  ['parameters: [], result: "i32"', "", "number"],
  ['parameters: [{ pointer: "TAG" }], result: "void"', "null", "undefined"],
  ['parameters: [{ pointer: "TAG" }, "cstring", "i32"], result: "i32"', 'null, "a", 1', "number"],
  [
    'parameters: ["cstring", { out: { pointer: "TAG" } }, "u32"], result: "i32"',
    '"a", 2',
    '{ value: number; out: [Pointer<"TAG"> | null] }',
  ],
  [
    'parameters: ["i32", { out: "buffer" }, "usize"], result: "isize", errno: true',
    "0, bytes, 8",
    "{ value: bigint; errno: number }",
  ],
  [
    'parameters: [{ pointer: "TAG" }, ' +
    '{ struct: { x: "f32", y: "f32", at: { struct: { id: "u64" } } } }], ' +
    'result: { struct: { w: "i32", h: "i32" } }',
    "null, { x: 1, y: 2, at: { id: 3 } }",
    "{ w: number; h: number }",
  ],
  [
    'parameters: [{ pointer: "TAG" }, { out: "i32" }, { out: "u64" }, { out: "f64" }], ' +
    'result: "bool"',
    "null",
    "{ value: boolean; out: [number, bigint, number] }",
  ],
  [
    'parameters: ["pointer", "i32", "i32", "i32", "i32", "f64", "f64", "u64", ' +
    '"function", "pointer"], result: "u64"',
    "null, 1, 2, 3, 4, 5, 6, 7n, null, null",
    "bigint",
  ],
  [
    'parameters: [{ pointer: "TAG" }, ' +
    '{ in: { struct: { x: "f64", y: { array: "i32", length: 4 } } } }, ' +
    '{ inout: { struct: { at: "u53", of: { union: { a: "i32", b: "f32" } } } } }], result: "i32"',
    "null, { x: 1, y: [1, 2, 3, 4] }, { at: 1, of: { a: 1 } }",
    "{ value: number; out: [{ at: number; of: { readonly a: number; readonly b: number } }] }",
  ],
  [
    'parameters: [{ list: "cstring" }, { bytes: 2 }, "usize"], ' +
    'result: { copy: { struct: { name: "cstring", data: { bytes: "size" }, size: "u32" } }, ' +
    'free: "free" }',
    '["a", null], bytes, 8',
    "{ name: string | null; data: Uint8Array | null; size: number } | null",
  ],
];

const count = Number(process.argv[2] ?? 800);
const definitions = [];
const calls = [];
for (let index = 0; index < count; index++) {
  const [definition, args, result] = shapes[index % shapes.length].map((text) =>
    text.replaceAll("TAG", `type_${index >> 3}`)
  );
  definitions.push(`  symbol_${index}: { ${definition} },`);
  calls.push(`  (await lib.symbol_${index}(${args})) satisfies ${result};`);
}

const folder = new URL("../../build/types/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(
  new URL("large.ts", folder),
  `import { type Library, open, type Pointer } from "../../mod.ts";
const definitions = {
${definitions.join("\n")}
} as const;
export const lib: Library<typeof definitions> = open("large", definitions);
export async function use(bytes: Uint8Array): Promise<Pointer | null> {
${calls.join("\n")}
  return null;
}
`,
);
console.log(`build/types/large.ts: ${count} functions`);
