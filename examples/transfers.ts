// A hundred transfers at once: libcurl waits for all of them on one thread, JavaScript waits for
// none.
//
//   bun examples/transfers.ts [URL]
//   deno run --allow-ffi --allow-net examples/transfers.ts [URL]
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { bind, callback, chain, Context, open } from "@siding/ffi";

const write = { parameters: ["pointer", "u53", "u53", "pointer"], result: "u53" } as const;
const multi = { pointer: "CURLM" } as const;
const easy = { pointer: "CURL" } as const;
const setOption = { name: "curl_easy_setopt", variadic: 2, result: "i32" } as const;
const message = { struct: { msg: "u32", easy, result: "i32" } } as const;
const library = open(["libcurl.so.4", "libcurl.4.dylib"], {
  curl_easy_init: { parameters: [], result: easy },
  curl_easy_cleanup: { parameters: [easy], result: "void" },
  setText: { ...setOption, parameters: [easy, "i32", "cstring"] },
  setWrite: { ...setOption, parameters: [easy, "i32", { function: write }] },
  curl_multi_init: { parameters: [], result: multi },
  curl_multi_cleanup: { parameters: [multi], result: "i32" },
  curl_multi_add_handle: { parameters: [multi, easy], result: "i32" },
  curl_multi_remove_handle: { parameters: [multi, easy], result: "i32" },
  curl_multi_perform: { parameters: [multi, { out: "i32" }], result: "i32" },
  curl_multi_poll: { parameters: [multi, "pointer", "u32", "i32", { out: "i32" }], result: "i32" },
  curl_multi_wakeup: { parameters: [multi], result: "i32" },
  curl_multi_info_read: { parameters: [multi, { out: "i32" }], result: { copy: message } },
});
const CURLOPT_URL = 10_002;
const CURLOPT_WRITEFUNCTION = 20_011;
const COUNT = 100;

const server = createServer((_request, response) => response.end("some bytes ".repeat(10_000)));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = process.argv[2] ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

await using context = await Context.acquire({ name: "curl" });
const curl = context.use(library);
const all = await curl.curl_multi_init();
context.own(all!, curl.curl_multi_cleanup);
let received = 0;
using writer = callback.post(write, (_block, _one, size) => void (received += size), {
  returns: { parameter: 2 },
});
for (let started = 0; started < COUNT; started++) {
  const handle = await curl.curl_easy_init();
  await curl.setText(handle, CURLOPT_URL, url);
  await curl.setWrite(handle, CURLOPT_WRITEFUNCTION, writer);
  await curl.curl_multi_add_handle(all, handle);
}

const round = chain(curl, (s) => {
  s.unless(s.run.curl_multi_poll(all, null, 0, 10_000), 0);
  const performed = s.run.curl_multi_perform(all);
  s.unless(performed, 0);
  return { performed };
});
let done = 0;
for await (const _ of context.repeat(round, { wake: bind(library.curl_multi_wakeup, all) })) {
  for (;;) {
    const { value: ended } = await curl.curl_multi_info_read(all);
    if (ended === null) break;
    await curl.curl_multi_remove_handle(all, ended.easy);
    await curl.curl_easy_cleanup(ended.easy);
    if (ended.result === 0) done++;
  }
  if (done === COUNT) break;
}
console.log(`libcurl: ${done} transfers, ${received} bytes`);
server.close();
