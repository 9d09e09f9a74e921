/**
 * A library of an author, made ready for packages: checked, and with its content in its name.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Binary, readBinaries } from "../binary/binary.ts";
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
  const binary = binaryOf(target, image);
  const file = basename(path);
  const hash = createHash("sha256").update(image).digest("hex").slice(0, HASH_DIGITS);
  const soname = rename(image, binary, hash);
  const name = soname ?? file.replace(/(\.[^.]*)?$/, `-${hash}$1`);
  return { target, file, image, name, isNamed: soname !== undefined };
}

/* What the file has for the target. */
function binaryOf(target: Target, image: Uint8Array): Binary {
  const [binary, another] = readBinaries(image);
  if (binary === undefined) throw new Error("it is for no processor");
  if (another !== undefined) {
    throw new Error("it is for several processors: take out one with lipo -thin");
  }
  const { system, architecture, kind } = binary;
  if (system !== target.system || architecture !== target.cpu) {
    throw new Error(`it is for ${system} ${architecture}, not for ${target.platform}`);
  }
  if (kind !== "shared library") throw new Error(`it is no shared library, its kind is ${kind}`);
  demandLibc(target, binary);
  return binary;
}

/* Only the digits change, which no other string can share: strings of ELF share their ends. */
function rename(image: Uint8Array, { soname }: Binary, hash: string): string | undefined {
  const at = soname?.text.indexOf(placeholder) ?? -1;
  if (soname === null || at < 0) return undefined;
  image.set(new TextEncoder().encode(`-${hash}`), soname.at + at);
  return soname.text.replace(placeholder, `-${hash}`);
}

/* A library may need neither. */
function demandLibc({ platform, libc }: Target, { needed }: Binary): void {
  if (libc === undefined) return;
  const other = libc === "gnu" ? /^libc\.(so|musl-.*)$/ : /^libc\.so\.6$/;
  const wrong = needed.find((name) => other.test(name));
  if (wrong !== undefined) throw new Error(`it needs ${wrong}, which ${platform} has not`);
}
