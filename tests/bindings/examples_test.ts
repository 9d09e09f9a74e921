// The examples are run, and print what they promise.
import { match } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expectExit, runFile } from "../support/child.ts";
import { findLibrary, testUnless } from "./need.ts";

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
    walk: [/all of \/usr\/share\nlevel 0: 1 entries\nlevel 1: /, missingOnLinux],
  };

for (const [name, [printed, missing]] of Object.entries(examples)) {
  testUnless(missing)(`the example ${name} prints what it promises`, async () => {
    const path = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
    const folder = await mkdtemp(join(tmpdir(), "siding-"));
    try {
      const outcome = await runFile(path, name === "trace" ? [join(folder, "trace.json")] : []);
      expectExit(outcome, 0);
      match(outcome.stdout, printed);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
