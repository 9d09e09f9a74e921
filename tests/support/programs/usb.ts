/** libusb with devices that are none; the argument says what is tried. */
import { deepStrictEqual as same, ok } from "node:assert/strict";
import process from "node:process";
import {
  alloc,
  arg,
  bind,
  callback,
  Context,
  type ContextLibrary,
  copyBytes,
  layout,
  type Library,
  open,
  type Pointer,
  read,
  Station,
  write,
} from "../../../mod.ts";
import { definitions } from "../libusb.ts";
import { PRODUCT, UsbDevice, VENDOR } from "../usb_mock.ts";

const ARRIVED = 1;
const LEFT = 2;
const ANY = -1;
const IN = 0x81;
const OUT = 0x02;
const WAIT_MS = 10_000;
const BULK = 2;
const TRANSFERS = 32;
const SIZE = 512;
const POLLIN = 1;
const POLLOUT = 4;
const POINTER_BYTES = 8;
const pollfd = layout({ struct: { fd: "i32", events: "i16" } });
const transferred = { parameters: [{ pointer: "libusb_transfer" }], result: "void" } as const;
const transferLayout = layout({
  struct: {
    handle: { pointer: "libusb_device_handle" },
    flags: "u8",
    endpoint: "u8",
    type: "u8",
    timeout: "u32",
    status: "i32",
    length: "i32",
    actual: "i32",
    callback: "pointer",
    user: "pointer",
    buffer: "pointer",
    packets: "i32",
  },
});
const hotplug = definitions.libusb_hotplug_register_callback.parameters[6].function;

const library: Library<typeof definitions> = open("libusb-1.0.so.0", definitions);
type Usb = ContextLibrary<typeof library>;
type UsbContext = Pointer<"libusb_context">;

interface Session {
  readonly context: Context;
  readonly usb: Usb;
  readonly libusb: UsbContext;
}

async function withUsb(work: (session: Session) => Promise<void>): Promise<void> {
  await using context = await Context.acquire({ name: "libusb" });
  const usb = context.use(library);
  const { value, out: [libusb] } = await usb.libusb_init();
  same(value, 0);
  context.own(libusb!, usb.libusb_exit);
  await work({ context, usb, libusb: libusb! });
}

/** libusb's own wait function, again and again. */
function repeatEvents({ context, usb, libusb }: Session) {
  using body = bind(usb.libusb_handle_events, libusb);
  using wake = bind(library.libusb_interrupt_event_handler, libusb);
  return context.repeat(body, { wake, emit: { not: 0 } });
}

async function placeOf(usb: Usb, device: Pointer<"libusb_device"> | null): Promise<number[]> {
  const { value, out: [{ idVendor, idProduct, bNumConfigurations }] } = await usb
    .libusb_get_device_descriptor(device);
  same([value, idVendor, idProduct, bNumConfigurations], [0, VENDOR, PRODUCT, 1]);
  return [await usb.libusb_get_bus_number(device), await usb.libusb_get_device_address(device)];
}

/** Descriptors that libusb waits for, and for what. */
async function descriptorsOf(usb: Usb, libusb: UsbContext) {
  const list = await usb.libusb_get_pollfds(libusb);
  const found: { readonly fd: number; readonly read: boolean; readonly write: boolean }[] = [];
  for (let at = 0;; at += POINTER_BYTES) {
    const one = read(list!, "pointer", at);
    if (one === null) break;
    const { fd, events } = read(one, pollfd);
    found.push({ fd, read: (events & POLLIN) !== 0, write: (events & POLLOUT) !== 0 });
  }
  await usb.libusb_free_pollfds(list);
  return found;
}

/** Lets libusb work whenever one of its descriptors says so. */
async function serveDescriptors(station: Station, usb: Usb, libusb: UsbContext): Promise<void> {
  const found = await descriptorsOf(usb, libusb);
  ok(found.some(({ write }) => write), "the device is among them");
  const ports = found.map(({ fd, ...wanted }) => station.watch(fd, wanted));
  for await (const _ of station.merge(...ports)) {
    const now = { tv_sec: 0, tv_usec: 0 };
    same(await usb.libusb_handle_events_timeout_completed(libusb, now, null), 0);
  }
}

