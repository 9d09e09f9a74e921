/**
 * Libraries of C for other platforms than this machine's.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile } from "./platform.ts";

const source = `
#ifdef _WIN32
__declspec(dllexport)
#endif
int answer(void) { return 42; }
#ifdef _WIN32
int _DllMainCRTStartup(void *module, unsigned reason, void *reserved) { return 1; }
#endif
static int hidden(void) { return 7; }
int (*volatile keeper)(void) = hidden;
`;

/** Compiles a shared library that needs no C library into a file; gives its path. */
export async function compileLibrary(
  path: string,
  source: string,
  flags: readonly string[] = [],
): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  const own = ["-shared", "-fPIC", "-nostdlib", "-O1", "-fno-sanitize=all"];
  writeFileSync(path, await compile(source, [...own, ...flags]));
  return path;
}

/** Compiles one with a function `answer` for one of Zig's targets; gives its path. */
export function libraryFor(target: string, folder: string): Promise<string> {
  return compileLibrary(join(folder, `${target}.library`), source, ["-target", target]);
}

const FAT = 0xcafebabe;
const ENTRY_BYTES = 20;
const ALIGN = 4096;

/** Puts Mach-O files into one, as `lipo` does; gives its path. */
export function fatLibrary(paths: readonly string[], output: string): string {
  const files = paths.map((path) => readFileSync(path));
  const starts: number[] = [];
  let size = ALIGN;
  for (const { length } of files) {
    starts.push(size);
    size += Math.ceil(length / ALIGN) * ALIGN;
  }
  const whole = new Uint8Array(size);
  const view = new DataView(whole.buffer);
  view.setUint32(0, FAT);
  view.setUint32(4, files.length);
  files.forEach((file, index) => {
    const entry = 8 + index * ENTRY_BYTES;
    view.setUint32(entry, file.readUInt32LE(4));
    view.setUint32(entry + 4, file.readUInt32LE(8));
    view.setUint32(entry + 8, starts[index]!);
    view.setUint32(entry + 12, file.length);
    view.setUint32(entry + 16, Math.log2(ALIGN));
    whole.set(file, starts[index]!);
  });
  writeFileSync(output, whole);
  return output;
}
