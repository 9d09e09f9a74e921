// @ts-check
/** The platforms that `scripts/test_platform.mjs` runs the tests on besides the machine's own. */
import { join } from "node:path";

/**
 * @typedef {object} Impossible
 * @property {string} file the test's file
 * @property {string} name of the test
 * @property {string} reason
 *
 * @typedef {object} Platform
 * @property {string} target for Zig
 * @property {number} slowness what the tests' limits on time are multiplied by
 * @property {readonly string[]} tools of `tools.mjs`, without which nothing runs
 * @property {readonly string[]} debian packages whose libraries are unpacked beside the tests
 * @property {(packages: string) => readonly string[]} launcher command that runs the platform's
 *   programs, given where the packages are
 * @property {(packages: string) => readonly string[]} [runtime] arguments that make the compiler
 *   build what no package has
 * @property {string} bun package of the Bun that runs there
 * @property {readonly string[]} slow files of tests for which the gate has no time
 * @property {readonly Impossible[]} impossible
 */

const longest = [
  "tests/buffers_test.ts",
  "tests/contexts_test.ts",
  "tests/exit_test.ts",
  "tests/layouts_test.ts",
  "tests/struct_values_test.ts",
  "tests/wakeups_test.ts",
];

const noVfork = "qemu makes a fork of vfork, so that posix_spawn does not tell that it failed";
const noProbe = "qemu looks at the memory before the system says that it cannot";

/** @type {readonly Impossible[]} */
const armImpossible = [
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

/** @type {Readonly<Record<string, Platform>>} */
export const platforms = {
  arm64: {
    target: "aarch64-linux-gnu.2.28",
    slowness: 10,
    tools: ["qemu"],
    debian: ["libc6-arm64-cross", "libgcc-s1-arm64-cross", "libstdc++6-arm64-cross"],
    launcher: (folder) => ["qemu-aarch64", "-L", join(folder, "usr", "aarch64-linux-gnu")],
    bun: "@oven/bun-linux-aarch64",
    slow: [
      "tests/native/door_test.c",
      "tests/native/guest_test.c",
      ...longest,
      "tests/keepalive_test.ts",
      "tests/limit_test.ts",
      "tests/native_library_test.ts",
    ],
    impossible: armImpossible,
  },
  musl: {
    target: "x86_64-linux-musl",
    slowness: 1,
    tools: ["musl"],
    debian: ["libstdc++-12-dev"],
    launcher: (packages) => ["env", `LD_LIBRARY_PATH=${packages}`],
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
