/**
 * What the tests use of libusb.
 *
 * @module
 */

/** Functions of libusb.h. */
export const definitions = {
  libusb_init: { parameters: [{ out: { pointer: "libusb_context" } }], result: "i32" },
  libusb_exit: { parameters: [{ pointer: "libusb_context" }], result: "void" },
  libusb_get_device_list: {
    parameters: [{ pointer: "libusb_context" }, { out: "pointer" }],
    result: "i53",
  },
  libusb_free_device_list: { parameters: ["pointer", "i32"], result: "void" },
  libusb_ref_device: {
    parameters: [{ pointer: "libusb_device" }],
    result: { pointer: "libusb_device" },
  },
  libusb_unref_device: { parameters: [{ pointer: "libusb_device" }], result: "void" },
  libusb_get_bus_number: { parameters: [{ pointer: "libusb_device" }], result: "u8" },
  libusb_get_device_address: { parameters: [{ pointer: "libusb_device" }], result: "u8" },
  libusb_get_max_packet_size: { parameters: [{ pointer: "libusb_device" }, "u8"], result: "i32" },
  libusb_get_device_descriptor: {
    parameters: [{ pointer: "libusb_device" }, {
      out: {
        struct: {
          bLength: "u8",
          bDescriptorType: "u8",
          bcdUSB: "u16",
          bDeviceClass: "u8",
          bDeviceSubClass: "u8",
          bDeviceProtocol: "u8",
          bMaxPacketSize0: "u8",
          idVendor: "u16",
          idProduct: "u16",
          bcdDevice: "u16",
          iManufacturer: "u8",
          iProduct: "u8",
          iSerialNumber: "u8",
          bNumConfigurations: "u8",
        },
      },
    }],
    result: "i32",
  },
  libusb_open: {
    parameters: [{ pointer: "libusb_device" }, { out: { pointer: "libusb_device_handle" } }],
    result: "i32",
  },
  libusb_open_device_with_vid_pid: {
    parameters: [{ pointer: "libusb_context" }, "u16", "u16"],
    result: { pointer: "libusb_device_handle" },
  },
  libusb_close: { parameters: [{ pointer: "libusb_device_handle" }], result: "void" },
  libusb_claim_interface: {
    parameters: [{ pointer: "libusb_device_handle" }, "i32"],
    result: "i32",
  },
  libusb_bulk_read: {
    name: "libusb_bulk_transfer",
    parameters: [
      { pointer: "libusb_device_handle" },
      "u8",
      { out: "buffer" },
      "i32",
      { out: "i32" },
      "u32",
    ],
    result: "i32",
  },
  libusb_bulk_write: {
    name: "libusb_bulk_transfer",
    parameters: [
      { pointer: "libusb_device_handle" },
      "u8",
      { in: "buffer" },
      "i32",
      { out: "i32" },
      "u32",
    ],
    result: "i32",
  },
  libusb_alloc_transfer: { parameters: ["i32"], result: { pointer: "libusb_transfer" } },
  libusb_submit_transfer: { parameters: [{ pointer: "libusb_transfer" }], result: "i32" },
  libusb_cancel_transfer: { parameters: [{ pointer: "libusb_transfer" }], result: "i32" },
  libusb_free_transfer: { parameters: [{ pointer: "libusb_transfer" }], result: "void" },
  libusb_handle_events: { parameters: [{ pointer: "libusb_context" }], result: "i32" },
  libusb_handle_events_timeout_completed: {
    parameters: [
      { pointer: "libusb_context" },
      { in: { struct: { tv_sec: "i53", tv_usec: "long" } } },
      "pointer",
    ],
    result: "i32",
  },
  libusb_interrupt_event_handler: { parameters: [{ pointer: "libusb_context" }], result: "void" },
  libusb_get_pollfds: { parameters: [{ pointer: "libusb_context" }], result: "pointer" },
  libusb_free_pollfds: { parameters: ["pointer"], result: "void" },
  libusb_pollfds_handle_timeouts: {
    parameters: [{ pointer: "libusb_context" }],
    result: "i32",
  },
  libusb_hotplug_register_callback: {
    parameters: [
      { pointer: "libusb_context" },
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      {
        function: {
          parameters: [
            { pointer: "libusb_context" },
            { pointer: "libusb_device" },
            "i32",
            "pointer",
          ],
          result: "i32",
        },
      },
      "pointer",
      { out: "i32" },
    ],
    result: "i32",
  },
} as const;
