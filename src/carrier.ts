/**
 * Where this copy of the package has its libsiding. This is a checkout's module; each package that
 * `scripts/release.mjs` makes has its own in this place, because literal imports of what is built
 * cannot be checked where it is not built.
 *
 * @module
 */
import type { NativeImage } from "./native_image.ts";

/** What to do when libsiding cannot be loaded. */
export function remedy(_platform: string): string {
  return "build it with `npm run build`";
}

const files: Readonly<Record<string, string>> = {
  linux: "libsiding.so",
  darwin: "libsiding.dylib",
  windows: "siding.dll",
};

/** Path of the library for a platform, such as `linux-x64-gnu`, or `undefined`. */
export function carriedPath(platform: string): Promise<string | undefined> {
  const system = platform.split("-", 1)[0]!;
  const { pathname } = new URL(`../zig-out/lib/${files[system]}`, import.meta.url);
  const path = decodeURIComponent(pathname);
  return Promise.resolve(system === "windows" ? path.slice(1) : path);
}

/** The library for a platform in a module, or `undefined`. */
export function carriedImage(_platform: string): Promise<NativeImage | undefined> {
  return Promise.resolve(undefined);
}
