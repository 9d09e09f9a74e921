// Checked, never run: memory as the types see it, and the uses that must not compile.
import { alloc, allocString, arena, copyBytes, layout, Memory, pointer } from "../../mod.ts";
import { type Layout, type Pointer, read, readString, write } from "../../mod.ts";
import { same } from "./equal.ts";

const entry = layout({
  struct: {
    id: "u32",
    at: { struct: { x: "f64", y: "f64" } },
    list: { array: "i64", length: 4 },
    owner: { pointer: "owner" },
    name: "cstring",
  },
});
const either = layout({ union: { whole: "i32", real: "f64" } });
const nameless = layout({ struct: ["i32", "f64"] });

const memory = alloc(entry);
same<typeof memory, Memory>(true);
same<typeof memory.pointer, Pointer>(true);
same<typeof entry.size, number>(true);
same<typeof entry.type.struct.id, "u32">(true);

// Layouts know their fields.
entry.offset("id");
entry.offset("at.x");
entry.offset("list[3]");
either.offset("real");
nameless.offset("[1]");
layout({ array: "u8", length: 3 }).offset("[2]");
// @ts-expect-error no such field
entry.offset("age");
// @ts-expect-error no such alternative
either.offset("text");
// @ts-expect-error fields without names have numbers
nameless.offset("x");
// @ts-expect-error a scalar has no fields
layout("i32").offset("x");
// @ts-expect-error no type
layout("int");
// @ts-expect-error buffers do not stand in memory
layout("buffer");
// @ts-expect-error out cells do not stand in memory
layout({ out: "i32" });

// Values have the types that results have.
const value = read(memory, entry);
same<typeof value.id, number>(true);
same<typeof value.at, { x: number; y: number }>(true);
same<typeof value.list, bigint[]>(true);
same<typeof value.owner, Pointer<"owner"> | null>(true);
same<typeof value.name, string | null>(true);
const count = read(memory, "u32", 4);
same<typeof count, number>(true);
const both = read(memory.pointer, { union: { whole: "i32", real: "f64" } });
same<typeof both, { readonly whole: number; readonly real: number }>(true);
const bytes = read(memory, nameless);
same<typeof bytes, Uint8Array>(true);
// @ts-expect-error a pointer may be null, and null cannot be read
read(value.owner, "i32");
// @ts-expect-error a buffer of JavaScript is no native memory
read(new Uint8Array(8), "i32");
// @ts-expect-error no type
read(memory, "int");

// Written values are what arguments are.
write(memory, "u64", 5);
write(memory, "u64", 5n, 8);
write(memory, either, { real: 0.5 });
write(memory, nameless, new ArrayBuffer(16));
write(memory, { array: "u8", length: 2 }, [1, 2]);
// @ts-expect-error a string is no number
write(memory, "u64", "5");
// @ts-expect-error one alternative only
write(memory, either, { real: 0.5, whole: 1 });
// @ts-expect-error a field is missing
write(memory, { struct: { a: "i32", b: "i32" } }, { a: 1 });
// @ts-expect-error another tag
write(memory, { pointer: "owner" }, pointer(1) as Pointer<"other">);
// @ts-expect-error an array of numbers
write(memory, { array: "u8", length: 2 }, ["1", "2"]);

// Copies go from or to native memory.
copyBytes(memory, new Uint8Array(4), 4);
copyBytes(new Float64Array(4), memory.pointer);
// @ts-expect-error neither side is native memory
copyBytes(new Uint8Array(4), new Uint8Array(4));
// @ts-expect-error numbers without the brand are no pointers
copyBytes(4096, new Uint8Array(4));

// Strings, arenas, pointers.
same<string, ReturnType<typeof readString>>(true);
readString(memory, "utf8", 4);
allocString("text", "utf16");
// @ts-expect-error no encoding of C strings
allocString("text", "latin1");
arena().alloc(16).slice(8);
arena().alloc(either);
// @ts-expect-error neither a size nor a layout
alloc("16");
// @ts-expect-error made by alloc only
new Memory();
same<ReturnType<typeof pointer>, Pointer>(true);
// @ts-expect-error an address is a number
pointer("0x1000");
const general: Layout<"i32"> = layout("i32");
alloc(general);
