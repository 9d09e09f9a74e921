/**
 * Accepting that blocks.
 *
 * @module
 */
import { bind } from "./bound.ts";
import { carriedPort } from "./carried.ts";
import { errnoError } from "./check.ts";
import type { Context } from "./context.ts";
import { open } from "./library.ts";
import { loadNative } from "./loader.ts";
import type { Port } from "./port.ts";
import { closeConnection, type Connection } from "./preread_page.ts";
import { runtime } from "./runtime/current.ts";
import { socketAddress } from "./socket_address.ts";

/* Of the C library, which libsiding has loaded. */
const definitions = {
  accept4: {
    parameters: ["i32", { out: { array: "u8", length: 128 } }, { inout: "u32" }, "i32"],
    result: "i32",
    errno: true,
  },
  usleep: { parameters: ["u32"], result: "i32" },
} as const;

const ADDRESS_BYTES = 128;
const NONBLOCK_CLOEXEC = 0o2004000;
const PAUSE_US = 50_000;

/* Of one connection, which is gone. */
const passing: ReadonlySet<string> = new Set(
  ["EINTR", "EAGAIN", "ECONNABORTED", "EPROTO", "EPERM", "ETIMEDOUT", "ENETDOWN", "EHOSTDOWN"],
);
/* Of the process or the system, which may have room again. */
const exhausted: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

interface Accepted {
  readonly value: number;
  readonly errno: number;
  readonly out: readonly [address: readonly number[], size: number];
}

/** A port of the connections of a socket that cannot accept without blocking. */
export function carriedAccept(
  descriptor: number,
  capacity: number,
  signal: AbortSignal | undefined,
): Port<Connection> {
  let pause = (): void => {};
  const start = (context: Context): Port<unknown> => {
    const { accept4, usleep } = context.use(open(loadNative().path, definitions));
    pause = () => usleep.send(PAUSE_US); // which runs between two runs
    const body = context.keep(bind(accept4, descriptor, ADDRESS_BYTES, NONBLOCK_CLOEXEC));
    return context.repeat(body, { wake: "signal", capacity });
  };
  const take = (run: unknown): readonly Connection[] => {
    const { value, errno, out: [bytes, size] } = run as Accepted;
    if (value >= 0) {
      const address = socketAddress(Uint8Array.from(bytes.slice(0, size)));
      return [{ descriptor: value, address }];
    }
    const name = runtime.errnoName(errno);
    if (exhausted.has(name)) pause();
    else if (!passing.has(name)) throw errnoError(errno, "accept4");
    return [];
  };
  const forget = (items: readonly unknown[]): void => {
    (items as readonly Connection[]).forEach(closeConnection);
  };
  return carriedPort({ name: `accept ${descriptor}`, capacity, signal, start, take, forget });
}
