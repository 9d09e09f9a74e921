// libcurl hands what it receives to a callback, block by block, on its own thread.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { callback, Context, open } from "../../mod.ts";
import { tryOpen } from "./need.ts";

const CURLOPT_WRITEDATA = 10_001;
const CURLOPT_URL = 10_002;
const CURLOPT_WRITEFUNCTION = 20_011;
const CURLE_OK = 0;
const CURLE_WRITE_ERROR = 23;
const SIZE = 3_000_000;

const write = {
  parameters: [{ bytes: [1, 2] }, "usize", "usize", "pointer"],
  result: "usize",
} as const;

const { library, test } = tryOpen(() =>
  open(["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"], {
    curl_easy_init: { parameters: [], result: { pointer: "CURL" } },
    curl_easy_cleanup: { parameters: [{ pointer: "CURL" }], result: "void" },
    curl_easy_perform: { parameters: [{ pointer: "CURL" }], result: "i32" },
    set_text: {
      name: "curl_easy_setopt",
      parameters: [{ pointer: "CURL" }, "i32", "cstring"],
      variadic: 2,
      result: "i32",
    },
    set_pointer: {
      name: "curl_easy_setopt",
      parameters: [{ pointer: "CURL" }, "i32", "pointer"],
      variadic: 2,
      result: "i32",
    },
    set_function: {
      name: "curl_easy_setopt",
      parameters: [{ pointer: "CURL" }, "i32", { function: write }],
      variadic: 2,
      result: "i32",
    },
  })
);

const content = Uint8Array.from({ length: SIZE }, (_, index) => (index * 31 + (index >> 8)) & 255);

async function withServer(work: (url: string) => Promise<void>): Promise<void> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { "content-length": SIZE });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

async function transfer(url: string, listener: Parameters<typeof library.set_function>[2]) {
  await using context = await Context.acquire({ name: "curl" });
  const curl = context.use(library);
  const easy = await curl.curl_easy_init();
  context.own(easy!, curl.curl_easy_cleanup);
  same(await curl.set_text(easy, CURLOPT_URL, url), CURLE_OK);
  same(await curl.set_function(easy, CURLOPT_WRITEFUNCTION, listener), CURLE_OK);
  same(await curl.set_pointer(easy, CURLOPT_WRITEDATA, null), CURLE_OK);
  return await curl.curl_easy_perform(easy);
}

test("E12: libcurl's write callback posts every block and gets its size back", async () => {
  await withServer(async (url) => {
    const blocks: Uint8Array[] = [];
    using listener = callback.post(write, (bytes) => {
      blocks.push(bytes!);
    }, { returns: { parameter: 2 } });
    same(await transfer(url, listener), CURLE_OK);
    while (blocks.reduce((sum, block) => sum + block.length, 0) < SIZE) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    ok(blocks.length > 10, `${blocks.length} blocks`);
    same(Buffer.concat(blocks).equals(content), true);
  });
});

test("E12: a write callback that answers stops the transfer by what it returns", async () => {
  await withServer(async (url) => {
    let received = 0;
    using listener = callback.call(write, async (bytes, _one, size) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      received += bytes!.length;
      return received > 200_000 ? 0 : size;
    }, { fallback: 0 });
    same(await transfer(url, listener), CURLE_WRITE_ERROR);
    ok(received > 200_000 && received < SIZE, `${received} bytes`);
  });
});

test("E12: libcurl's blocks as a stream, taken as fast as the consumer takes them", async () => {
  await withServer(async (url) => {
    using stream = callback.stream(write, { returns: { parameter: 2 }, capacity: 4 });
    const transferred = transfer(url, stream);
    let received = 0;
    for await (const [bytes] of stream) {
      for (let at = 0; at < bytes!.length; at += 4096) same(bytes![at], content[received + at]);
      received += bytes!.length;
      await new Promise((resolve) => setTimeout(resolve, 0));
      ok(stream.stats.waiting <= 4, `${stream.stats.waiting} waiting`);
      if (received === SIZE) break;
    }
    same(await transferred, CURLE_OK);
  });
});
