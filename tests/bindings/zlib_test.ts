// zlib at work: streams, checksums, files, through its complete definitions.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gunzipSync, inflateSync } from "node:zlib";
import * as z from "../../bindings/zlib.ts";
import { alloc, copyBytes, layout, type Memory, type Pointer, read, write } from "../../mod.ts";
import { randomFrom } from "../support/harness.ts";
import { tryOpen } from "./need.ts";

const { library: zlib, test } = tryOpen(z.openZlib);
const stream = layout(z.z_stream);
const PIECE = 64 * 1024;

type Stream = Pointer<"z_stream">;

/** Bytes that are worth compressing: words of a small language. */
function sample(size: number): Uint8Array<ArrayBuffer> {
  const random = randomFrom(42);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const word = Math.floor(random() * random() * 500);
    for (let i = 0; i < 7 && at < size; i++) bytes[at++] = 97 + (word * (i + 1)) % 26;
  }
  return bytes;
}

/** A stream in native memory; zlib keeps its address, so it must not move. */
function newStream(): { readonly memory: Memory; readonly pointer: Stream } {
  const memory = alloc(stream);
  return { memory, pointer: memory.pointer as Stream };
}

/** Drives `step` over all of the input with small pieces in and out; gives what came out. */
async function drive(
  memory: Memory,
  input: Uint8Array,
  step: (flush: number) => Promise<number>,
): Promise<Uint8Array> {
  using from = alloc(PIECE);
  using to = alloc(PIECE);
  const made: Uint8Array[] = [];
  write(memory, "u32", 0, stream.offset("avail_in"));
  let at = 0;
  let code: number = z.Z_OK;
  while (code !== z.Z_STREAM_END) {
    if (read(memory, "u32", stream.offset("avail_in")) === 0) {
      const piece = input.subarray(at, at += PIECE);
      if (piece.length > 0) copyBytes(piece, from);
      write(memory, "pointer", from.pointer, stream.offset("next_in"));
      write(memory, "u32", piece.length, stream.offset("avail_in"));
    }
    write(memory, "pointer", to.pointer, stream.offset("next_out"));
    write(memory, "u32", PIECE, stream.offset("avail_out"));
    code = await step(at >= input.length ? z.Z_FINISH : z.Z_NO_FLUSH);
    ok(code === z.Z_OK || code === z.Z_STREAM_END || code === z.Z_BUF_ERROR, `code ${code}`);
    const bytes = new Uint8Array(PIECE - read(memory, "u32", stream.offset("avail_out")));
    if (bytes.length > 0) copyBytes(to, bytes);
    made.push(bytes);
  }
  return Buffer.concat(made);
}

async function deflated(input: Uint8Array, level: number): Promise<Uint8Array> {
  const { memory, pointer } = newStream();
  using _ = memory;
  const version = await zlib.zlibVersion();
  same(await zlib.deflateInit_(pointer, level, version, stream.size), z.Z_OK);
  const made = await drive(memory, input, (flush) => zlib.deflate(pointer, flush));
  same(read(memory, stream).total_in, input.length);
  same(await zlib.deflateEnd(pointer), z.Z_OK);
  return made;
}

async function inflated(input: Uint8Array, windowBits: number): Promise<Uint8Array> {
  const { memory, pointer } = newStream();
  using _ = memory;
  const version = await zlib.zlibVersion();
  same(await zlib.inflateInit2_(pointer, windowBits, version, stream.size), z.Z_OK);
  const made = await drive(memory, input, () => zlib.inflate(pointer, z.Z_NO_FLUSH));
  same(read(memory, stream).total_out, made.length);
  same(await zlib.inflateEnd(pointer), z.Z_OK);
  return made;
}

test("zlib: 4 MiB are deflated and inflated through a stream, piece by piece", async () => {
  const input = sample(4 << 20);
  for (const level of [z.Z_BEST_SPEED, z.Z_DEFAULT_COMPRESSION]) {
    const small = await deflated(input, level);
    ok(small.length < input.length / 2);
    ok(inflateSync(small).equals(input), "the runtime's own zlib reads it");
    ok(Buffer.from(input).equals(await inflated(small, 15)));
  }
});

test("zlib: what the runtime compressed is inflated, and adler is its checksum", async () => {
  const input = sample(1_000_000);
  const made = await inflated(deflateSync(input), 15);
  ok(Buffer.from(input).equals(made));
  const { memory, pointer } = newStream();
  using _ = memory;
  same(await zlib.inflateInit_(pointer, await zlib.zlibVersion(), stream.size), z.Z_OK);
  await drive(memory, deflateSync(input), () => zlib.inflate(pointer, z.Z_NO_FLUSH));
  same(read(memory, stream).adler, await zlib.adler32(1, input, input.length));
  await zlib.inflateEnd(pointer);
});

