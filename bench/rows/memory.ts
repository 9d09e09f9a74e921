/**
 * Reading native memory, against a DataView on the runtime's own view of the same memory.
 *
 * @module
 */
import { alloc, type From, layout, type Memory, read, write } from "../../mod.ts";
import { alternate, type Run } from "../measure.ts";
import { viewOfMemory } from "../peers.ts";
import { compared, type Row } from "./outcome.ts";

const COUNT = 1024;
const entry = layout({
  struct: { a: "i32", b: "u32", c: "f64", d: "f64", e: "u16", f: "i16", g: "u8", h: "f32" },
});
type Entry = From<typeof entry["type"]>;

function readByHand(view: DataView, at: number): Entry {
  return {
    a: view.getInt32(at, true),
    b: view.getUint32(at + 4, true),
    c: view.getFloat64(at + 8, true),
    d: view.getFloat64(at + 16, true),
    e: view.getUint16(at + 24, true),
    f: view.getInt16(at + 26, true),
    g: view.getUint8(at + 28),
    h: view.getFloat32(at + 32, true),
  };
}

/* What is read is kept: an object that nobody keeps need not be made at all. */
function reading(one: (at: number) => Entry): Run {
  const kept: Entry[] = Array.from({ length: COUNT }, () => one(0));
  return (count) => {
    for (let round = 0; round < count; round++) {
      for (let i = 0; i < COUNT; i++) kept[i] = one(i * entry.size);
    }
    if (kept[COUNT - 1]!.b !== COUNT - 1) throw new Error("a struct was read wrong");
  };
}

function filled(): Memory {
  const memory = alloc(entry.size * COUNT);
  for (let i = 0; i < COUNT; i++) {
    const value = { a: -i, b: i, c: i / 2, d: i / 3, e: i, f: -i, g: i & 255, h: i };
    write(memory, entry, value, i * entry.size);
  }
  return memory;
}

/** A struct of eight fields. */
export const memoryRead: Row = async (name, effort) => {
  using memory = filled();
  const view = viewOfMemory(memory.pointer, memory.size);
  const ours = reading((at) => read(memory, entry, at));
  const theirs = reading((at) => readByHand(view, at));
  return compared(name, "DataView", await alternate(ours, theirs, effort), COUNT);
};
