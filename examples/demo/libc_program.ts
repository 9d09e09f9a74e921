// The stand-in where there is no SQLite: libc's own calls that wait for the disk and the clock.
import { type Library, open } from "@siding/ffi";
import { constants } from "node:fs";
import { inBatches } from "./batches.ts";
import type { Calls } from "./calls.ts";
import type { Program } from "./program.ts";
import type { Entry } from "./walk.ts";

const USER_MAY_READ_AND_WRITE = 0o600;
const NAP_US = 10_000;
const ROWS_PER_FSYNC = 1000;

const definitions = {
  open: {
    parameters: ["cstring", "i32", "u32"],
    variadic: 2,
    result: "i32",
    errno: "throw",
  },
  write: { parameters: ["i32", { in: "buffer" }, "usize"], result: "isize", errno: "throw" },
  fsync: { parameters: ["i32"], result: "i32", errno: "throw" },
  close: { parameters: ["i32"], result: "i32", errno: "throw" },
  usleep: { parameters: ["u32"], result: "i32" },
} as const;

type Libc = Library<typeof definitions>;

/** The C library of the system. */
export function openLibc(): Libc {
  return open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, definitions);
}

/** The demo's work with libc, its calls made as `libc` makes them. */
export function makeLibcProgram(libc: Calls<Libc>): Program {
  return new LibcProgram(libc);
}

class LibcProgram implements Program {
  readonly #libc: Calls<Libc>;
  #descriptor = -1;
  #rows = 0;

  constructor(libc: Calls<Libc>) {
    this.#libc = libc;
  }

  async load(
    file: string,
    entries: readonly Entry[],
    progress: (rows: number) => void,
  ): Promise<number> {
    const flags = constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY;
    this.#descriptor = await this.#libc.open(file, flags, USER_MAY_READ_AND_WRITE);
    this.#rows = 0;
    await inBatches(entries, (entry) => this.#append(entry), () => {}, progress);
    await this.#libc.fsync(this.#descriptor);
    return this.#rows;
  }

  /** Sleeps in C as many times as `effort` says. */
  async query(effort: number): Promise<string> {
    for (let nap = 0; nap < effort; nap++) await this.#libc.usleep(NAP_US);
    return `${effort} naps of ${NAP_US / 1000} ms`;
  }

  async close(): Promise<void> {
    await this.#libc.close(this.#descriptor);
  }

  #append({ path, size, modified, mode }: Entry): (number | bigint | Promise<number | bigint>)[] {
    const line = new TextEncoder().encode(`${path}\t${size}\t${modified}\t${mode}\n`);
    const written = this.#libc.write(this.#descriptor, line, line.length);
    this.#rows++;
    const isDue = this.#rows % ROWS_PER_FSYNC === 0;
    return isDue ? [written, this.#libc.fsync(this.#descriptor)] : [written];
  }
}
