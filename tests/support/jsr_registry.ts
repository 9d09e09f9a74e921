/**
 * Packages as JSR has them: what versions there are, what files a version has, and the files.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "./registry.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

/* Runtimes may refuse what was published only just now. */
const publishedAt = "2020-01-01T00:00:00.000Z";

/** Publishes the versions of a package that folders have; the last is the latest. */
export function publishToJsr(registry: Registry, folders: readonly string[]): void {
  const manifests = folders.map((folder) => publishVersion(registry, folder));
  const { name, version: latest } = manifests.at(-1)!;
  const [scope, short] = name.slice(1).split("/");
  const versions = Object.fromEntries(
    manifests.map(({ version }) => [version, { createdAt: publishedAt }]),
  );
  registry.put(`/${name}/meta.json`, JSON.stringify({ scope, name: short, latest, versions }));
}

function publishVersion(registry: Registry, folder: string): Manifest {
  const text = readFileSync(join(folder, "deno.json"), "utf8");
  const described = JSON.parse(text) as Manifest;
  const { name, version, exports, publish } = described;
  const paths = ["deno.json", ...publish.include].flatMap((path) => filesBelow(folder, path));
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const path of paths) {
    const bytes = readFileSync(join(folder, path));
    const checksum = `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
    manifest[`/${path}`] = { size: bytes.length, checksum };
    registry.put(`/${name}/${version}/${path}`, bytes);
  }
  registry.put(`/${name}/${version}_meta.json`, JSON.stringify({ manifest, exports }));
  return described;
}

function filesBelow(folder: string, path: string): string[] {
  const found = readdirSync(folder, { withFileTypes: true }).find(({ name }) => name === path);
  if (found === undefined) throw new Error(`Cannot publish "${path}": it is not in "${folder}"`);
  if (!found.isDirectory()) return [path];
  return readdirSync(join(folder, path))
    .flatMap((name) => filesBelow(join(folder, path), name))
    .map((below) => `${path}/${below}`);
}
