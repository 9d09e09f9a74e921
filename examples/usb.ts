// USB devices as they come and go: libusb waits on a thread of its own and lets every call in.
//
//   bun examples/usb.ts [SECONDS]      deno run --allow-ffi examples/usb.ts [SECONDS]
import process from "node:process";
import { arg, bind, callback, Context, open } from "@siding/ffi";

const usbContext = { pointer: "libusb_context" } as const;
const device = { pointer: "libusb_device" } as const;
const changed = { parameters: [usbContext, device, "i32", "pointer"], result: "i32" } as const;
const descriptor = {
  struct: {
    head: { array: "u8", length: 8 },
    vendor: "u16",
    product: "u16",
    tail: { array: "u8", length: 6 },
  },
} as const;
const register = [usbContext, "i32", "i32", "i32", "i32", "i32"] as const;
const library = open(["libusb-1.0.so.0", "libusb-1.0.0.dylib"], {
  libusb_init: { parameters: [{ out: usbContext }], result: "i32" },
  libusb_exit: { parameters: [usbContext], result: "void" },
  libusb_ref_device: { parameters: [device], result: device },
  libusb_unref_device: { parameters: [device], result: "void" },
  libusb_get_device_descriptor: { parameters: [device, { out: descriptor }], result: "i32" },
  libusb_handle_events: { parameters: [usbContext], result: "i32" },
  libusb_interrupt_event_handler: { parameters: [usbContext], result: "void" },
  libusb_hotplug_register_callback: {
    parameters: [...register, { function: changed }, "pointer", { out: "i32" }],
    result: "i32",
  },
});
const ARRIVED = 1;
const LEFT = 2;
const ANY = -1;
const ENUMERATE = 1; // those that are there arrive at once

await using context = await Context.acquire({ name: "libusb" });
const usb = context.use(library);
const { out: [libusb] } = await usb.libusb_init();
context.own(libusb!, usb.libusb_exit);

/* a device that has left is gone unless somebody holds it */
const retain = bind(library.libusb_ref_device, arg(1));
using devices = callback.stream(changed, { returns: 0, retain });
const events = ARRIVED | LEFT;
await usb.libusb_hotplug_register_callback(
  libusb,
  events,
  ENUMERATE,
  ANY,
  ANY,
  ANY,
  devices,
  null,
);
const waiting = context.repeat(bind(usb.libusb_handle_events, libusb), {
  wake: bind(library.libusb_interrupt_event_handler, libusb),
  emit: { not: 0 },
});
setTimeout(() => devices.end(), Number(process.argv[2] ?? 0) * 1000);
let count = 0;
for await (const [, device, event] of devices) {
  const { out: [{ vendor, product }] } = await usb.libusb_get_device_descriptor(device);
  await usb.libusb_unref_device(device);
  const name = [vendor, product].map((id) => id.toString(16).padStart(4, "0")).join(":");
  console.log(`${event === ARRIVED ? "+" : "-"} ${name}`);
  count += event === ARRIVED ? 1 : -1;
}
await waiting.close();
console.log(`${count} USB devices`);
