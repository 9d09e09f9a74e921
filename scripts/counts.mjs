// @ts-check
/** Counts of passed, failed and skipped tests, and where they are read from. */
import { readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

export const passed = Object.freeze({ passed: 1, failed: 0, skipped: 0 });
export const failed = Object.freeze({ passed: 0, failed: 1, skipped: 0 });
export const skipped = Object.freeze({ passed: 0, failed: 0, skipped: 1 });

/** @param {readonly Counts[]} all @returns {Counts} */
export function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of all) {
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

/** @param {Counts} counts */
export function countsText({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * Sums the lines "<label> <name>: N passed, N failed, N skipped".
 * @param {string} output @param {string} label
 */
export function countsFromLines(output, label) {
  const pattern = new RegExp(
    `^${label}\\b.*: (\\d+) passed, (\\d+) failed, (\\d+) skipped\\s*$`,
    "gm",
  );
  return sum(
    [...output.matchAll(pattern)].map(([, passed, failed, skipped]) => ({
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(skipped),
    })),
  );
}

/**
 * Counts the test cases of a JUnit report; a report that is missing holds none.
 * @param {string} path
 */
export function countsFromReport(path) {
  let report = "";
  try {
    report = readFileSync(path, "utf8");
  } catch {
    // The runner crashed before it wrote the report.
  }
  const cases = report.split("<testcase").slice(1).map(readCase);
  // Deno reports a test with steps besides its steps.
  const leaves = cases.filter(({ name }) =>
    !cases.some((other) => other.name.startsWith(`${name} &gt; `))
  );
  return sum(leaves.map(({ counts }) => counts));
}

/** @param {string} text what follows "<testcase" */
function readCase(text) {
  const name = text.match(/ name="([^"]*)"/)?.[1] ?? "";
  const tag = text.slice(0, text.indexOf(">"));
  const content = tag.endsWith("/") ? "" : text.split("</testcase>")[0];
  if (/<(failure|error)\b/.test(content)) return { name, counts: failed };
  return { name, counts: /<skipped\b/.test(content) ? skipped : passed };
}

/**
 * What a part counts as: one that crashed, or that ran nothing, has failed.
 * @param {Counts} counts @param {number} code of its process
 */
export function withCrash(counts, code) {
  const ran = counts.passed + counts.failed + counts.skipped > 0;
  return (code !== 0 && counts.failed === 0) || !ran ? sum([counts, failed]) : counts;
}
