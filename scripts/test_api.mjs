// @ts-check
/**
 * Makes the API reference and looks at it: links and anchors, those between documents too; whether
 * every export has a category and a summary; in Chromium, whether a phone shows all of its width.
 *
 *   node scripts/test_api.mjs
 */
import { load } from "cheerio";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import process from "node:process";
import { chromium } from "playwright-core";
import { apiFolder, apiPages, makeApi } from "./api.mjs";
import { countsText, failed, passed, skipped, sum } from "./counts.mjs";
import { brokenLinks, markdownPage } from "./links.mjs";
import { root } from "./toolchain.mjs";
import { ensureTools, findTool } from "./tools.mjs";

/** CSS pixels of a phone and of a desktop. */
const widths = [390, 1280];
const linesMax = 40;
const types = new Map([[".html", "text/html"], [".css", "text/css"], [".js", "text/javascript"]]);

process.exitCode = await main();

async function main() {
  await makeApi();
  const pages = apiPages();
  const results = [
    report("its links lead somewhere", brokenLinks(pages)),
    report("links between documents lead somewhere", brokenLinks(documents())),
    report("every export has a category and a summary", undescribed(pages)),
    await look([...pages.keys()].filter(isOfSymbol)),
  ];
  const counts = sum(results);
  console.log(`api all: ${countsText(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}

/** @param {string} name @param {readonly string[]} problems */
function report(name, problems) {
  console.log([`${problems.length === 0 ? "ok  " : "FAIL"} ${name}`, ...problems.slice(0, linesMax)]
    .join("\n"));
  return problems.length === 0 ? passed : failed;
}

/** Every Markdown file of the repository, as HTML. */
function documents() {
  const paths = [".", "docs", "bindings"].flatMap((folder) =>
    readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"))
      .map((name) => folder === "." ? name : `${folder}/${name}`)
  );
  return new Map(
    paths.map((path) => [path, markdownPage(readFileSync(join(root, path), "utf8"))]),
  );
}

/** @param {ReadonlyMap<string, string>} pages */
function undescribed(pages) {
  const page = load(pages.get(`${apiFolder}/all_symbols.html`) ?? "");
  const bare = page(".namespaceItem").toArray().filter((item) =>
    page(item).find("> .namespaceItemContent > .namespaceItemContentDoc").text().trim() === ""
  ).map((item) => `no summary: ${page(item).find("a[title]").attr("title")}`);
  const rest = load(pages.get(`${apiFolder}/uncategorized.html`) ?? "");
  const stray = rest(".namespaceItem a[title]").toArray()
    .map((link) => `no @category: ${rest(link).attr("title")}`);
  return [...bare, ...stray];
}

/** Members have pages too, which say again what that of their symbol says. */
function isOfSymbol(/** @type {string} */ path) {
  return !/\/~\/.*\..*\./.test(path);
}

// ---- in a browser -------------------------------------------------------------------------------

/** @param {readonly string[]} paths */
async function look(paths) {
  ensureTools(["chromium"]);
  const executablePath = findTool("chromium");
  if (executablePath === undefined) {
    console.log("SKIP tool missing: chromium");
    return skipped;
  }
  const server = createServer(serve);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const browser = await chromium.launch({ executablePath });
  try {
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${address.port}/`);
    const wide = await page.evaluate(tooWide, { paths, widths });
    return report(`${paths.length} pages fit a phone and a desktop`, wide);
  } finally {
    await browser.close();
    server.close();
  }
}

/**
 * Runs in the browser: one frame shows page after page in every width.
 * @param {{ paths: readonly string[], widths: readonly number[] }} what
 */
async function tooWide({ paths, widths }) {
  const frame = document.body.appendChild(document.createElement("iframe"));
  const found = [];
  for (const path of paths) {
    await new Promise((resolve) => {
      frame.onload = resolve;
      frame.src = `/${path}`;
    });
    for (const width of widths) {
      frame.width = `${width}`;
      const shown = frame.contentDocument?.documentElement;
      if (shown === undefined) found.push(`${path}: not shown`);
      else if (shown.scrollWidth > width) found.push(`${path}: ${shown.scrollWidth} of ${width}`);
    }
  }
  return found;
}

/**
 * Files of the repository, and an empty page at its root.
 * @type {import("node:http").RequestListener}
 */
function serve({ url }, response) {
  const path = decodeURIComponent(new URL(`${url}`, "http://localhost").pathname);
  response.setHeader("content-type", types.get(extname(path)) ?? "text/html");
  response.setHeader("cache-control", "max-age=600");
  try {
    response.end(path === "/" ? "<!DOCTYPE html>" : readFileSync(join(root, path)));
  } catch {
    response.writeHead(404).end();
  }
}
