/**
 * The platforms for which libraries are packed.
 *
 * @module
 */
import type { Platform } from "../../src/embedded.ts";

/** A platform, as files and packages tell of it. */
export interface Target {
  readonly platform: Platform;
  readonly system: "linux" | "windows" | "darwin";
  readonly cpu: "x64" | "arm64";
  readonly libc: "gnu" | "musl" | undefined;
  /** For which machines npm and Bun install a package, as its package.json says it. */
  readonly machine: Readonly<Record<string, readonly string[]>>;
}

type Parts = readonly [Target["system"], Target["cpu"], ("gnu" | "musl")?];

const parts: Readonly<Record<Platform, Parts>> = {
  "linux-x64-gnu": ["linux", "x64", "gnu"],
  "linux-arm64-gnu": ["linux", "arm64", "gnu"],
  "linux-x64-musl": ["linux", "x64", "musl"],
  "linux-arm64-musl": ["linux", "arm64", "musl"],
  "windows-x64": ["windows", "x64"],
  "windows-arm64": ["windows", "arm64"],
  "darwin-x64": ["darwin", "x64"],
  "darwin-arm64": ["darwin", "arm64"],
};

/** The names of all targets. */
export const platforms: readonly Platform[] = Object.keys(parts) as Platform[];

/** The target of a name; throws `Error` for any other. */
export function targetOf(platform: string): Target {
  if (!Object.hasOwn(parts, platform)) {
    throw new Error(`there is no target "${platform}": ${platforms.join(", ")}`);
  }
  const [system, cpu, libc] = parts[platform as Platform];
  const machine = {
    os: [system === "windows" ? "win32" : system],
    cpu: [cpu],
    ...libc === undefined ? {} : { libc: [libc === "gnu" ? "glibc" : libc] },
  };
  return { platform: platform as Platform, system, cpu, libc, machine };
}
