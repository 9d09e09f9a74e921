// @ts-check
/**
 * What the platforms of `platforms.mjs` cannot run, by test, with the reason: printed, and counted
 * as skipped.
 *
 * @typedef {object} Impossible
 * @property {string} file the test's file
 * @property {string} name of the test
 * @property {string} reason
 *
 * @typedef {object} Lacking
 * @property {readonly string[]} files none of whose tests can be run
 * @property {string} reason
 */

const noPacking = "builds packages with Zig, and of Linux with glibc";
const packing = ["author", "packages", "registry"].map((name) => `tests/${name}_test.ts`);
const noVfork = "qemu makes a fork of vfork, so that posix_spawn does not tell that it failed";
const noProbe = "qemu looks at the memory before the system says that it cannot";

/** @type {readonly Impossible[]} */
export const armImpossible = [
  {
    file: "tests/native/realtime_test.c",
    name: "E5: a real-time thread posts without an allocation, a lock or a wait",
    reason: "qemu has no seccomp, with which the test looks at system calls",
  },
  {
    file: "tests/native/preread_bytes_test.c",
    name: "S13: what has no way to read without blocking is refused, and nothing is read from it",
    reason: noProbe,
  },
  {
    file: "tests/native/preread_nature_test.c",
    name: "S13: an inotify descriptor that was made blocking meanwhile holds up nobody",
    reason: noProbe,
  },
  {
    file: "tests/native/source_child_test.c",
    name: "S8: 100 failed spawns do not lose one real exit",
    reason: noVfork,
  },
  {
    file: "tests/native/source_signal_test.c",
    name: "S7: children that nobody had to collect leave nothing behind, and are told",
    reason: "qemu does not pass SA_NOCLDWAIT on",
  },
  {
    file: "tests/native/source_test.c",
    name: "S17: without memory the caller is told, and everything else goes on",
    reason: "qemu does not pass a limit on memory on",
  },
  {
    file: "tests/station_signal_test.ts",
    name: "S8: a child that ended before is reported, and 100 failed spawns lose none",
    reason: noVfork,
  },
];

/** @type {readonly Impossible[]} */
export const muslImpossible = [
  {
    file: "tests/native/realtime_test.c",
    name: "E5: a real-time thread posts without an allocation, a lock or a wait",
    reason: "musl ends a thread with a call that the test's seccomp filter kills",
  },
];

/** @type {readonly Lacking[]} */
export const posixLacking = [
  {
    files: ["handle", "pipe", "socket"].map((name) => `tests/native/source_${name}_test.c`),
    reason: "needs what only Windows has: HANDLEs, and sockets that are some",
  },
  { files: packing, reason: noPacking },
];

/** @type {readonly Lacking[]} */
export const windowsLacking = [
  {
    files: [
      ..."channel fault preread_accept preread_bytes preread_call preread_nature preread_receive"
        .split(" "),
      ..."realtime source_await source_child source_descriptor source_event source_ready".split(
        " ",
      ),
      ..."source_signal source_storm source source_timer trampoline".split(" "),
    ].map((name) => `tests/native/${name}_test.c`),
    reason: "needs what only POSIX has: descriptors, signals, fork",
  },
  {
    files: [
      ..."station_accept station_await station_merge station_read station_ready".split(" "),
    ].map((name) => `tests/${name}_test.ts`),
    reason: "waits for descriptors; station_windows_test waits for HANDLEs",
  },
  { files: ["tests/station_signal_test.ts"], reason: "there are no signals" },
  { files: ["tests/doctor_library_test.ts"], reason: "makes and loads libraries of Linux" },
  {
    files: [...packing, "tests/embedded_test.ts", "tests/pack_test.ts"],
    reason: noPacking,
  },
  { files: ["tests/cache_file_test.ts"], reason: "looks at the modes of POSIX" },
  { files: ["tests/libc_callbacks_test.ts"], reason: "nftw, glob and scandir are of POSIX" },
];

/** @type {readonly Impossible[]} */
export const windowsImpossible = [
  ...[
    "E10: what a station is waited for holds the process (awaited port that waits for a thread)",
    "E10: an idle station does not hold the process (station that waits for a thread)",
  ].map((name) => ({
    file: "tests/keepalive_test.ts",
    name,
    reason: "only a descriptor that blocks has a thread carry its reads",
  })),
  {
    file: "tests/callback_closing_test.ts",
    name: "E13: in a forked child a pointer gives its closed value; the parent goes on",
    reason: "there is no fork",
  },
  {
    file: "tests/bound_pointers_test.ts",
    name: "B3: as a start routine, a destructor, a retain",
    reason: "the C library has no threads of POSIX",
  },
  {
    file: "tests/library_test.ts",
    name: "a global library lends its symbols to those loaded later",
    reason: "each library of Windows has its symbols for itself",
  },
  {
    file: "tests/memory_test.ts",
    name: "C16: a text that ends at the end of a page is read without a look at the next",
    reason: "the C library has no mmap",
  },
  {
    file: "tests/native/route_test.c",
    name: "small integers are widened to a whole word on their way down and on their way up",
    reason: "the ABI of Windows leaves the upper bits of a small argument undefined",
  },
  {
    file: "tests/native/source_socket_test.c",
    name: "S12: a reset connection ends its source with the error",
    reason: "wine 8 has a bare recv give 0, the end, for a connection that was reset",
  },
];
