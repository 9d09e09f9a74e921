// @ts-check
/** Links of HTML and of Markdown that lead nowhere. */
import { load } from "cheerio";
import { marked } from "marked";
import { gfmHeadingId } from "marked-gfm-heading-id";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./toolchain.mjs";

marked.use(gfmHeadingId());

/** Links that are not looked after: those of the network, and data. */
const elsewhere = /^(https?|mailto|data):/;

/** Markdown as HTML, with the anchors that GitHub gives headings. @param {string} text */
export function markdownPage(text) {
  return marked.parse(text, { async: false });
}

/**
 * @param {ReadonlyMap<string, string>} pages HTML by path in the repository
 * @returns {string[]} a line for each link that leads to no file, or to no anchor of a page
 */
export function brokenLinks(pages) {
  const parsed = [...pages].map(([path, html]) => /** @type {const} */ ([path, linksOf(html)]));
  const anchors = new Map(parsed.map(([path, page]) => [path, page.anchors]));
  return parsed.flatMap(([path, { links }]) =>
    links.filter((link) => !elsewhere.test(link) && !leadsSomewhere(path, link, anchors))
      .map((link) => `${path}: ${link}`)
  );
}

/** Where a link leads: a path in the repository, and an anchor or "". */
export function targetOf(/** @type {string} */ path, /** @type {string} */ link) {
  const { protocol, pathname, hash } = new URL(link, `repository:///${path}`);
  return {
    path: protocol === "repository:" ? decodeURIComponent(pathname.slice(1)) : undefined,
    anchor: decodeURIComponent(hash.slice(1)),
  };
}

/** Anchors of a page. @param {import("cheerio").CheerioAPI} page */
export function anchorsOf(page) {
  return new Set(page("[id]").toArray().map((element) => page(element).attr("id")));
}

/** @param {string} html */
function linksOf(html) {
  const page = load(html);
  const links = ["href", "src"].flatMap((name) =>
    page(`[${name}]`).toArray().map((element) => `${page(element).attr(name)}`)
  );
  return { anchors: anchorsOf(page), links };
}

/**
 * @param {string} from @param {string} link
 * @param {ReadonlyMap<string, ReadonlySet<string | undefined>>} anchors of pages by their path
 */
function leadsSomewhere(from, link, anchors) {
  const { path, anchor } = targetOf(from, link);
  if (path === undefined) return false;
  const page = path.endsWith("/") ? `${path}index.html` : path;
  const there = anchors.get(page);
  if (there === undefined) return anchor === "" && existsSync(join(root, path));
  return anchor === "" || there.has(anchor);
}
