// A serial line: a pseudo-terminal pair, its slave set as a serial port is set.
import { deepStrictEqual as same, ok } from "node:assert/strict";
import process from "node:process";
import { alloc, open, type SidingError, Station } from "../../mod.ts";
import { rejection } from "../support/harness.ts";
import { testUnless } from "./need.ts";

const test = testUnless(process.platform === "linux" ? undefined : "termios is Linux's here");

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const B115200 = 0o10002;
const TCSANOW = 0;
const TERMIOS_BYTES = 60;
const EIO = 5;
const FRAME = 12;
const FRAMES = 2000;

function openLibc() {
  return open("libc.so.6", {
    posix_openpt: { parameters: ["i32"], result: "i32", errno: "throw" },
    grantpt: { parameters: ["i32"], result: "i32", errno: "throw" },
    unlockpt: { parameters: ["i32"], result: "i32", errno: "throw" },
    ptsname: { parameters: ["i32"], result: "cstring" },
    open: { parameters: ["cstring", "i32"], variadic: 2, result: "i32", errno: "throw" },
    tcgetattr: { parameters: ["i32", "pointer"], result: "i32", errno: "throw" },
    tcsetattr: { parameters: ["i32", "i32", "pointer"], result: "i32", errno: "throw" },
    cfmakeraw: { parameters: ["pointer"], result: "void" },
    cfsetspeed: { parameters: ["pointer", "u32"], result: "i32", errno: "throw" },
    cfgetispeed: { parameters: ["pointer"], result: "u32" },
    write: { parameters: ["i32", { in: "buffer" }, "usize"], result: "i53", errno: "throw" },
    close: { parameters: ["i32"], result: "i32" },
  });
}

type Libc = ReturnType<typeof openLibc>;

interface Line {
  readonly libc: Libc;
  readonly station: Station;
  /** The device's end. */
  readonly device: number;
  /** The port that a program opens. */
  readonly port: number;
  /** Closes the port. */
  hangUp(): void;
}

async function withLine(work: (line: Line) => Promise<void>): Promise<void> {
  await using libc = openLibc();
  const device = await libc.posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  await libc.grantpt(device);
  await libc.unlockpt(device);
  const name = await libc.ptsname(device);
  const port = await libc.open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
  using settings = alloc(TERMIOS_BYTES);
  await libc.tcgetattr(port, settings.pointer);
  await libc.cfmakeraw(settings.pointer);
  await libc.cfsetspeed(settings.pointer, B115200);
  await libc.tcsetattr(port, TCSANOW, settings.pointer);
  await libc.tcgetattr(port, settings.pointer);
  same(await libc.cfgetispeed(settings.pointer), B115200);
  let isOpen = true;
  const hangUp = (): void => {
    if (isOpen) libc.close.sync(port);
    isOpen = false;
  };
  try {
    await using station = new Station();
    await work({ libc, station, device, port, hangUp });
  } finally {
    hangUp();
    libc.close.sync(device);
  }
}

/** Writes all of it, in pieces, as the line has room. */
async function writeAll({ libc, station }: Line, fd: number, bytes: Uint8Array, piece: number) {
  for (let at = 0; at < bytes.length;) {
    await station.writable(fd);
    const part = bytes.subarray(at, at + piece);
    at += await libc.write(fd, part, part.length);
  }
}

function frame(number: number): Uint8Array {
  return new TextEncoder().encode(`<${String(number).padStart(FRAME - 2, "0")}>`);
}

test("S18: frames of a serial line arrive whole, however they are cut", () =>
  withLine(async (line) => {
    const sent = Buffer.concat(Array.from({ length: FRAMES }, (_, number) => frame(number)));
    const writing = writeAll(line, line.device, sent, 7);
    let number = 0;
    for await (const bytes of line.station.exact(line.port, { size: FRAME })) {
      ok(Buffer.from(bytes).equals(frame(number++)));
      if (number === FRAMES) break;
    }
    await writing;
  }));

test("S18: both directions of a serial line at once", () =>
  withLine(async (line) => {
    const { station, device, port } = line;
    const echo = (async () => {
      for await (const bytes of station.read(port)) await writeAll(line, port, bytes, 4096);
    })();
    const sent = Uint8Array.from({ length: 20_000 }, (_, at) => at * 5 & 255);
    const writing = writeAll(line, device, sent, 1000);
    const received: Uint8Array[] = [];
    let count = 0;
    for await (const bytes of station.read(device)) {
      received.push(bytes);
      count += bytes.length;
      if (count >= sent.length) break;
    }
    await writing;
    ok(Buffer.concat(received).equals(sent));
    await station.close();
    await echo;
  }));

test("S12: a serial line that is hung up is an error with its number", () =>
  withLine(async ({ station, device, hangUp }) => {
    const bytes = station.read(device);
    const next = bytes.next();
    hangUp();
    const { code, errno } = await rejection(next) as SidingError;
    same([code, errno], ["ERR_SIDING_SYSTEM", EIO]);
    same(await bytes.next(), { value: undefined, done: true });
  }));
