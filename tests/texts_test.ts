import assert from "node:assert/strict";
import { Context } from "../mod.ts";
import { test } from "./support/harness.ts";
import { openTestlib } from "./support/testlib.ts";

const library = openTestlib();
const encoder = new TextEncoder();

async function echoes(text: string): Promise<void> {
  const shown = `${text.length} units, ${text.slice(0, 10)}`;
  assert.equal(await library.echoText(text), text, shown);
  assert.equal(library.echoText.sync(text), text, shown);
  assert.equal(await library.echoText.with({ timeout: 60_000 })(text), text, shown);
  assert.equal(await library.textLength(text), BigInt(encoder.encode(text).length), shown);
}

test("C1: strings, empty, ASCII and UTF-8 of one to four bytes", async () => {
  const texts = ["", "a", "plain ASCII", "\u007f\u0080", "\u07ff\u0800", "\uffff", "\u{10000}"];
  for (const text of [...texts, "ünï ✓ 😀", "\ufeffwith a byte order mark"]) await echoes(text);
});

test("C1: strings around every length at which they are stored differently", async () => {
  for (const around of [7, 32, 341, 1024, 2048, 8192]) {
    for (const length of [around - 1, around, around + 1]) {
      for (const unit of ["x", "é", "✓"]) await echoes(unit.repeat(length));
      await echoes("😀".repeat(length / 2));
    }
  }
});

test("C1: strings of 100 KiB and 1 MiB in and out", async () => {
  for (const size of [100 << 10, 1 << 20]) {
    await echoes("0123456789abcdef".repeat(size / 16));
    await echoes("é".repeat(size / 2));
    assert.equal(await library.textRepeat(0x79, size), "y".repeat(size));
    assert.equal(library.textRepeat.sync(0x79, size), "y".repeat(size));
  }
});

test("C1: null is NULL, in and out", async () => {
  assert.equal(await library.echoText(null), null);
  assert.equal(library.echoText.sync(null), null);
  assert.equal(await library.textNull(), null);
  assert.equal(library.textNull.sync(), null);
  assert.equal(await library.textLength(null), 2n ** 64n - 1n);
});

test("C1: a lone surrogate becomes U+FFFD, and bytes that are no UTF-8 too", async () => {
  assert.equal(await library.echoText("a\ud800b"), "a\ufffdb");
  assert.equal(library.echoText.sync("a\ud800b"), "a\ufffdb");
  assert.equal(await library.textRepeat(0xff, 3), "\ufffd\ufffd\ufffd");
  assert.equal(await library.textRepeat(0xff, 100), "\ufffd".repeat(100));
});

test("C1: many long strings in one turn", async () => {
  const texts = Array.from({ length: 500 }, (_, i) => String(i % 10).repeat(i * 20));
  assert.deepEqual(await Promise.all(texts.map((text) => library.echoText(text))), texts);
});

test("C15: 100,000 pipelined calls that return one static string keep their own text", async () => {
  await using context = await Context.acquire();
  const { textNumber } = context.use(library);
  const calls: Promise<string | null>[] = [];
  for (let i = 0; i < 100_000; i++) calls.push(textNumber(i));
  const texts = await Promise.all(calls);
  const wrong = texts.findIndex((text, i) => text !== `the text of call ${i}`);
  assert.equal(wrong, -1, `call ${wrong} gave ${texts[wrong]}`);
});
