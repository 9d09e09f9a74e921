// @ts-check
/** The platforms that `scripts/test_platform.mjs` runs the tests on besides the machine's own. */
import { join } from "node:path";
import { makeRandomLibrary, makeWinePrefix, wineLauncher, winePrefix } from "./wine.mjs";

/**
 * @typedef {object} Impossible
 * @property {string} file the test's file
 * @property {string} name of the test
 * @property {string} reason
 *
 * @typedef {object} Lacking
 * @property {readonly string[]} files none of whose tests can be run
 * @property {string} reason
 *
 * @typedef {object} Platform
 * @property {string} target for Zig
 * @property {number} slowness what the tests' limits on time are multiplied by
 * @property {readonly string[]} tools of `tools.mjs`, without which nothing runs
 * @property {readonly string[]} debian packages whose libraries are unpacked beside the tests
 * @property {(folder: string, packages: string) => readonly string[]} launcher command that runs
 *   the platform's programs, given the platform's folder and where the packages are
 * @property {(packages: string) => readonly string[]} [runtime] arguments that make the compiler
 *   build what no package has
 * @property {string} bun package of the Bun that runs there
 * @property {readonly string[]} slow files of tests for which the gate has no time
 * @property {readonly Impossible[]} impossible
 * @property {readonly Lacking[]} [lacking]
 * @property {(folder: string, bunFolder: string) => void} [setUp] what it needs beyond packages
 * @property {boolean} [forgetsHeaders] whether Zig does not build again what a header has changed
 * @property {(path: string) => string} [pathOf] how its programs name a file of the machine
 * @property {boolean} [startsItself] whether its programs start others without the launcher
 */

const longest = [
  "tests/buffers_test.ts",
  "tests/contexts_test.ts",
  "tests/exit_test.ts",
  "tests/layouts_test.ts",
  "tests/struct_values_test.ts",
  "tests/wakeups_test.ts",
];
const noCompiler = "compiles C, and no compiler runs on the emulated system";

/** @type {readonly Lacking[]} */
const windowsLacking = [
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
    files: ["tests/layouts_test.ts", "tests/struct_values_test.ts"],
    reason: noCompiler,
  },
  {
    files: [
      ..."station_accept station_await station_merge station_read station_ready".split(" "),
    ].map((name) => `tests/${name}_test.ts`),
    reason: "what a station waits for are descriptors: handles are not there yet",
  },
  { files: ["tests/station_signal_test.ts"], reason: "there are no signals" },
  { files: ["tests/libc_callbacks_test.ts"], reason: "nftw, glob and scandir are of POSIX" },
];

/** @type {readonly Impossible[]} */
const windowsImpossible = [
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
    file: "tests/native_library_test.ts",
    name: "C6: a libsiding of another ABI version gives one line",
    reason: noCompiler,
  },
  {
    file: "tests/native_library_test.ts",
    name: "C6: a libsiding whose records have other sizes gives one line",
    reason: noCompiler,
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
];

const noPreadv2 = "qemu 7 has no preadv2, without which no pipe that blocks is read ahead";

/** @type {Readonly<Record<string, Platform>>} */
export const platforms = {
  arm64: {
    target: "aarch64-linux-gnu.2.28",
    slowness: 10,
    tools: ["qemu"],
    debian: ["libc6-arm64-cross", "libgcc-s1-arm64-cross", "libstdc++6-arm64-cross"],
    launcher: (_, packages) => ["qemu-aarch64", "-L", join(packages, "usr", "aarch64-linux-gnu")],
    bun: "@oven/bun-linux-aarch64",
    slow: [
      "tests/native/door_test.c",
      "tests/native/guest_test.c",
      ...longest,
      "tests/keepalive_test.ts",
      "tests/limit_test.ts",
      "tests/native_library_test.ts",
    ],
    impossible: [
      {
        file: "tests/native/realtime_test.c",
        name: "E5: a real-time thread posts without an allocation, a lock or a wait",
        reason: "qemu has no seccomp, with which the test looks at system calls",
      },
      ...[
        "S12: a read gives what there is, at most its limit, and nothing else",
        "S12: a read-out descriptor neither hangs nor fails: that was not yet",
        "a long read is a block, of the page's own memory",
        "S12: exact items of any size, long ones as blocks, are the stream in order",
        "S12: the end of the stream is the end of the source, after all that was written",
      ].map((name) => ({ file: "tests/native/preread_bytes_test.c", name, reason: noPreadv2 })),
      {
        file: "tests/bad_input_test.ts",
        name: "C6: detached and resizable buffers are refused",
        reason: "qemu 7 refuses the mprotect of no bytes that makes a growable buffer",
      },
      {
        file: "tests/station_signal_test.ts",
        name: "S8: a child that ended before is reported, and 100 failed spawns lose none",
        reason: "qemu makes a fork of vfork, so that posix_spawn does not tell that it failed",
      },
    ],
  },
  musl: {
    target: "x86_64-linux-musl",
    slowness: 1,
    tools: ["musl"],
    debian: ["libstdc++-12-dev"],
    launcher: (_, packages) => ["env", `LD_LIBRARY_PATH=${packages}`],
    runtime: muslRuntime,
    bun: "@oven/bun-linux-x64-musl-baseline",
    slow: ["tests/native/door_test.c", ...longest],
    impossible: [
      {
        file: "tests/native/realtime_test.c",
        name: "E5: a real-time thread posts without an allocation, a lock or a wait",
        reason: "musl ends a thread with a call that the test's seccomp filter kills",
      },
    ],
  },
  windows: {
    target: "x86_64-windows-gnu",
    slowness: 4,
    tools: ["wine"],
    debian: [],
    setUp: (folder, bunFolder) => {
      makeWinePrefix(winePrefix(folder));
      makeRandomLibrary(join(bunFolder, "bin"));
    },
    launcher: (folder) => wineLauncher(winePrefix(folder)),
    pathOf: (path) => `Z:${path}`,
    startsItself: true,
    forgetsHeaders: true,
    bun: "@oven/bun-windows-x64",
    slow: [
      ...["ask", "door", "guest", "ring", "run"].map((name) => `tests/native/${name}_test.c`),
      ...longest,
      "tests/free_thread_test.ts",
    ],
    lacking: windowsLacking,
    impossible: windowsImpossible,
  },
};

/**
 * Bun needs a libstdc++ for musl, and Debian has one for glibc: as an archive, which can be linked
 * with what it needs of glibc.
 * @param {string} packages
 */
function muslRuntime(packages) {
  const archive = join(packages, "usr/lib/gcc/x86_64-linux-gnu/12/libstdc++.a");
  const name = "libstdc++.so.6";
  return [
    ...["-shared", "-fPIC", "-O2", "-fno-sanitize=all", "-D_GNU_SOURCE"],
    join("tests", "native", "musl_runtime.c"),
    ...["-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", "-lunwind"],
    ...[`-Wl,-soname,${name}`, "-o", join(packages, name)],
  ];
}
