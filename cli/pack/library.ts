/**
 * A library of an author, made ready for packages: checked, and with its content in its name.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Dynamic, readDynamic } from "./elf.ts";
import { machineOf } from "./machine.ts";
import type { Target } from "./target.ts";

/** A library for a platform. */
export interface PackedLibrary {
  readonly target: Target;
  /** What its file was called. */
  readonly file: string;
  /** The library as it is loaded. */
  readonly image: Uint8Array;
  /** Its name with a hash of its content. */
  readonly name: string;
  /** Whether that is its soname. */
  readonly isNamed: boolean;
}

const HASH_DIGITS = 16;

/** In a soname, what is replaced by a hash: it has the same length. */
const placeholder = "-" + "0".repeat(HASH_DIGITS);

/** Reads a library; throws `Error` where it is none for the target. */
export function readLibrary(target: Target, path: string): PackedLibrary {
  const image = readFileSync(path);
  demandMachine(target, image);
  const file = basename(path);
  const hash = createHash("sha256").update(image).digest("hex").slice(0, HASH_DIGITS);
  const soname = target.system === "linux" ? rename(target, image, hash) : undefined;
  const name = soname ?? file.replace(/(\.[^.]*)?$/, `-${hash}$1`);
  return { target, file, image, name, isNamed: soname !== undefined };
}

function demandMachine({ platform, system, cpu }: Target, image: Uint8Array): void {
  const found = machineOf(image);
  if (found.system === system && found.cpu === cpu) return;
  const known = typeof found.cpu === "string" ? found.cpu : `processor ${found.cpu}`;
  throw new Error(`it is for ${found.system} ${known}, not for ${platform}`);
}

/* Only the digits change, which no other string can share: strings of ELF share their ends. */
function rename(target: Target, image: Uint8Array, hash: string): string | undefined {
  const dynamic = readDynamic(image);
  demandLibc(target, dynamic);
  const { soname, sonameAt } = dynamic;
  const at = soname?.indexOf(placeholder) ?? -1;
  if (soname === undefined || at < 0) return undefined;
  image.set(new TextEncoder().encode(`-${hash}`), sonameAt + at);
  return soname.replace(placeholder, `-${hash}`);
}

/* A library may need neither. */
function demandLibc({ platform, libc }: Target, { needed }: Dynamic): void {
  const other = libc === "gnu" ? /^libc\.(so|musl-.*)$/ : /^libc\.so\.6$/;
  const wrong = needed.find((name) => other.test(name));
  if (wrong !== undefined) throw new Error(`it needs ${wrong}, which ${platform} has not`);
}
