/**
 * Packages as npm's registry has them: what versions there are, and the tarball of each.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Registry } from "./registry.ts";
import type { Tarball } from "./tarball.ts";

/* Package managers may refuse what was published only just now. */
const publishedAt = "2020-01-01T00:00:00.000Z";

/** Publishes versions of one package, of which the last is the latest. */
export function publishToNpm(registry: Registry, tarballs: readonly Tarball[]): void {
  const versions: Record<string, unknown> = {};
  const time: Record<string, string> = {};
  for (const { path, manifest } of tarballs) {
    const { name, version } = manifest;
    const bytes = readFileSync(path);
    const address = `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
    registry.put(address, bytes);
    const dist = {
      tarball: `${registry.url}${address}`,
      shasum: createHash("sha1").update(bytes).digest("hex"),
      integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
    };
    versions[version] = { ...manifest, dist };
    time[version] = publishedAt;
  }
  const { name, version: latest } = tarballs.at(-1)!.manifest;
  registry.put(`/${name}`, JSON.stringify({ name, "dist-tags": { latest }, versions, time }));
}
