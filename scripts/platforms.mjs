// @ts-check
/** The platforms that `scripts/test_platform.mjs` runs the tests on besides the machine's own. */
import { join } from "node:path";
import { makeRandomLibrary, makeWinePrefix, wineLauncher } from "./wine.mjs";

/**
 * @typedef {object} Impossible
 * @property {string} file the test's file, without folder and extension
 * @property {string} name of the test
 * @property {string} reason
 *
 * @typedef {object} Lacking
 * @property {string} file none of whose tests can be run
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
 * @property {readonly string[]} quick the files of tests that the gate runs; their names begin so
 * @property {readonly Impossible[]} impossible
 * @property {(folder: string, bunFolder: string) => void} [setUp] what it needs beyond packages
 * @property {readonly Lacking[]} [lacking]
 * @property {boolean} [forgetsHeaders] whether Zig does not build again what a header has changed
 * @property {boolean} [startsItself] whether its programs start others without the launcher
 */

const behaviours = [];

/* What the gate has time for on Windows: the behaviours, and what differs from other systems. */
const windowsQuick = [
  ..."block bound bridge call callback chain closure context handle inbox lease lifecycle line"
    .split(" ").map((name) => `${name}_test.exe`),
  ..."memory nest outbox platform pool repeat result signature slot tail thread trace"
    .split(" ").map((name) => `${name}_test.exe`),
  ..."bound callback_scope callbacks calls cancel cells chains definitions errno interrupts"
    .split(" ").map((name) => `${name}_test.ts`),
  ..."last_error lifecycle limit owned pointees repeat station_event station_timer texts trace"
    .split(" ").map((name) => `${name}_test.ts`),
];

const noFork = "there is no fork";
const noDescriptors = "what a station waits for are descriptors: handles are not there yet";
const noCompiler = "compiles C, and no compiler runs on the emulated system";

/** @type {readonly Lacking[]} */
const windowsLacking = [
  { file: "layouts_test", reason: noCompiler },
  { file: "struct_values_test", reason: noCompiler },
  { file: "exit_test", reason: noDescriptors },
  { file: "station_merge_test", reason: noDescriptors },
  { file: "station_read_test", reason: noDescriptors },
  { file: "station_ready_test", reason: noDescriptors },
  { file: "station_signal_test", reason: "there are no signals" },
  { file: "libc_callbacks_test", reason: "nftw, glob and scandir are of POSIX" },
];

/** @type {readonly Impossible[]} */
const windowsImpossible = [
  {
    file: "callback_closing_test",
    name: "E13: in a forked child a pointer gives its closed value; the parent goes on",
    reason: noFork,
  },
  {
    file: "bound_pointers_test",
    name: "B3: as a start routine, a destructor, a retain",
    reason: "the C library has no threads of POSIX",
  },
  {
    file: "library_test",
    name: "a global library lends its symbols to those loaded later",
    reason: "each library of Windows has its symbols for itself",
  },
  {
    file: "memory_test",
    name: "C16: a text that ends at the end of a page is read without a look at the next",
    reason: "the C library has no mmap",
  },
  {
    file: "route_test",
    name: "small integers are widened to a whole word on their way down and on their way up",
    reason: "the ABI of Windows leaves the upper bits of a small argument undefined",
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
    quick: behaviours,
    impossible: [],
  },
  musl: {
    target: "x86_64-linux-musl",
    slowness: 1,
    tools: ["musl"],
    debian: ["libstdc++-12-dev"],
    launcher: (packages) => ["env", `LD_LIBRARY_PATH=${packages}`],
    runtime: muslRuntime,
    bun: "@oven/bun-linux-x64-musl-baseline",
    quick: behaviours,
    impossible: [],
  },
  windows: {
    target: "x86_64-windows-gnu",
    slowness: 4,
    tools: ["wine"],
    debian: [],
    launcher: (folder) => wineLauncher(join(folder, "wine")),
    setUp: (folder, bunFolder) => {
      makeWinePrefix(join(folder, "wine"));
      makeRandomLibrary(join(bunFolder, "bin"));
    },
    startsItself: true,
    bun: "@oven/bun-windows-x64",
    forgetsHeaders: true,
    quick: windowsQuick,
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
