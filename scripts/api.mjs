// @ts-check
/**
 * Makes the API reference in docs/api: `deno doc --html`, and what `api_pages.mjs` mends of it.
 *
 *   node scripts/api.mjs
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { mend } from "./api_pages.mjs";
import { runChild } from "./child.mjs";
import { denoPath, root } from "./toolchain.mjs";

/** Where the reference is. */
export const apiFolder = "docs/api";

/* Deno groups symbols by category only where the entry is a declaration file. */
const entryFolder = "build/api";
const entry = `${entryFolder}/mod.d.ts`;
const docMsMax = 120_000;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await makeApi();
  console.log(`${apiFolder}: ${apiPages().size} pages`);
}

/** Makes it anew. */
export async function makeApi() {
  rmSync(join(root, apiFolder), { recursive: true, force: true });
  mkdirSync(join(root, entryFolder), { recursive: true });
  const exports = readFileSync(join(root, "mod.ts"), "utf8");
  writeFileSync(join(root, entry), exports.replaceAll('"./src/', '"../../src/'));
  const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const args = ["doc", "--html", `--name=${name}`, `--output=${apiFolder}`, entry];
  const { code, output } = await runChild(denoPath(), args, { timeoutMs: docMsMax });
  if (code !== 0) throw new Error(`Cannot make ${apiFolder}:\n${output}`);
  const style = join(root, apiFolder, "page.css");
  writeFileSync(style, readFileSync(join(root, "scripts/api.css")), { flag: "a" });
  const sources = new Map([[entry, "mod.ts"]]);
  for (const [path, html] of mend(apiPages(), sources)) writeFileSync(join(root, path), html);
}

/**
 * The pages of the reference.
 * @returns {Map<string, string>} HTML by path in the repository
 */
export function apiPages() {
  const files = readdirSync(join(root, apiFolder), { recursive: true, encoding: "utf8" });
  const paths = files.filter((file) => file.endsWith(".html")).sort()
    .map((file) => `${apiFolder}/${file.replaceAll("\\", "/")}`);
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}
