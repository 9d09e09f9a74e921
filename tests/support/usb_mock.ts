/**
 * USB devices that are none: umockdev shows them to libusb, and what they do is written here. The
 * process must have been started with `libumockdev-preload.so.0`.
 *
 * @module
 */
import { closeSync, openSync, readSync, rmSync, unlinkSync, writeSync } from "node:fs";
import process from "node:process";
import {
  arg,
  bind,
  callback,
  type CallbackStream,
  copyBytes,
  layout,
  open,
  type Pointer,
  read,
  write,
} from "../../mod.ts";

const bed = { pointer: "UMockdevTestbed" } as const;
const handler = { pointer: "UMockdevIoctlBase" } as const;
const client = { pointer: "UMockdevIoctlClient" } as const;
const handleIoctl = { parameters: [handler, client, "pointer"], result: "i32" } as const;
const HANDLED = 1;

/* what comes before a GObject's own fields */
const object = { array: "u8", length: 24 } as const;
const data = layout({
  struct: { object, data: "pointer", size: "i32", client: "ulong" },
});
const urbLayout = layout({
  struct: {
    type: "u8",
    endpoint: "u8",
    status: "i32",
    flags: "u32",
    buffer: "pointer",
    length: "i32",
    actual: "i32",
  },
});

const GET_CAPABILITIES = 0x8004551a;
const SUBMITURB = 0x8038550a;
const DISCARDURB = 0x550b;
const REAPURBNDELAY = 0x4008550d;
const CLAIMINTERFACE = 0x8004550f;
const RELEASEINTERFACE = 0x80045510;
const IN = 0x81;
const EAGAIN = 11;
const EINVAL = 22;
const ENOTTY = 25;
const ENOENT = 2;
const F_SETPIPE_SZ = 1031;
const OWNER_ONLY = 0o600;
/** A bulk endpoint in, 0x81, and one out, 0x02. */
const DESCRIPTORS = "12010002ff00004009121234000100000001" +
  "09022000010100803209040000" +
  "02ff00000007058102000200" + "07050202000200";

const glib = open("libgobject-2.0.so.0", {
  g_signal_connect_data: {
    parameters: [handler, "cstring", { function: handleIoctl }, "pointer", "pointer", "i32"],
    result: "ulong",
  },
  g_object_ref: { parameters: [client], result: client },
  g_object_unref: { parameters: [client], result: "void" },
});
const mock = open("libumockdev.so.0", {
  umockdev_in_mock_environment: { parameters: [], result: "i32" },
  umockdev_testbed_new: { parameters: [], result: bed },
  umockdev_testbed_get_root_dir: { parameters: [bed], result: "cstring" },
  umockdev_testbed_add_from_string: { parameters: [bed, "cstring", "pointer"], result: "i32" },
  umockdev_testbed_uevent: { parameters: [bed, "cstring", "cstring"], result: "void" },
  umockdev_testbed_remove_device: { parameters: [bed, "cstring"], result: "void" },
  umockdev_testbed_attach_ioctl: {
    parameters: [bed, "cstring", handler, "pointer"],
    result: "i32",
  },
  umockdev_ioctl_base_new: { parameters: [], result: handler },
  umockdev_ioctl_client_get_request: { parameters: [client], result: "ulong" },
  umockdev_ioctl_client_get_arg: { parameters: [client], result: "pointer" },
  umockdev_ioctl_client_complete: { parameters: [client, "long", "i32"], result: "void" },
});
const libc = open("libc.so.6", {
  mkfifo: { parameters: ["cstring", "u32"], result: "i32", errno: "throw" },
  fcntl: { parameters: ["i32", "i32", "i32"], variadic: 2, result: "i32", errno: "throw" },
});
const testbed = mock.umockdev_testbed_new.sync();
const root = mock.umockdev_testbed_get_root_dir.sync(testbed)!;
process.on("exit", () => rmSync(root, { recursive: true, force: true }));

/** What the devices say they are. */
export const VENDOR = 0x1209;
/** The same. */
export const PRODUCT = 0x3412;

function describe(number: number, name: string): string {
  const file = String(number).padStart(3, "0");
  return [
    `P: /devices/usb1/${name}`,
    `N: bus/usb/001/${file}`,
    "E: SUBSYSTEM=usb",
    "E: DRIVER=usb",
    "E: DEVTYPE=usb_device",
    "E: BUSNUM=001",
    `E: DEVNUM=${file}`,
    `E: DEVNAME=/dev/bus/usb/001/${file}`,
    "A: bConfigurationValue=1\\n",
    "A: busnum=1\\n",
    `A: devnum=${number}\\n`,
    "A: speed=480\\n",
    `H: descriptors=${DESCRIPTORS}`,
    "",
  ].join("\n");
}

