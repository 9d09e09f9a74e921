// Zstandard at work: streams, contexts, dictionaries, through its complete definitions.
import { deepStrictEqual as same, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as z from "../../bindings/zstd.ts";
import { alloc, copyBytes, type Memory, type Pointer } from "../../mod.ts";
import { randomFrom } from "../support/harness.ts";
import { tryOpen } from "./need.ts";

const { library: zstd, test } = tryOpen(z.openZstd);
const PIECE = 100_000;

/** Lines of a log, which compress well, and better with a dictionary. */
function sample(lines: number, seed = 7): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed);
  const number = (): string => random().toString(36).slice(2, 9);
  const line = (_: unknown, at: number): string => `{"at":${at},"train":"${number()}","stop":true}`;
  return new TextEncoder().encode(Array.from({ length: lines }, line).join("\n"));
}

/** A size; throws what the result says where it is an error. */
async function sized(result: Promise<bigint>): Promise<number> {
  const code = await result;
  if (await zstd.ZSTD_isError(code) === 0) return Number(code);
  throw new Error(`${await zstd.ZSTD_getErrorName(code)}`);
}

/** What has come out so far. */
class Pieces {
  readonly #room: Memory = alloc(PIECE);
  readonly #made: Uint8Array[] = [];

  get buffer(): { dst: Pointer; size: number; pos: number } {
    return { dst: this.#room.pointer, size: PIECE, pos: 0 };
  }

  take(size: number): void {
    const bytes = new Uint8Array(size);
    if (size > 0) copyBytes(this.#room, bytes);
    this.#made.push(bytes);
  }

  whole(): Buffer {
    this.#room[Symbol.dispose]();
    return Buffer.concat(this.#made);
  }
}

async function compressed(input: Uint8Array, level: number): Promise<Buffer> {
  const context = await zstd.ZSTD_createCCtx();
  await sized(zstd.ZSTD_CCtx_setParameter(context, z.ZSTD_c_compressionLevel, level));
  await sized(zstd.ZSTD_CCtx_setParameter(context, z.ZSTD_c_checksumFlag, 1));
  using memory = alloc(PIECE);
  const pieces = new Pieces();
  for (let at = 0; at < input.length; at += PIECE) {
    const piece = input.subarray(at, at + PIECE);
    copyBytes(piece, memory);
    const end = at + PIECE >= input.length ? z.ZSTD_e_end : z.ZSTD_e_continue;
    let source = { src: memory.pointer as Pointer | null, size: piece.length, pos: 0 };
    for (let left = 1n; left > 0n || source.pos < source.size;) {
      const step = await zstd.ZSTD_compressStream2(context, pieces.buffer, source, end);
      same(await zstd.ZSTD_isError(step.value), 0);
      left = end === z.ZSTD_e_end ? step.value : 0n;
      const [output, input_] = step.out;
      pieces.take(output.pos);
      source = input_;
    }
  }
  same(await zstd.ZSTD_freeCCtx(context), 0n);
  return pieces.whole();
}

async function decompressed(input: Uint8Array): Promise<Buffer> {
  const context = await zstd.ZSTD_createDStream();
  await sized(zstd.ZSTD_initDStream(context));
  using memory = alloc(PIECE);
  const pieces = new Pieces();
  for (let at = 0; at < input.length; at += PIECE) {
    const piece = input.subarray(at, at + PIECE);
    copyBytes(piece, memory);
    let source = { src: memory.pointer as Pointer | null, size: piece.length, pos: 0 };
    for (let full = true; full || source.pos < source.size;) {
      const step = await zstd.ZSTD_decompressStream(context, pieces.buffer, source);
      await sized(Promise.resolve(step.value));
      const [output, input_] = step.out;
      pieces.take(output.pos);
      full = output.pos === output.size;
      source = input_;
    }
  }
  await zstd.ZSTD_freeDStream(context);
  return pieces.whole();
}

test("zstd: several MiB are compressed and decompressed through streams", async () => {
  const input = sample(80_000);
  ok(input.length > 3 << 20);
  for (const level of [1, 6]) {
    const small = await compressed(input, level);
    ok(small.length < input.length / 2, `${small.length} of ${input.length}`);
    ok((await decompressed(small)).equals(input));
    same(await zstd.ZSTD_getFrameContentSize(small, small.length), z.ZSTD_CONTENTSIZE_UNKNOWN);
    same(await zstd.ZSTD_findFrameCompressedSize(small, small.length), BigInt(small.length));
  }
});

test("zstd: everything at once, with and without a context", async () => {
  const input = sample(1000);
  const room = new Uint8Array(await sized(zstd.ZSTD_compressBound(input.length)));
  const size = await sized(zstd.ZSTD_compress(room, room.length, input, input.length, 3));
  const small = room.subarray(0, size);
  same(await zstd.ZSTD_getFrameContentSize(small, size), BigInt(input.length));
  const back = new Uint8Array(input.length);
  same(await sized(zstd.ZSTD_decompress(back, back.length, small, size)), input.length);
  same(back, input);
  const context = await zstd.ZSTD_createCCtx();
  const again = new Uint8Array(room.length);
  const more = zstd.ZSTD_compressCCtx(context, again, again.length, input, input.length, 3);
  same(again.subarray(0, await sized(more)), small);
  ok(await zstd.ZSTD_sizeof_CCtx(context) > 1000);
  await zstd.ZSTD_freeCCtx(context);
});

test("zstd: bounds of a parameter come as a struct by value", async () => {
  const level = await zstd.ZSTD_cParam_getBounds(z.ZSTD_c_compressionLevel);
  same(level.error, 0n);
  same([level.lowerBound, level.upperBound], [
    await zstd.ZSTD_minCLevel(),
    await zstd.ZSTD_maxCLevel(),
  ]);
  const strategy = await zstd.ZSTD_cParam_getBounds(z.ZSTD_c_strategy);
  same([strategy.lowerBound, strategy.upperBound], [z.ZSTD_fast, z.ZSTD_btultra2]);
  const unknown = zstd.ZSTD_cParam_getBounds.sync(99_999);
  same(await zstd.ZSTD_getErrorName(unknown.error), "Unsupported parameter");
});

test("zstd: an error is a size beyond all sizes, exact in 64 bits", async () => {
  const code = await zstd.ZSTD_decompress(new Uint8Array(10), 10, new Uint8Array(20).fill(1), 20);
  ok(code > 2n ** 63n);
  same(await zstd.ZSTD_isError(code), 1);
  match(await zstd.ZSTD_getErrorName(code) ?? "", /Unknown frame descriptor/);
  const size = zstd.ZSTD_getFrameContentSize(new Uint8Array(20).fill(1), 20);
  same(await size, z.ZSTD_CONTENTSIZE_ERROR);
});

test("zstd: a dictionary makes small texts smaller, and is needed to read them", async () => {
  const dictionary = sample(200, 1);
  const input = sample(3, 2);
  const room = new Uint8Array(1000);
  const plain = await sized(zstd.ZSTD_compress(room, 1000, input, input.length, 19));
  const [made, read] = [await zstd.ZSTD_createCCtx(), await zstd.ZSTD_createDCtx()];
  const compressing = await zstd.ZSTD_createCDict(dictionary, dictionary.length, 19);
  const size = await sized(
    zstd.ZSTD_compress_usingCDict(made, room, 1000, input, input.length, compressing),
  );
  ok(size < plain, `${size} with, ${plain} without`);
  const small = room.subarray(0, size);
  const back = new Uint8Array(input.length);
  const reading = await zstd.ZSTD_createDDict(dictionary, dictionary.length);
  const length = zstd.ZSTD_decompress_usingDDict(read, back, back.length, small, size, reading);
  same(await sized(length), input.length);
  same(back, input);
  await sized(zstd.ZSTD_DCtx_loadDictionary(read, dictionary, dictionary.length));
  back.fill(0);
  same(await sized(zstd.ZSTD_decompressDCtx(read, back, back.length, small, size)), input.length);
  same(back, input);
  const without = await zstd.ZSTD_decompress(back, back.length, small, size);
  same(await zstd.ZSTD_isError(without), 1);
  await zstd.ZSTD_freeCDict(compressing);
  await zstd.ZSTD_freeDDict(reading);
  await Promise.all([zstd.ZSTD_freeCCtx(made), zstd.ZSTD_freeDCtx(read)]);
});

test("zstd: a version is a number and a text", async () => {
  const [, major, minor, release] = /^(\d+)\.(\d+)\.(\d+)$/.exec(
    await zstd.ZSTD_versionString() ?? "",
  )!;
  const number = Number(major) * 10_000 + Number(minor) * 100 + Number(release);
  same(await zstd.ZSTD_versionNumber(), number);
});
