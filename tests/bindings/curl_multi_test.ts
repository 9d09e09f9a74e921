// libcurl's multi interface, a hundred transfers at once on one thread of their own.
import { deepStrictEqual as same } from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  bind,
  callback,
  chain,
  Context,
  type ContextLibrary,
  open,
  type Pointer,
  type Port,
  type Readiness,
  Station,
} from "../../mod.ts";
import { until } from "../support/harness.ts";
import { tryOpen } from "./need.ts";
import { expectPrompt } from "./prompt.ts";

const TRANSFERS = 100;
const CURLE_OK = 0;
const CURLM_OK = 0;
const CURLMOPT_SOCKETFUNCTION = 20_001;
const CURLMOPT_TIMERFUNCTION = 20_004;
const CURL_POLL_IN = 1;
const CURL_POLL_OUT = 2;
const CURL_POLL_REMOVE = 4;
const CURL_CSELECT_IN = 1;
const CURL_CSELECT_OUT = 2;
const CURL_CSELECT_ERR = 4;
const CURL_SOCKET_TIMEOUT = -1;
const WAIT_MS = 60_000;
const SIZE = 40_000;
const CURLOPT_WRITEDATA = 10_001;
const CURLOPT_URL = 10_002;
const CURLOPT_WRITEFUNCTION = 20_011;

const easy = { pointer: "CURL" } as const;
const multi = { pointer: "CURLM" } as const;
const write = {
  parameters: [{ bytes: [1, 2] }, "usize", "usize", "pointer"],
  result: "usize",
} as const;
/** What `CURLMOPT_SOCKETFUNCTION` takes. */
const socketChanged = {
  parameters: [easy, "i32", "i32", "pointer", "pointer"],
  result: "i32",
} as const;
/** What `CURLMOPT_TIMERFUNCTION` takes. */
const timerChanged = { parameters: [multi, "long", "pointer"], result: "i32" } as const;
const message = { struct: { msg: "u32", easy_handle: easy, result: "i32" } } as const;
const easySet = { name: "curl_easy_setopt", variadic: 2, result: "i32" } as const;
const multiSet = { name: "curl_multi_setopt", variadic: 2, result: "i32" } as const;

const definitions = {
  curl_easy_init: { parameters: [], result: easy },
  curl_easy_cleanup: { parameters: [easy], result: "void" },
  set_text: { ...easySet, parameters: [easy, "i32", "cstring"] },
  set_pointer: { ...easySet, parameters: [easy, "i32", "pointer"] },
  set_write: { ...easySet, parameters: [easy, "i32", { function: write }] },
  curl_multi_init: { parameters: [], result: multi },
  curl_multi_cleanup: { parameters: [multi], result: "i32" },
  curl_multi_add_handle: { parameters: [multi, easy], result: "i32" },
  curl_multi_remove_handle: { parameters: [multi, easy], result: "i32" },
  curl_multi_perform: { parameters: [multi, { out: "i32" }], result: "i32" },
  curl_multi_poll: {
    parameters: [multi, "pointer", "u32", "i32", { out: "i32" }],
    result: "i32",
  },
  curl_multi_wakeup: { parameters: [multi], result: "i32" },
  curl_multi_info_read: { parameters: [multi, { out: "i32" }], result: { copy: message } },
  curl_multi_socket_action: { parameters: [multi, "i32", "i32", { out: "i32" }], result: "i32" },
  set_socket: { ...multiSet, parameters: [multi, "i32", { function: socketChanged }] },
  set_timer: { ...multiSet, parameters: [multi, "i32", { function: timerChanged }] },
} as const;

const { library, test } = tryOpen(() =>
  open(["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"], definitions)
);

type Curl = ContextLibrary<typeof library>;
type Multi = Pointer<"CURLM">;

function contentOf(index: number): Uint8Array {
  return Uint8Array.from({ length: SIZE }, (_, at) => (at * (index + 1)) & 255);
}

