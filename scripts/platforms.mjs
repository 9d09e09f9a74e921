// @ts-check
/** The platforms that `scripts/test_platform.mjs` runs the tests on besides the machine's own. */
import { join } from "node:path";
import {
  armImpossible,
  muslImpossible,
  posixLacking,
  windowsImpossible,
  windowsLacking,
} from "./impossible.mjs";
import { unpackFrom } from "./suite.mjs";
import { findTool, newerQemu } from "./tools.mjs";
import { makeRandomLibrary, makeWinePrefix, wineLauncher, winePrefix } from "./wine.mjs";

/**
 * @typedef {import("./impossible.mjs").Impossible} Impossible
 * @typedef {import("./impossible.mjs").Lacking} Lacking
 *
 * @typedef {object} Platform
 * @property {string} target for Zig
 * @property {number} slowness what the tests' limits on time are multiplied by
 * @property {() => Promise<unknown>} [fetch] gets what the machine's own Debian has not
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
 * @property {readonly string[]} [tests] folders of tests that are for this platform alone
 * @property {boolean} [hasNoCompiler] whether its programs cannot start the machine's compiler
 * @property {boolean} [hasScreen] whether its programs have one
 * @property {(path: string) => string} [pathOf] how its programs name a file of the machine
 * @property {boolean} [startsItself] whether its programs start others without the launcher
 */

const qemuProgram = "./usr/bin/qemu-aarch64";

const longest = [
  "tests/buffers_test.ts",
  "tests/contexts_test.ts",
  "tests/exit_test.ts",
  "tests/layouts_test.ts",
  "tests/struct_values_test.ts",
  "tests/wakeups_test.ts",
];

/** @type {Readonly<Record<string, Platform>>} */
export const platforms = {
  arm64: {
    target: "aarch64-linux-gnu.2.28",
    slowness: 10,
    fetch: () => unpackFrom(newerQemu, "trixie", () => ["qemu-user"], [qemuProgram]),
    tools: ["qemu"],
    debian: ["libc6-arm64-cross", "libgcc-s1-arm64-cross", "libstdc++6-arm64-cross"],
    launcher: (_, packages) => [
      `${findTool("qemu")}`,
      ...["-L", join(packages, "usr", "aarch64-linux-gnu")],
    ],
    bun: "@oven/bun-linux-aarch64",
    lacking: posixLacking,
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
    launcher: (_, packages) => ["env", `LD_LIBRARY_PATH=${packages}`],
    runtime: muslRuntime,
    bun: "@oven/bun-linux-x64-musl-baseline",
    lacking: posixLacking,
    slow: ["tests/native/door_test.c", ...longest],
    impossible: muslImpossible,
  },
  windows: {
    target: "x86_64-windows-gnu",
    slowness: 4,
    tools: ["wine", "xvfb"],
    debian: [],
    setUp: (folder, bunFolder) => {
      makeWinePrefix(winePrefix(folder));
      makeRandomLibrary(join(bunFolder, "bin"));
    },
    launcher: (folder) => wineLauncher(winePrefix(folder)),
    tests: ["tests/windows"],
    hasNoCompiler: true,
    hasScreen: true,
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
