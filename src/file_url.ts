/**
 * Paths of `file:` URLs.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";

/** Path of the file that a URL names; throws `TypeError` for another kind of URL. */
export function filePath(url: URL): string {
  if (url.protocol !== "file:") throw new TypeError(`Cannot open "${url}": it is no file: URL`);
  const path = decodeURIComponent(url.pathname);
  return runtime.system === "windows" ? path.slice(1) : path;
}
