// The examples are run, and print what they promise.
import { match } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startScreen } from "../../scripts/screen.mjs";
import { expectExit, runFile } from "../support/child.ts";
import { measured } from "../support/harness.ts";
import { findLibrary, findProgram, testUnless } from "./need.ts";
import { findServer, startServer } from "./postgres.ts";

const missingOnLinux = process.platform === "linux" ? undefined : "it is for Linux";

/** What each prints, and why it cannot be run, if so. */
const examples: Readonly<Record<string, readonly [printed: RegExp, missing?: string | undefined]>> =
  {
    abort: [/changed my mind/],
    download: [/done, 1100000 bytes/, findLibrary("libcurl.so.4")],
    errno: [/ENOENT/],
    functions: [/2\.25\n4\n9\nand the timer ticked/, findLibrary("libsqlite3.so.0")],
    hello: [/^\d{2,} ticks while C slept/],
    main_loop: [/(GLib's timer: \d\n){3}GLib's loop has ended/, findLibrary("libglib-2.0.so.0")],
    sqlite: [/SQLite 3/, findLibrary("libsqlite3.so.0")],
    trace: [/digits; \d{2,} events are in/, findLibrary("libsqlite3.so.0")],
    transfers: [/libcurl: 100 transfers, 11000000 bytes/, findLibrary("libcurl.so.4")],
    usb: [/^\d+ USB devices$/m, findLibrary("libusb-1.0.so.0")],
    walk: [/all of \/usr\/share\nlevel 0: 1 entries\nlevel 1: /, missingOnLinux],
  };

async function expectPrinted(
  name: string,
  printed: RegExp,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const path = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
  const outcome = await runFile(path, args, { env });
  expectExit(outcome, 0);
  match(outcome.stdout, printed);
}

for (const [name, [printed, missing]] of Object.entries(examples)) {
  testUnless(missing)(`the example ${name} prints what it promises`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "siding-"));
    try {
      const args = name === "trace" ? [join(folder, "trace.json")] : [];
      await measured(() => expectPrinted(name, printed, args));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

const missingScreen = findLibrary("libX11.so.6") ?? findProgram("Xvfb");
testUnless(missingScreen)("the example window prints what it promises", async () => {
  await using server = await startScreen();
  await expectPrinted("window", /the window is drawn/, [], { DISPLAY: server.display });
});

testUnless(findServer() === undefined ? "there is no PostgreSQL server" : undefined)(
  "the example queries prints what it promises",
  async () => {
    const server = startServer();
    try {
      const printed = /the one has slept, the other has slept: at once/;
      await measured(() => expectPrinted("queries", printed, [server.connection]));
    } finally {
      server.stop();
    }
  },
);
