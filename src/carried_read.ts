/**
 * Reads that block.
 *
 * @module
 */
import { carriedPort } from "./carried.ts";
import { handleReading, type Read, type Reading } from "./carried_handle.ts";
import { chain } from "./chain.ts";
import type { Context } from "./context.ts";
import { open } from "./library.ts";
import { loadNative } from "./loader.ts";
import { alloc } from "./memory.ts";
import { cutShort } from "./native_source.ts";
import type { Port } from "./port.ts";
import { runtime } from "./runtime/current.ts";

/** What is read, and what it becomes. */
export interface ReadPlan<T> extends Read {
  /** For errors: completes "Cannot …". */
  readonly action: string;
  /** Whether items have exactly that size. */
  readonly isExact: boolean;
  readonly signal: AbortSignal | undefined;
  readonly decode: (bytes: Uint8Array) => readonly T[];
}

/* Of the C library, which libsiding has loaded. */
const definitions = {
  read: { parameters: ["i32", "pointer", "usize"], result: "isize", errno: "throw" },
  memmove: { parameters: ["pointer", "pointer", "usize"], result: { bytes: 2 } },
} as const;

/** Cuts what was read into items of one size. */
class Cutter {
  readonly #size: number;
  #item: Uint8Array;
  #length = 0;

  constructor(size: number) {
    this.#size = size;
    this.#item = new Uint8Array(size);
  }

  /** Whether an item was begun. */
  get isWithin(): boolean {
    return this.#length > 0;
  }

  /** The items that are complete with these bytes. */
  cut(bytes: Uint8Array): Uint8Array[] {
    if (this.#length === 0 && bytes.length === this.#size) return [bytes];
    const items: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#size - this.#length);
      this.#item.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length < this.#size) continue;
      items.push(this.#item);
      this.#item = new Uint8Array(this.#size);
      this.#length = 0;
    }
    return items;
  }
}

function repeatRead(context: Context, { descriptor, size, capacity }: Read): Port<unknown> {
  const { pointer } = context.keep(alloc(size));
  const body = chain(context.use(open(loadNative().path, definitions)), ({ run }) => {
    const count = run.read(descriptor, pointer, size);
    return [run.memmove(pointer, pointer, count)] as const;
  });
  return context.repeat(body, { wake: "signal", capacity });
}

const descriptorReading: Reading = {
  start: repeatRead,
  bytesOf: (run) => (run as readonly [Uint8Array])[0],
};

/** A port of what a descriptor gives that cannot be read without blocking. */
export function carriedRead<T>(plan: ReadPlan<T>): Port<T> {
  const { action, descriptor, size, isExact, capacity, signal, decode } = plan;
  const reading = runtime.system === "windows" ? handleReading : descriptorReading;
  const cutter = isExact ? new Cutter(size) : undefined;
  return carriedPort<T>({
    name: `read ${descriptor}`,
    capacity,
    signal,
    start: (context) => reading.start(context, plan),
    take: (run) => {
      const bytes = reading.bytesOf(run);
      if (bytes.length > 0) return (cutter?.cut(bytes) ?? [bytes]).flatMap(decode);
      if (cutter?.isWithin) throw cutShort(action);
      return null;
    },
  });
}
