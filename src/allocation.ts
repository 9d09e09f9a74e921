/**
 * Native memory with an owner that frees it, once, at the latest when it is collected.
 *
 * @module
 */
import type { Holder } from "./codec.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { copyTo } from "./follow.ts";
import { creationStack, type Leak, reportLeak } from "./leak.ts";
import { loadNative } from "./loader.ts";
import { runtime } from "./runtime/current.ts";
import { words } from "./words.ts";

/** Native memory and its size. */
interface Piece {
  readonly address: number;
  readonly size: number;
}

/** What is freed together; knows nothing of who uses it. */
interface Block {
  readonly kind: Leak["kind"];
  readonly pieces: Piece[];
  readonly stack: string | undefined;
}

const out = words(1);

function makePiece(size: number): Piece {
  const { native } = loadNative();
  checkStatus(
    native.siding_memory_alloc(runtime.wide(size), out.u8),
    `allocate ${size} bytes of native memory`,
  );
  return { address: Number(out.u64[0]), size };
}

function freePieces(block: Block): number {
  const { native } = loadNative();
  let size = 0;
  for (const piece of block.pieces) {
    native.siding_memory_free(runtime.wide(piece.address), runtime.wide(piece.size));
    size += piece.size;
  }
  block.pieces.length = 0;
  return size;
}

const forgotten: FinalizationRegistry<Block> = new FinalizationRegistry((block) => {
  const { kind, stack } = block;
  const { address } = block.pieces[0]!;
  reportLeak({ kind, address, size: freePieces(block), stack });
});

const encoder = new TextEncoder();

/** A text in UTF-16 with its zero. */
function units(text: string): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2 + 2));
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), true);
  return new Uint8Array(view.buffer);
}

/** Bytes of a C string, its zero included. */
export function textBytes(text: string, encoding: "utf8" | "utf16"): Uint8Array {
  return encoding === "utf8" ? encoder.encode(text + "\0") : units(text);
}

/** Native memory, and what was written into it by reference. */
export class Allocation implements Holder {
  readonly address: number;
  readonly size: number;
  /** The memory itself until it is freed; nothing where the runtime may not show it. */
  u8: Uint8Array | undefined;
  view: DataView | undefined;
  /** Kept alive as long as this is in use. */
  readonly owner: object | undefined;
  readonly #block: Block;

  /** Allocates zeroed memory. */
  constructor(size: number, kind: Leak["kind"], owner?: object) {
    const piece = makePiece(size);
    this.address = piece.address;
    this.size = size;
    this.owner = owner;
    const buffer = runtime.memory(piece.address, size);
    this.u8 = buffer === null ? undefined : new Uint8Array(buffer);
    this.view = buffer === null ? undefined : new DataView(buffer);
    this.#block = { kind, pieces: [piece], stack: creationStack() };
    forgotten.register(this, this.#block, this);
  }

  /** Whether it was freed. */
  get closed(): boolean {
    return this.#block.pieces.length === 0;
  }

  /** Throws where it was freed. */
  demandOpen(action = "write"): void {
    if (!this.closed) return;
    throw new SidingError("ERR_SIDING_CLOSED", `Cannot ${action} memory: it is freed`);
  }

  /** Frees it. */
  free(): void {
    forgotten.unregister(this);
    this.u8 = this.view = undefined;
    freePieces(this.#block);
  }

  /** Copies bytes into it. */
  put(at: number, bytes: Uint8Array): void {
    if (this.u8 === undefined) copyTo(this.address + at, bytes);
    else this.u8.set(bytes, at);
  }

  /** Keeps a UTF-8 text until this is freed. */
  text(value: string): number {
    return this.bytes(textBytes(value, "utf8"));
  }

  /** Keeps a UTF-16 text until this is freed. */
  text16(value: string): number {
    return this.bytes(textBytes(value, "utf16"));
  }

  /** Keeps bytes until this is freed. */
  bytes(value: Uint8Array): number {
    const piece = makePiece(Math.max(1, value.length));
    this.#block.pieces.push(piece);
    copyTo(piece.address, value);
    return piece.address;
  }
}
