/** Programs that end by themselves, sooner or later, by what holds them. */
import { openSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers";
import { callback, configure, Context, shutdown, Station } from "../../../mod.ts";
import { openCallbackLib, post } from "../callbacks.ts";
import { rejection, until } from "../harness.ts";
import { limitMs } from "../platform.ts";
import { makeGate, openTestlib } from "../testlib.ts";
import { isMainThread, postToParent } from "../thread.ts";

/** How long what holds the process does. */
const HELD_MS = 300;
const FOREVER_MS = limitMs(60_000);
const begun = performance.now(); // a runtime may take longer than that to start

/* That it exits is no news: it must have been held until then. */
function finished(): void {
  if (performance.now() - begun >= HELD_MS) console.log("finished");
}

const abandoned = (): void => console.log("abandoned");

async function abort(sleep: ReturnType<typeof openTestlib>["sleep"]["with"]): Promise<void> {
  const controller = new AbortController();
  const call = rejection(sleep({ signal: controller.signal })(FOREVER_MS));
  setTimeout(() => controller.abort(), 20);
  await call;
  abandoned();
}

/** What gives bytes at once, and can be read by calls only that may block. */
async function blockingReader(): Promise<number> {
  if (process.platform !== "win32") return openSync("/dev/zero", "r");
  const { newPipe, writePipe } = await import("../handles.ts");
  const [from, to] = newPipe();
  writePipe(to, Uint8Array.of(1));
  return from;
}

const holding: Readonly<Record<string, () => unknown>> = {
  call: () => openTestlib().sleep(HELD_MS).then(finished),
  with: () => {
    const { signal } = new AbortController(); // a timeout has a timer, which holds the process too
    return openTestlib().sleep.with({ signal })(HELD_MS).then(finished);
  },
  send: () => {
    process.on("exit", finished);
    openTestlib().sleep.send(HELD_MS);
  },
  sleeping: async () => {
    const { sleep } = openTestlib();
    for (let i = 0; i < 6; i++) await sleep(HELD_MS / 6);
    finished();
  },
  context: async () => {
    const context = await Context.acquire();
    void context.use(openTestlib()).sleep(HELD_MS).then(finished);
  },
  release: async () => {
    const context = await Context.acquire();
    const sleep = context.use(openTestlib()).sleep.with({ runTimeout: 20 });
    await sleep(HELD_MS).catch(() => {}); // C runs on, and nobody waits for it
    void context.release().then(finished);
  },
  queued: () => {
    configure({ calls: 1 });
    const { sleep } = openTestlib();
    void sleep(HELD_MS / 2);
    void sleep(HELD_MS / 2).then(finished);
  },
};

const waiting: Readonly<Record<string, () => unknown>> = {
  sleep: () => new Station().sleep(HELD_MS).then(finished),
  "awaited port": async () => {
    for await (const _ of new Station().timer({ every: HELD_MS })) break;
    finished();
  },
  "awaited station": async () => {
    const station = new Station();
    station.add(new Station().add(station.timer({ every: HELD_MS })));
    await station[Symbol.asyncIterator]().next();
    finished();
  },
  "awaited port that waits for a thread": async () => {
    configure({ threads: 1 });
    const context = await Context.acquire();
    const port = new Station().read(await blockingReader());
    endLater(() => void context.release());
    await port.next();
    finished();
  },
  "awaited event": async () => {
    const event = new Station().event();
    endLater(() => event.post(1));
    await event.next();
    finished();
  },
  "referenced port": () => {
    process.on("exit", finished);
    const port = new Station().timer({ every: 1 }).ref();
    endLater(() => port.unref());
  },
  "referenced station": () => {
    process.on("exit", finished);
    const station = new Station().ref();
    endLater(() => void station.close());
  },
};

/* Something that holds nothing itself ends what holds the process. */
function endLater(end: () => void): void {
  setTimeout(end, HELD_MS).unref();
}

const calledBack: Readonly<Record<string, () => unknown>> = {
  "referenced callback": () => {
    process.on("exit", finished);
    const held = callback.post(post, () => {}).ref();
    endLater(() => held.unref());
  },
  "referenced callback that is closed": () => {
    process.on("exit", finished);
    const held = callback.post(post, () => {}).ref();
    endLater(() => held.close());
  },
  "awaited stream": async () => {
    const events = callback.stream(post);
    endLater(() => events.close());
    for await (const event of events) console.log(event);
    finished();
  },
};

const idle: Readonly<Record<string, () => unknown>> = {
  library: () => openTestlib(),
  "idle context": () => Context.acquire(),
  "idle after calls": async () => {
    const library = openTestlib();
    const context = await Context.acquire();
    await Promise.all([library.sleep(20), context.use(library).sleep(20)]);
  },
  released: async () => {
    const context = await Context.acquire();
    await context.release();
  },
  "idle callback": async () => {
    const library = openCallbackLib();
    let count = 0;
    const counter = callback.post(post, () => void count++);
    await library.stormJoin(await library.stormStart(counter, 2, 100));
    await until(() => count === 200, "all events come");
  },
  "unreferenced callback": () => callback.post(post, () => {}).ref().ref().unref(),
  "stream that nobody reads": () => callback.stream(post),
  "idle station": () => {
    const station = new Station();
    station.add(station.timer({ every: 1 }));
    station.event();
    if (process.platform !== "win32") station.signal("SIGWINCH");
  },
  "station that waits for a thread": async () => {
    configure({ threads: 1 });
    await Context.acquire();
    new Station().read(await blockingReader());
  },
  "station that was used": async () => {
    const station = new Station();
    for await (const _ of station.timer({ every: 1 })) break;
    const port = station.timer({ every: 1 }).ref().unref();
    await port.next();
  },
  "callback channel": async () => {
    configure({ wake: "callback" });
    await openTestlib().sleep(20);
  },
  worker: () => {
    const worker = new Worker(new URL(import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      console.log(data);
      worker.terminate(); // Deno keeps the process for a Worker that listens, ours does not
    });
  },
};

const letGo: Readonly<Record<string, () => unknown>> = {
  aborted: () => abort(openTestlib().sleep.with),
  "timed out": async () => {
    await rejection(openTestlib().sleep.with({ timeout: 20 })(FOREVER_MS));
    abandoned();
  },
  "aborted in a context": async () => {
    const context = await Context.acquire();
    await abort(context.use(openTestlib()).sleep.with);
  },
  "shut down": async () => {
    const library = openTestlib();
    const gate = makeGate(library);
    const call = rejection(library.gateWait(gate.number));
    await until(() => gate.arrived() === 1, "it runs");
    shutdown();
    await call;
    abandoned();
  },
};

if (isMainThread) {
  // not awaited: Bun stays for what a module waits for, whether or not anything holds it
  void { ...holding, ...calledBack, ...waiting, ...idle, ...letGo }[process.argv[2] ?? ""]!();
} else {
  const context = await Context.acquire();
  await context.use(openTestlib()).sleep(20);
  postToParent("the Worker finished");
}
