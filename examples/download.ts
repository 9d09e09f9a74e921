// libcurl receives on its own thread and hands over block by block; its write callback has to give
// their size back, which needs no JavaScript.
//
//   bun examples/download.ts [URL]      deno run --allow-ffi --allow-net examples/download.ts [URL]
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { callback, Context, open } from "@siding/ffi";

const write = {
  parameters: [{ bytes: [1, 2] }, "usize", "usize", "pointer"],
  result: "usize",
} as const;
const setOption = { name: "curl_easy_setopt", variadic: 2, result: "i32" } as const;
const curl = open(["libcurl.so.4", "libcurl.4.dylib"], {
  curl_easy_init: { parameters: [], result: { pointer: "CURL" } },
  curl_easy_cleanup: { parameters: [{ pointer: "CURL" }], result: "void" },
  curl_easy_perform: { parameters: [{ pointer: "CURL" }], result: "i32" },
  setText: { ...setOption, parameters: [{ pointer: "CURL" }, "i32", "cstring"] },
  setWrite: { ...setOption, parameters: [{ pointer: "CURL" }, "i32", { function: write }] },
});
const CURLOPT_URL = 10_002;
const CURLOPT_WRITEFUNCTION = 20_011;

const server = createServer((_request, response) => response.end("some bytes ".repeat(100_000)));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = process.argv[2] ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

await using context = await Context.acquire({ name: "curl" });
const { curl_easy_init, curl_easy_cleanup, curl_easy_perform, setText, setWrite } = context.use(
  curl,
);
const easy = await curl_easy_init();
context.own(easy!, curl_easy_cleanup);
const blocks = callback.stream(write, { returns: { parameter: 2 } });
await setText(easy, CURLOPT_URL, url);
await setWrite(easy, CURLOPT_WRITEFUNCTION, blocks);
const transfer = curl_easy_perform(easy);
transfer.finally(() => blocks.end());
let received = 0;
for await (const [bytes] of blocks) received += bytes!.length;
console.log(`libcurl: ${await transfer === 0 ? "done" : "failed"}, ${received} bytes`);
server.close();