/**
 * A device with one bulk endpoint in (0x81) and one out (0x02), which answers like the kernel's
 * usbfs: its file is writable while there is a request to be reaped. A pipe of one page stands in
 * for that file; it is full, so not writable, while there is none.
 */
export class UsbDevice implements Disposable {
  readonly #path: string;
  readonly #pipe: number;
  readonly #requests: CallbackStream<typeof handleIoctl>;
  readonly #flying: Pointer[] = [];
  readonly #done: Pointer[] = [];
  #pending: Uint8Array[] = [];
  #isTold = true;
  #isOut = false;
  /** What came to the endpoint out. */
  readonly received: Uint8Array[] = [];

  /** Plugs it in, as device `number` of bus 1. */
  constructor(number: number) {
    const name = `1-${number}`;
    const file = `/dev/bus/usb/001/${String(number).padStart(3, "0")}`;
    this.#path = `/sys/devices/usb1/${name}`;
    using retain = bind(glib.g_object_ref, arg(1)); // a client lives as long as its request
    this.#requests = callback.stream(handleIoctl, { returns: HANDLED, retain });
    const base = mock.umockdev_ioctl_base_new.sync();
    glib.g_signal_connect_data.sync(base, "handle-ioctl", this.#requests, null, null, 0);
    mock.umockdev_testbed_attach_ioctl.sync(testbed, file, base, null);
    mock.umockdev_testbed_add_from_string.sync(testbed, describe(number, name), null);
    unlinkSync(`${root}${file}`);
    libc.mkfifo.sync(`${root}${file}`, OWNER_ONLY);
    this.#pipe = openSync(`${root}${file}`, "r+");
    libc.fcntl.sync(this.#pipe, F_SETPIPE_SZ, 1);
    this.#tell();
    void this.#serve();
  }

  /** Pulls it out. */
  unplug(): void {
    if (this.#isOut) return;
    this.#isOut = true;
    mock.umockdev_testbed_uevent.sync(testbed, this.#path, "remove");
    mock.umockdev_testbed_remove_device.sync(testbed, this.#path);
    this.#requests.close();
    closeSync(this.#pipe);
  }

  /** The same. */
  [Symbol.dispose](): void {
    this.unplug();
  }

  /** Sends bytes to who reads from the endpoint in; the end of `bytes` ends a transfer. */
  send(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#work();
  }

  async #serve(): Promise<void> {
    for await (const [, client] of this.#requests) {
      const request = mock.umockdev_ioctl_client_get_request.sync(client);
      const argument = read(mock.umockdev_ioctl_client_get_arg.sync(client)!, data).data!;
      const error = this.#answer(request, read(argument, "pointer")!);
      mock.umockdev_ioctl_client_complete.sync(client, error === 0 ? 0 : -1, error);
      glib.g_object_unref.sync(client);
    }
  }

  #answer(request: number, argument: Pointer): number {
    switch (request) {
      case GET_CAPABILITIES:
        write(argument, "u32", 0);
        return 0;
      case SUBMITURB:
        this.#flying.push(argument);
        this.#work();
        return 0;
      case REAPURBNDELAY:
        return this.#reap(argument);
      case DISCARDURB:
        return this.#flying.includes(argument) ? this.#finish(argument, 0, -ENOENT) : EINVAL;
      case CLAIMINTERFACE:
      case RELEASEINTERFACE:
        return 0;
      default:
        return ENOTTY;
    }
  }

  #reap(where: Pointer): number {
    const urb = this.#done.shift();
    this.#tell();
    if (urb === undefined) return EAGAIN;
    write(where, "pointer", urb);
    return 0;
  }

  /* Bytes and requests that fit together, in order. */
  #work(): void {
    for (const urb of [...this.#flying]) {
      const { endpoint, buffer, length } = read(urb, urbLayout);
      const bytes = endpoint === IN ? this.#pending.shift() : new Uint8Array(length);
      if (bytes === undefined) continue;
      const count = Math.min(bytes.length, length);
      if (endpoint === IN) {
        copyBytes(bytes.subarray(0, count), buffer!);
        if (count < bytes.length) this.#pending.unshift(bytes.subarray(count));
      } else {
        copyBytes(buffer!, bytes);
        this.received.push(bytes);
      }
      this.#finish(urb, count, 0);
    }
  }

  #finish(urb: Pointer, actual: number, status: number): number {
    this.#flying.splice(this.#flying.indexOf(urb), 1);
    write(urb, "i32", status, urbLayout.offset("status"));
    write(urb, "i32", actual, urbLayout.offset("actual"));
    this.#done.push(urb);
    this.#tell();
    return 0;
  }

  /* Writable, which is: not full, while there is something to reap. */
  #tell(): void {
    const isTold = this.#done.length > 0;
    if (isTold === this.#isTold) return;
    this.#isTold = isTold;
    if (isTold) readSync(this.#pipe, new Uint8Array(1));
    else writeSync(this.#pipe, new Uint8Array(1));
  }
}