test("zlib: data that is wrong says why, in the stream", async () => {
  const { memory, pointer } = newStream();
  using _ = memory;
  using bytes = alloc(100);
  copyBytes(new Uint8Array(100).fill(1), bytes);
  same(await zlib.inflateInit_(pointer, "1.2.11", stream.size), z.Z_OK);
  write(memory, "pointer", bytes.pointer, stream.offset("next_in"));
  write(memory, "u32", 100, stream.offset("avail_in"));
  write(memory, "pointer", bytes.pointer, stream.offset("next_out"));
  write(memory, "u32", 100, stream.offset("avail_out"));
  same(await zlib.inflate(pointer, z.Z_NO_FLUSH), z.Z_DATA_ERROR);
  same(read(memory, stream).msg, "incorrect header check");
  same(await zlib.zError(z.Z_DATA_ERROR), "data error");
  same(await zlib.inflateEnd(pointer), z.Z_OK);
  same(await zlib.inflateInit_(pointer, "0", stream.size), z.Z_VERSION_ERROR);
  same(await zlib.inflateInit_(pointer, "1.2.11", stream.size - 1), z.Z_VERSION_ERROR);
});

test("zlib: a dictionary is set, asked for and used", async () => {
  const dictionary = new TextEncoder().encode("the siding beside the main line");
  const input = new TextEncoder().encode("the main line beside the siding");
  const { memory, pointer } = newStream();
  using _ = memory;
  await zlib.deflateInit_(pointer, 9, await zlib.zlibVersion(), stream.size);
  same(await zlib.deflateSetDictionary(pointer, dictionary, dictionary.length), z.Z_OK);
  const small = await drive(memory, input, (flush) => zlib.deflate(pointer, flush));
  await zlib.deflateEnd(pointer);
  await zlib.inflateInit_(pointer, await zlib.zlibVersion(), stream.size);
  const made = await drive(memory, small, async () => {
    const code = await zlib.inflate(pointer, z.Z_NO_FLUSH);
    if (code !== z.Z_NEED_DICT) return code;
    return zlib.inflateSetDictionary(pointer, dictionary, dictionary.length);
  });
  same(new Uint8Array(made), input);
  const room = new Uint8Array(100);
  const { value, out: [length] } = await zlib.inflateGetDictionary!(pointer, room);
  same([value, length], [z.Z_OK, dictionary.length]);
  same(room.subarray(0, length), dictionary);
  await zlib.inflateEnd(pointer);
});

test("zlib: everything at once; the length is what goes in and what comes out", async () => {
  const input = sample(100_000);
  const room = new Uint8Array(await zlib.compressBound(input.length));
  const packed = await zlib.compress2(room, room.length, input, input.length, 6);
  same(packed.value, z.Z_OK);
  const small = room.subarray(0, packed.out[0]);
  ok(small.length < 50_000);
  const back = new Uint8Array(120_000);
  const unpacked = await zlib.uncompress(back, back.length, small, small.length);
  same(unpacked, { value: z.Z_OK, out: [100_000] });
  same(back.subarray(0, 100_000), input);
  const tight = await zlib.uncompress(back, 99_999, small, small.length);
  same(tight.value, z.Z_BUF_ERROR);
});

test("zlib: checksums are those that are known, whole and combined", async () => {
  const check = new TextEncoder().encode("123456789");
  same(await zlib.crc32(0, check, 9), 0xcbf43926);
  same(await zlib.crc32(0, null, 0), 0);
  same(await zlib.adler32(1, check, 9), 0x091e01de);
  const [first, second] = [
    await zlib.crc32(0, check, 4),
    await zlib.crc32(0, check.subarray(4), 5),
  ];
  same(await zlib.crc32_combine(first, second, 5), 0xcbf43926);
  same(zlib.crc32.sync(0, check, 9), 0xcbf43926);
  const table = await zlib.get_crc_table();
  same(table?.byteLength, 1024);
  same(new DataView(table!.buffer, table!.byteOffset).getUint32(4, true), 0x77073096);
});

test("zlib: a file of gzip is written with its functions and read with others", async () => {
  const folder = await mkdtemp(join(tmpdir(), "siding-zlib-"));
  const path = join(folder, "file.gz");
  try {
    const file = await zlib.gzopen(path, "wb9");
    same(await zlib.gzputs(file, "first\n"), 6);
    same(await zlib.gzprintf_text(file, "<%s>\n", "second"), 9);
    same(await zlib.gzprintf_i32(file, "%05d\n", 33), 6);
    const bytes = sample(500_000);
    same(await zlib.gzwrite(file, bytes, bytes.length), bytes.length);
    same(await zlib.gztell(file), 500_021);
    same(await zlib.gzclose(file), z.Z_OK);
    const whole = gunzipSync(await readFile(path));
    same(whole.subarray(0, 21).toString(), "first\n<second>\n00033\n");
    ok(whole.subarray(21).equals(bytes));
    const again = await zlib.gzopen(path, "rb");
    const line = new Uint8Array(6);
    same(await zlib.gzread(again, line, 6), 6);
    same(new TextDecoder().decode(line), "first\n");
    same(await zlib.gzgetc(again), 60);
    same(await zlib.gzseek(again, 21, 0), 21);
    const back = new Uint8Array(500_001);
    same(await zlib.gzread(again, back, back.length), 500_000);
    same(await zlib.gzeof(again), 1);
    ok(Buffer.from(bytes).equals(back.subarray(0, 500_000)));
    same(await zlib.gzerror(again), { value: "", out: [z.Z_OK] });
    same(await zlib.gzclose(again), z.Z_OK);
  } finally {
    await rm(folder, { recursive: true });
  }
  same(await zlib.gzopen(path, "rb"), null);
});