/** A server that answers nobody before {@linkcode TRANSFERS} clients ask at once. */
async function withServer(work: (url: string) => Promise<void>): Promise<void> {
  const waiting: (() => void)[] = [];
  const answer = (response: ServerResponse, url = ""): void => {
    response.writeHead(200, { "content-length": SIZE });
    response.end(contentOf(Number(url.slice(1))));
  };
  const server = createServer((request, response) => {
    waiting.push(() => answer(response, request.url));
    if (waiting.length === TRANSFERS) { for (const go of waiting.splice(0)) go(); }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", TRANSFERS * 2, resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

/** A hundred transfers on one handle, and what they have received so far. */
class Transfers implements Disposable {
  readonly #curl: Curl;
  readonly #multi: Multi;
  readonly #received: Uint8Array[][] = Array.from({ length: TRANSFERS }, () => []);
  readonly #writer = callback.post(write, (bytes, _one, _size, index) => {
    this.#received[Number(index)]!.push(bytes!);
    this.#bytes += bytes!.length;
  }, { returns: { parameter: 2 } });
  #finished = 0;
  #bytes = 0;

  constructor(curl: Curl, multi: Multi) {
    this.#curl = curl;
    this.#multi = multi;
  }

  /** How many are over. */
  get finished(): number {
    return this.#finished;
  }

  /** Adds them; from then on the handle has to be driven. */
  async add(url: string): Promise<void> {
    await Promise.all(Array.from({ length: TRANSFERS }, (_, index) => this.#add(url, index)));
  }

  async #add(url: string, index: number): Promise<void> {
    const curl = this.#curl;
    const handle = await curl.curl_easy_init();
    const set = await Promise.all([
      curl.set_text(handle, CURLOPT_URL, `${url}/${index}`),
      curl.set_write(handle, CURLOPT_WRITEFUNCTION, this.#writer),
      curl.set_pointer(handle, CURLOPT_WRITEDATA, index as Pointer),
      curl.curl_multi_add_handle(this.#multi, handle),
    ]);
    same(set, [CURLE_OK, CURLE_OK, CURLE_OK, CURLM_OK]);
  }

  /** Looks which ones are over, and gives up their handles. */
  async reap(): Promise<void> {
    const curl = this.#curl;
    for (;;) {
      const { value: message } = await curl.curl_multi_info_read(this.#multi);
      if (message === null) return;
      same(message.result, CURLE_OK);
      same(await curl.curl_multi_remove_handle(this.#multi, message.easy_handle), CURLM_OK);
      await curl.curl_easy_cleanup(message.easy_handle);
      this.#finished++;
    }
  }

  /** Fails unless all have received what the server sent. */
  async check(): Promise<void> {
    same(this.#finished, TRANSFERS);
    await until(() => this.#bytes === TRANSFERS * SIZE, "all has been received");
    for (const [index, blocks] of this.#received.entries()) {
      same(Buffer.concat(blocks).equals(contentOf(index)), true, `transfer ${index}`);
    }
  }

  /** Closes what they write to. */
  [Symbol.dispose](): void {
    this.#writer.close();
  }
}

async function withMulti(work: (curl: Curl, multi: Multi, context: Context) => Promise<void>) {
  await using context = await Context.acquire({ name: "curl" });
  const curl = context.use(library);
  const multi = (await curl.curl_multi_init())!;
  context.own(multi, curl.curl_multi_cleanup);
  await work(curl, multi, context);
}

/** Waits and works again and again; one item each time. */
function repeatPoll(curl: Curl, multi: Multi, context: Context) {
  const round = chain(curl, (s) => {
    s.unless(s.run.curl_multi_poll(multi, null, 0, WAIT_MS), CURLM_OK);
    const performed = s.run.curl_multi_perform(multi);
    s.unless(performed, CURLM_OK);
    return { performed };
  });
  using wake = bind(library.curl_multi_wakeup, multi);
  return context.repeat(round, { wake });
}

/** Drives a handle by what its socket and timer callbacks ask for. */
class Driver implements AsyncDisposable {
  readonly #station = new Station();
  readonly #curl: Curl;
  readonly #multi: Multi;
  readonly #acted: () => Promise<void>;
  readonly #ports = new Map<number, Port<Readiness>>();
  #deadline = new AbortController();

  /** `acted` is told whenever libcurl has worked. */
  constructor(curl: Curl, multi: Multi, acted: () => Promise<void>) {
    this.#curl = curl;
    this.#multi = multi;
    this.#acted = acted;
  }

  /** Has libcurl call. */
  async start(context: Context): Promise<void> {
    const sockets = callback.post(
      socketChanged,
      (_easy, socket, wanted) => this.#watch(socket, wanted),
      { returns: 0 },
    );
    const timer = callback.post(timerChanged, (_multi, ms) => this.#wait(ms), { returns: 0 });
    context.keep(sockets);
    context.keep(timer);
    const curl = this.#curl;
    same(await curl.set_socket(this.#multi, CURLMOPT_SOCKETFUNCTION, sockets), CURLM_OK);
    same(await curl.set_timer(this.#multi, CURLMOPT_TIMERFUNCTION, timer), CURLM_OK);
  }

  #watch(socket: number, wanted: number): void {
    void this.#ports.get(socket)?.close();
    this.#ports.delete(socket);
    if (wanted !== CURL_POLL_REMOVE) void this.#follow(socket, wanted);
  }

  async #follow(socket: number, wanted: number): Promise<void> {
    const [read, write] = [(wanted & CURL_POLL_IN) !== 0, (wanted & CURL_POLL_OUT) !== 0];
    const port = this.#station.watch(socket, { read, write });
    this.#ports.set(socket, port);
    for await (const { readable, writable, failed } of port) {
      const ready = (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0);
      await this.#act(socket, ready | (failed ? CURL_CSELECT_ERR : 0));
    }
  }

  #wait(ms: number): void {
    this.#deadline.abort();
    if (ms < 0) return;
    const { signal } = this.#deadline = new AbortController();
    const due = this.#station.sleep(ms, { signal });
    due.then(() => this.#act(CURL_SOCKET_TIMEOUT, 0), () => {});
  }

  async #act(socket: number, ready: number): Promise<void> {
    const { value } = await this.#curl.curl_multi_socket_action(this.#multi, socket, ready);
    same(value, CURLM_OK);
    await this.#acted();
  }

  /** Waits for nothing any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#deadline.abort();
    await this.#station.close();
  }
}

test("S18: curl_multi_poll repeated on a context drives 100 transfers at once", () =>
  withServer((url) =>
    withMulti(async (curl, multi, context) => {
      using transfers = new Transfers(curl, multi);
      await transfers.add(url);
      let left = TRANSFERS;
      for await (const { performed } of repeatPoll(curl, multi, context)) {
        const [running] = performed.out;
        if (running === left) continue;
        left = running;
        await transfers.reap();
        if (left === 0) break;
      }
      await transfers.check();
    })
  ));

test("S18: libcurl's calls run at once while curl_multi_poll waits for a minute", () =>
  withMulti(async (curl, multi, context) => {
    const rounds = repeatPoll(curl, multi, context);
    await expectPrompt(() => curl.curl_multi_info_read(multi));
    await rounds.close();
  }));

test("S18: libcurl's socket and timer callbacks in a station drive 100 transfers at once", () =>
  withServer((url) =>
    withMulti(async (curl, multi, context) => {
      using transfers = new Transfers(curl, multi);
      const { promise: over, resolve } = Promise.withResolvers<void>();
      await using driver = new Driver(curl, multi, async () => {
        await transfers.reap();
        if (transfers.finished === TRANSFERS) resolve();
      });
      await driver.start(context);
      await transfers.add(url);
      await over;
      await transfers.check();
    })
  ));
