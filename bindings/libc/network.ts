/**
 * Names, addresses and sockets.
 *
 * @module
 */
import { addrinfo } from "./structs.ts";

/** Names, addresses, sockets. */
export const network = {
  // Names. The list of addresses is C's own until freeaddrinfo; reading it follows ai_next.
  getaddrinfo: {
    parameters: [
      "cstring",
      "cstring",
      { in: addrinfo as typeof addrinfo },
      { out: { pointer: "addrinfo" } },
    ],
    result: "i32",
  },
  freeaddrinfo: { parameters: [{ pointer: "addrinfo" }], result: "void" },
  gai_strerror: { parameters: ["i32"], result: "cstring" },
  getnameinfo: {
    parameters: ["pointer", "u32", { out: "buffer" }, "u32", { out: "buffer" }, "u32", "i32"],
    result: "i32",
  },

  // Addresses.
  inet_ntop: {
    parameters: ["i32", { in: "buffer" }, { out: "buffer" }, "u32"],
    result: "cstring",
    errno: true,
  },
  inet_pton: { parameters: ["i32", "cstring", { out: "buffer" }], result: "i32", errno: true },
  htons: { parameters: ["u16"], result: "u16" },
  ntohs: { parameters: ["u16"], result: "u16" },

  // Sockets.
  socket: { parameters: ["i32", "i32", "i32"], result: "i32", errno: "throw" },
  socketpair: {
    parameters: ["i32", "i32", "i32", { out: { array: "i32", length: 2 } }],
    result: "i32",
    errno: "throw",
  },
  bind: { parameters: ["i32", { in: "buffer" }, "u32"], result: "i32", errno: "throw" },
  listen: { parameters: ["i32", "i32"], result: "i32", errno: "throw" },
  connect: { parameters: ["i32", { in: "buffer" }, "u32"], result: "i32", errno: "throw" },
  send: {
    parameters: ["i32", { in: "buffer" }, "usize", "i32"],
    result: "i53",
    errno: "throw",
  },
  recv: {
    parameters: ["i32", { out: "buffer" }, "usize", "i32"],
    result: "i53",
    errno: "throw",
  },
  poll: { parameters: ["buffer", "ulong", "i32"], result: "i32", errno: "throw" },
} as const;
