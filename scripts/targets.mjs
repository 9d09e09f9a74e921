// @ts-check
/** The platforms for which the packages have libsiding. */

/**
 * @typedef {object} Target
 * @property {string} platform as in the names of modules and packages
 * @property {string} triple Zig's name for it
 * @property {string} file name of the library
 */

/** @type {readonly Target[]} */
export const targets = [
  target("linux", "x64", "gnu"),
  target("linux", "arm64", "gnu"),
  target("linux", "x64", "musl"),
  target("linux", "arm64", "musl"),
  target("windows", "x64"),
  target("windows", "arm64"),
  target("darwin", "x64"),
  target("darwin", "arm64"),
];

/** @param {"linux" | "windows" | "darwin"} system @param {string} cpu @param {string} [libc] */
function target(system, cpu, libc) {
  const machine = cpu === "arm64" ? "aarch64" : "x86_64";
  const names = {
    linux: [`linux-${libc === "gnu" ? "gnu.2.28" : libc}`, "libsiding.so"],
    windows: ["windows-gnu", "siding.dll"],
    darwin: ["macos", "libsiding.dylib"],
  };
  const [rest, file] = names[system];
  const platform = [system, cpu, libc].filter(Boolean).join("-");
  return { platform, triple: `${machine}-${rest}`, file: `${file}` };
}
