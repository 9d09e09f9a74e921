/**
 * ELF files for another processor than this machine's.
 *
 * @module
 */
import process from "node:process";

const X86_64 = 62;
const AARCH64 = 183;

/** The header of a shared library for another processor, and nothing behind it. */
export function foreignHeader(): Uint8Array {
  const header = new Uint8Array(4096);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(header.buffer);
  view.setUint16(16, 3, true); // a shared object
  view.setUint16(18, process.arch === "arm64" ? X86_64 : AARCH64, true);
  view.setUint32(20, 1, true);
  view.setUint16(52, 64, true);
  return header;
}