const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  async list() {
    const numbers = [2, 3, 7];
    using devices = new DisposableStack();
    for (const number of numbers) devices.use(new UsbDevice(number));
    await withUsb(async ({ usb, libusb }) => {
      const { value: count, out: [list] } = await usb.libusb_get_device_list(libusb);
      same(count, numbers.length);
      const places: number[][] = [];
      for (let index = 0; index < count; index++) {
        const device = read(list!, "pointer", index * 8) as Pointer<"libusb_device">;
        places.push(await placeOf(usb, device));
        same(await usb.libusb_get_max_packet_size(device, IN), 512);
      }
      same(places.sort(), numbers.map((number) => [1, number]));
      await usb.libusb_free_device_list(list, 1);
    });
  },

  async hotplug() {
    await withUsb(async (session) => {
      const { usb, libusb } = session;
      using retain = bind(library.libusb_ref_device, arg(1));
      using plugged = callback.stream(hotplug, { returns: 0, retain });
      const events = ARRIVED | LEFT;
      const { value } = await usb.libusb_hotplug_register_callback(
        libusb,
        events,
        0,
        VENDOR,
        PRODUCT,
        ANY,
        plugged,
        null,
      );
      same(value, 0);
      await using _errors = repeatEvents(session);
      const devices = new Map<number, UsbDevice>();
      for (const number of [4, 5, 6]) devices.set(number, new UsbDevice(number));
      const seen: string[] = [];
      for await (const [, device, event] of plugged) {
        const [, address] = await placeOf(usb, device); // while libusb waits for events
        seen.push(`${event === ARRIVED ? "+" : "-"}${address}`);
        await usb.libusb_unref_device(device);
        if (event === ARRIVED) devices.get(address!)!.unplug();
        if (seen.length === 6) break;
      }
      same(seen.sort(), ["+4", "+5", "+6", "-4", "-5", "-6"]);
    });
  },

  async bulk() {
    using device = new UsbDevice(2);
    await withUsb(async ({ context, usb, libusb }) => {
      const handle = await usb.libusb_open_device_with_vid_pid(libusb, VENDOR, PRODUCT);
      context.own(handle!, usb.libusb_close);
      same(await usb.libusb_claim_interface(handle, 0), 0);

      const bytes = Uint8Array.from({ length: 50_000 }, (_, at) => at * 7 & 255);
      const buffer = new Uint8Array(bytes.length);
      const reading = usb.libusb_bulk_read(handle, IN, buffer, buffer.length, WAIT_MS);
      device.send(bytes);
      same(await reading, { value: 0, out: [bytes.length] });
      same(buffer, bytes);

      const short = usb.libusb_bulk_read(handle, IN, buffer, buffer.length, WAIT_MS);
      device.send(bytes.subarray(0, 20_000));
      same(await short, { value: 0, out: [20_000] });

      const text = new TextEncoder().encode("to the device");
      same(await usb.libusb_bulk_write(handle, OUT, text, text.length, WAIT_MS), {
        value: 0,
        out: [text.length],
      });
      same(device.received, [text]);
    });
  },

  async station() {
    using device = new UsbDevice(2);
    await withUsb(async ({ context, usb, libusb }) => {
      const handle = (await usb.libusb_open_device_with_vid_pid(libusb, VENDOR, PRODUCT))!;
      context.own(handle, usb.libusb_close);
      same(await usb.libusb_claim_interface(handle, 0), 0);
      await using station = new Station();
      const serving = serveDescriptors(station, usb, libusb);
      using completed = callback.stream(transferred);
      using buffer = alloc(TRANSFERS * SIZE);
      const submit = async (index: number): Promise<void> => {
        const transfer = (await usb.libusb_alloc_transfer(0))!;
        write(transfer, transferLayout, {
          handle,
          flags: 0,
          endpoint: IN,
          type: BULK,
          timeout: 0,
          status: 0,
          length: SIZE,
          actual: 0,
          callback: completed.pointer,
          user: index as Pointer,
          buffer: (buffer.pointer + index * SIZE) as Pointer,
          packets: 0,
        });
        same(await usb.libusb_submit_transfer(transfer), 0);
      };
      for (let index = 0; index < TRANSFERS; index++) await submit(index);
      const bytes = crypto.getRandomValues(new Uint8Array(TRANSFERS * SIZE));
      for (let at = 0; at < bytes.length; at += SIZE) device.send(bytes.subarray(at, at + SIZE));
      let count = 0;
      for await (const [transfer] of completed) {
        const { status, actual, user } = read(transfer!, transferLayout);
        same([status, actual, user], [0, SIZE, count === 0 ? null : count]);
        await usb.libusb_free_transfer(transfer);
        if (++count === TRANSFERS) break;
      }
      const received = new Uint8Array(bytes.length);
      copyBytes(buffer, received);
      same(received, bytes);
      await station.close();
      await serving;
    });
  },
};

await scenarios[process.argv[2]!]!();
console.log("done");
