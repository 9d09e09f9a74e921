// libusb with devices that umockdev shows it and that are written in TypeScript; in processes of
// their own, because umockdev's library has to be loaded first.
import { match } from "node:assert/strict";
import { expectExit, runProgram } from "../support/child.ts";
import { findLibrary, findProgram, testUnless } from "./need.ts";

const preload = "libumockdev-preload.so.0"; // comes with umockdev-run
const test = testUnless(findLibrary("libusb-1.0.so.0") ?? findProgram("umockdev-run"));

async function runUsb(scenario: string): Promise<void> {
  const outcome = await runProgram("usb", [scenario], { env: { LD_PRELOAD: preload } });
  expectExit(outcome, 0);
  match(outcome.stdout, /^done\n$/);
}

test("S18: libusb lists the devices there are, with their descriptors", () => runUsb("list"));

test("S18: hot-plug events are a stream while libusb_handle_events waits", () => runUsb("hotplug"));

test("S13: a bulk read gives exactly the size that was asked for, and a short one its own", () =>
  runUsb("bulk"));

test("S18: libusb's descriptors in a station; transfers of an exact size, in order", () =>
  runUsb("station"));
