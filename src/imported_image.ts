/**
 * Libraries whose modules the program imports by itself: they are at hand where none can be loaded
 * when it runs.
 *
 * @module
 */
import type { NativeImage } from "./native_image.ts";

const images = new Map<string, NativeImage>();

/** Makes a library for a platform, such as `linux-x64-gnu`, known. */
export function addImage(platform: string, image: NativeImage): void {
  images.set(platform, image);
}

/** The library that was imported for a platform, or `undefined`. */
export function importedImage(platform: string): NativeImage | undefined {
  return images.get(platform);
}
