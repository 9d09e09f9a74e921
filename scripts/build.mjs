// node scripts/build.mjs [arguments of `zig build`]: builds libsiding, then checks what was built.

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { readSharedLibrary } from "./elf.mjs";
import { ensureLibffi } from "./libffi.mjs";
import { readHeader } from "./native_header.mjs";
import { root, run, zigPath } from "./toolchain.mjs";

const sizeBytesMax = 250 * 1024;
const libraryPath = join(root, "zig-out", "lib", "libsiding.so");

async function main(args) {
  const chosen = args.some((argument) => argument.startsWith("-Dlibffi="));
  const fallback = chosen || await ensureLibffi() ? [] : ["-Dlibffi=system"];
  if (fallback.length > 0) {
    console.log("libffi: this system's own, as a last resort");
  }
  const crossFolder = join(prefixOf(args), "cross");
  if (args.includes("cross")) rmSync(crossFolder, { recursive: true, force: true });
  const code = await run(zigPath(), ["build", ...fallback, ...args]);
  if (code === 0 && args.includes("cross")) return checkSizes(crossFolder);
  // With arguments it may be another target, mode or step.
  if (code !== 0 || args.length > 0 || !existsSync(libraryPath)) {
    return code;
  }
  const problems = checkLibrary(readFileSync(libraryPath));
  problems.forEach((problem) => console.error(`libsiding.so: ${problem}`));
  return problems.length === 0 ? 0 : 1;
}

function prefixOf(args) {
  const at = args.indexOf("--prefix");
  return at < 0 ? join(root, "zig-out") : args[at + 1];
}

/* Of the stripped library of every platform. */
function checkSizes(crossFolder) {
  const files = readdirSync(crossFolder, { recursive: true })
    .filter((name) => /siding\.(so|dll|dylib)$/.test(name)).sort();
  const sizes = files.map((name) => statSync(join(crossFolder, name)).size);
  files.forEach((name, index) => console.log(`${name}: ${(sizes[index] / 1024).toFixed(1)} KiB`));
  const isLarge = sizes.some((size) => size > sizeBytesMax);
  if (isLarge) console.error(`more than ${sizeBytesMax / 1024} KiB`);
  return isLarge || files.length === 0 ? 1 : 0;
}

function checkLibrary(image) {
  const library = readSharedLibrary(image);
  const declared = declaredFunctions();
  const problems = [
    ...declared.filter((name) => !library.exports.includes(name)).map((name) =>
      `does not export "${name}", which siding.h declares`
    ),
    ...library.exports.filter((name) => !declared.includes(name)).map((name) =>
      `exports "${name}", which siding.h does not declare`
    ),
  ];
  if (library.name !== "libsiding.so") {
    problems.push(`is named "${library.name}"`);
  }
  if (!library.nodelete) {
    problems.push("could be unmapped under running threads: NODELETE is not set");
  }
  if (image.length > sizeBytesMax) {
    problems.push(`has ${image.length} bytes, more than ${sizeBytesMax}`);
  }
  console.log(
    `libsiding.so: ${(image.length / 1024).toFixed(1)} KiB, ${library.exports.length} functions`,
  );
  return problems;
}

function declaredFunctions() {
  const header = readHeader(root);
  const declarations = header.matchAll(/^SIDING_API\s+[\w\s*]*?(siding_\w+)\s*\(/gm);
  return Array.from(declarations, ([, name]) => name).sort();
}

process.exitCode = await main(process.argv.slice(2));
