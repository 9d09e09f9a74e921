// @ts-check
/** What `deno doc --html` leaves undone, mended page by page. */
import { load } from "cheerio";
import { dirname, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorsOf, targetOf } from "./links.mjs";
import { root } from "./toolchain.mjs";

/**
 * @typedef {import("cheerio").CheerioAPI} Page
 * @typedef {Map<string, Page>} Pages by path in the repository
 */

/** The categories in the order in which one meets them, each with what it is about. */
const categories = new Map([
  ["Libraries", "Opening a library and calling its functions."],
  ["Definitions", "The language in which functions, variables and types are defined."],
  ["Memory", "Native memory, and what lies in it."],
  ["Contexts", "Native threads of one's own, and what lives on them."],
  ["Bound calls and chains", "Calls that are prepared, and run without JavaScript."],
  ["Callbacks", "JavaScript functions that C calls."],
  ["Stations", "Waiting for whatever an operating system or a library can wait for."],
  ["Settings and insight", "Limits, counts, traces and notices."],
  ["Errors", "What goes wrong."],
]);

/**
 * @param {Map<string, string>} pages HTML by path in the repository
 * @param {ReadonlyMap<string, string>} sources files that were generated, and what from
 * @returns {Map<string, string>} the same pages, mended
 */
export function mend(pages, sources) {
  const parsed = new Map([...pages].map(([path, html]) => [path, load(html)]));
  for (const [path, page] of parsed) {
    linkSources(path, page, sources);
    unlinkVariables(path, page, parsed);
    linkMembers(path, page, parsed);
    hideConstructors(page);
    sortCategories(page);
    if (posix.basename(path) === "index.html") listCategories(path, page, parsed);
  }
  return new Map([...parsed].map(([path, page]) => [path, page.html()]));
}

/** Deno names the files of this machine. */
function linkSources(
  /** @type {string} */ path,
  /** @type {Page} */ page,
  /** @type {ReadonlyMap<string, string>} */ sources,
) {
  for (const element of page("a.sourceButton").toArray()) {
    const file = relative(root, fileURLToPath(`${page(element).attr("href")}`))
      .replaceAll("\\", "/");
    const link = posix.relative(dirname(path), sources.get(file) ?? file);
    page(element).attr({ href: link, "aria-label": "Source" });
  }
}

/** Deno links the variable of a mapped type as if it were a parameter of the type. */
function unlinkVariables(
  /** @type {string} */ path,
  /** @type {Page} */ page,
  /** @type {Pages} */ pages,
) {
  for (const element of page('a[href*="#type_param_"]').toArray()) {
    const target = targetOf(path, `${page(element).attr("href")}`);
    const there = pages.get(`${target.path}`);
    if (there !== undefined && !anchorsOf(there).has(target.anchor)) {
      page(element).removeAttr("href");
    }
  }
}

/** Deno links static members only where a text says `Context.release`. */
function linkMembers(
  /** @type {string} */ path,
  /** @type {Page} */ page,
  /** @type {Pages} */ pages,
) {
  for (const element of page(":not(a, pre) > code").toArray()) {
    const [, name, member] = /^(\w+)\.(\w+)$/.exec(page(element).text()) ?? [];
    if (name === undefined) continue;
    const folder = posix.join(path.slice(0, path.indexOf("/api/")), "api", "~");
    const targets = [`${name}.${member}`, `${name}.prototype.${member}`]
      .map((file) => `${folder}/${file}.html`);
    const target = targets.find((file) => pages.has(file));
    if (target === undefined || target === path) continue;
    page(element).wrap(`<a href="${posix.relative(dirname(path), target)}"></a>`);
  }
}

/** Deno lists a class with the parameters of its constructor, be it private. @param {Page} page */
function hideConstructors(page) {
  page('.namespaceItem:has([title="Class"]) > .namespaceItemContent > a > span + span').remove();
}

/** Deno sorts them by the alphabet. @param {Page} page */
function sortCategories(page) {
  const list = page("#categoryPanel > ul");
  const items = list.children().toArray();
  const order = [...categories.keys()];
  const rank = (/** @type {typeof items[0]} */ item) => {
    const found = order.indexOf(page(item).text().trim());
    return found === -1 ? order.length : found;
  };
  list.append(items.sort((a, b) => rank(a) - rank(b)));
}

/** Instead of all symbols with all their members: their names, by category. */
function listCategories(
  /** @type {string} */ path,
  /** @type {Page} */ page,
  /** @type {Pages} */ pages,
) {
  page(".breadcrumbs > li:first-child").nextAll().remove();
  page(".breadcrumbs").contents().filter((_, { type }) => type === "text").remove();
  page(".toc").remove();
  page("main section.section:not(#examples)").remove();
  for (const item of page("#categoryPanel li a[title]").toArray()) {
    const title = `${page(item).attr("title")}`;
    const href = `${page(item).attr("href")}`;
    const symbols = symbolsOf(pages.get(`${targetOf(path, href).path}`));
    page("#module_doc").append(`<section class="section category">
      <div><h2><a class="contextLink" href="${href}">${title}</a></h2></div>
      <p>${categories.get(title) ?? ""}</p>
      ${listed(symbols.filter(({ isType }) => !isType))}
      ${listed(symbols.filter(({ isType }) => isType))}
    </section>`);
  }
}

/** @typedef {{ name: string, link: string, isType: boolean }} Symbol */

/** The symbols of a category. @param {Page | undefined} page @returns {Symbol[]} */
function symbolsOf(page) {
  if (page === undefined) return [];
  return page(".namespaceItem").toArray().map((item) => {
    const kind = page(item).find(".docNodeKindIcon [title]").attr("title") ?? "";
    const link = page(item).find(".namespaceItemContent > a");
    return {
      name: `${link.attr("title")}`,
      link: `${link.attr("href")}`,
      isType: kind === "Interface" || kind === "Type Alias",
    };
  });
}

/** @param {Symbol[]} symbols */
function listed(symbols) {
  const items = symbols.map(({ name, link }) =>
    `<li><a class="contextLink" href="${link}">${name}</a></li>`
  );
  return items.length === 0 ? "" : `<ul>${items.join("")}</ul>`;
}
