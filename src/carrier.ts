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

/** The library for a platform, such as `linux-x64-gnu`, or `undefined`. */
export function carriedImage(platform: string): Promise<NativeImage | undefined> {
  const name = files[platform.split("-", 1)[0]!]!;
  const file = new URL(`../zig-out/lib/${name}`, import.meta.url).href;
  return Promise.resolve({ name, isNamed: false, file });
}
