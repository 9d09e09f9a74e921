/**
 * Asks the C compiler whether definitions say what the headers say: number, class, size, sign and
 * target of each parameter and result, size and offset of each field, value of each constant.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { layout } from "../../mod.ts";
import { zigPath } from "../../scripts/toolchain.mjs";

type Fields = Readonly<Record<string, unknown>>;

/** What is compared with a header. */
export interface Claims {
  readonly definitions?: Fields;
  /** Layouts by the name that C has for them. */
  readonly structs?: Fields;
  /** Numbers by the name that C has for them. */
  readonly constants?: Fields;
}

/** The headers, and what the compiler needs to find everything in them. */
export interface Headers {
  readonly include: readonly string[];
  readonly flags?: readonly string[];
  /** What follows them, such as names that C has outside of structs and C++ within. */
  readonly preamble?: string;
}

const COMPILE_MS_MAX = 120_000;
const PREFIX = "siding: ";
const include = fileURLToPath(new URL("fits.hpp", import.meta.url));
const base = ["-x", "c++", "-std=c++14", "-nostdinc++", "-D_GNU_SOURCE", "-w"];

const words: Readonly<Record<string, string>> = {
  void: "exactly<void>",
  bool: "exactly<bool>",
  i8: "integer<1, true>",
  u8: "integer<1, false>",
  i16: "integer<2, true>",
  u16: "integer<2, false>",
  i32: "integer<4, true>",
  u32: "integer<4, false>",
  i53: "integer<8, true>",
  u53: "integer<8, false>",
  i64: "integer<8, true>",
  u64: "integer<8, false>",
  isize: "integer<sizeof(size_t), true>",
  usize: "integer<sizeof(size_t), false>",
  long: "exactly<long>",
  ulong: "exactly<unsigned long>",
  f32: "real<4>",
  f64: "real<8>",
  pointer: "any_pointer",
  function: "any_pointer",
  cstring: "text<1>",
  cstring16: "text<2>",
  buffer: "writable",
};

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One program for the compiler, put together piece by piece. */
class Program {
  readonly lines: string[] = [];
  #shapes = 0;

  claim(condition: string, message: string): void {
    this.lines.push(`static_assert(${condition}, "${PREFIX}${message.replaceAll('"', "'")}");`);
  }

  /** The matcher for a type of the language. */
  word(type: unknown): string {
    if (typeof type === "string") return this.#named(type);
    if (!isFields(type)) throw new TypeError(`no type: ${JSON.stringify(type)}`);
    if (typeof type["pointer"] === "string") return `siding::tagged<${type["pointer"]}>`;
    if (type["cstring"] === "owned") return "siding::text<1>";
    if ("bytes" in type) return "siding::any_pointer";
    if ("list" in type) return `siding::pointer_to<${this.word(type["list"])}>`;
    if ("copy" in type) return `siding::pointer_to<${this.word(type["copy"])}>`;
    if ("function" in type) return this.#function(type["function"] as Fields);
    if ("struct" in type) return this.#shape(type, type["struct"] as Fields);
    if ("union" in type) return this.#shape(type, type["union"] as Fields);
    if ("array" in type) return `siding::array<${this.word(type["array"])}, ${type["length"]}>`;
    return this.#memory(type);
  }

  #named(type: string): string {
    const word = words[type];
    if (word === undefined) throw new TypeError(`unknown word: ${type}`);
    return `siding::${word}`;
  }

  #memory(type: Fields): string {
    if (type["in"] === "buffer") return "siding::any_pointer";
    if (type["out"] === "buffer") return "siding::writable";
    if ("in" in type) return `siding::pointer_to<${this.word(type["in"])}>`;
    const inner = type["out"] ?? type["inout"];
    if (inner === undefined) throw new TypeError(`unknown type: ${JSON.stringify(type)}`);
    return `siding::cell<${this.word(inner)}>`;
  }

  #function({ parameters, result }: Fields): string {
    const types = [result, ...parameters as unknown[]].map((type) => this.word(type));
    return `siding::function<${types.join(", ")}>`;
  }

  /** A struct or union whose name in C follows from where it stands. */
  #shape(type: Fields, fields: Fields): string {
    const name = `shape_${this.#shapes++}`;
    const plan = layout(type as never);
    const conditions = Object.entries(fields).flatMap(([field, inner]) => [
      `offsetof(T, ${field}) == ${plan.offset(field as never)}`,
      `${this.word(inner)}::template fits<decltype(T::${field})>()`,
    ]);
    const all = [`sizeof(T) == ${plan.size}`, ...conditions].join(" && ");
    this.lines.push(
      `struct ${name} { template <class T> static constexpr bool fits() { return ${all}; } };`,
    );
    return name;
  }

  definition(key: string, definition: Fields): void {
    const symbol = String(definition["name"] ?? key);
    if ("type" in definition) {
      const type = `siding::bare<decltype(${symbol})>::type`;
      const condition = `${this.word(definition["type"])}::fits<${type}>()`;
      this.claim(condition, `${key}: type is not ${JSON.stringify(definition["type"])}`);
      return;
    }
    const parameters = definition["parameters"] as readonly unknown[];
    const fixed = Number(definition["variadic"] ?? parameters.length);
    const signature = `siding::signature<decltype(${symbol})>`;
    this.claim(`${signature}::count == ${fixed}`, `${key}: has not ${fixed} parameters`);
    const variadic = definition["variadic"] !== undefined;
    this.claim(`${signature}::is_variadic == ${variadic}`, `${key}: variadic is wrong`);
    for (const [index, type] of parameters.slice(0, fixed).entries()) {
      const condition = `${this.word(type)}::fits<${signature}::parameter<${index}>>()`;
      this.claim(condition, `${key}: parameter ${index} is not ${JSON.stringify(type)}`);
    }
    const result = definition["result"];
    const condition = `${this.word(result)}::fits<${signature}::result>()`;
    this.claim(condition, `${key}: result is not ${JSON.stringify(result)}`);
  }

  struct(name: string, type: Fields): void {
    const plan = layout(type as never);
    this.claim(`sizeof(${name}) == ${plan.size}`, `${name}: size is not ${plan.size}`);
    for (const [field, inner] of Object.entries(type["struct"] as Fields)) {
      const at = plan.offset(field as never);
      this.claim(`offsetof(${name}, ${field}) == ${at}`, `${name}.${field}: offset is not ${at}`);
      const condition = `${this.word(inner)}::fits<decltype(${name}::${field})>()`;
      this.claim(condition, `${name}.${field}: type is not ${JSON.stringify(inner)}`);
    }
  }

  constant(name: string, value: number | bigint): void {
    const wide = value < 0 ? "long long" : "unsigned long long";
    const literal = value < 0 ? `${value}ll` : `${value}ull`;
    this.claim(`(${wide})(${name}) == ${literal}`, `${name}: value is not ${value}`);
  }
}

/** The program that holds where every claim does. */
export function programOf(headers: Headers, claims: Claims): string {
  const program = new Program();
  for (const [key, definition] of Object.entries(claims.definitions ?? {})) {
    program.definition(key, definition as Fields);
  }
  for (const [name, type] of Object.entries(claims.structs ?? {})) {
    program.struct(name, type as Fields);
  }
  for (const [name, value] of Object.entries(claims.constants ?? {})) {
    program.constant(name, value as number | bigint);
  }
  const includes = headers.include.map((name) => `#include <${name}>`);
  const preamble = headers.preamble ?? "";
  return [...includes, preamble, `#include "${include}"`, ...program.lines, ""].join("\n");
}

interface Compiled {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the compiler. */
async function compile(source: string, flags: readonly string[]): Promise<Compiled> {
  const folder = await mkdtemp(join(tmpdir(), "siding-headers-"));
  try {
    const file = join(folder, "claims.cpp");
    await writeFile(file, source);
    return await new Promise((resolve, reject) => {
      const args = ["c++", ...base, ...flags, file];
      const child = spawn(zigPath(), args, { cwd: folder, timeout: COMPILE_MS_MAX });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
      child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What does not hold, one sentence each: `"sqlite3_open: parameter 1 is not …"`. */
export async function faultsOf(headers: Headers, claims: Claims): Promise<string[]> {
  const flags = ["-c", "-o", "claims.o", "-ferror-limit=0", ...headers.flags ?? []];
  const { code, stderr } = await compile(programOf(headers, claims), flags);
  const errors = stderr.split("\n").filter((line) => / error: /.test(line));
  if (code !== 0 && errors.length === 0) return [`the compiler ended with ${code}: ${stderr}`];
  return errors.map((line) => {
    const at = line.indexOf(PREFIX);
    return at === -1 ? line : line.slice(at + PREFIX.length);
  });
}

/** Names of the functions that the last of the headers declares itself. */
export async function functionsIn(headers: Headers): Promise<string[]> {
  const header = headers.include.at(-1)!;
  const source = headers.include.map((name) => `#include <${name}>\n`).join("");
  const { stdout: text } = await compile(source, ["-E", ...headers.flags ?? []]);
  let own = false;
  const lines = text.split("\n").filter((line) => {
    const marker = /^# \d+ "(.*)"/.exec(line);
    if (marker !== null) own = marker[1]!.endsWith(`/${header}`);
    return own && marker === null;
  });
  const names = withoutBodies(lines.join("\n")).split(";").map((statement) => {
    return /^\s*typedef\b/.test(statement) ? undefined : /(\w+)\s*\(/.exec(statement)?.[1];
  });
  return [...new Set(names.filter((name) => name !== undefined))];
}

function withoutBodies(text: string): string {
  let left = text.replaceAll(/extern "C"\s*\{/g, "")
    .replaceAll(/__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)/g, "");
  for (let before = ""; before !== left;) {
    before = left;
    left = left.replaceAll(/\{[^{}]*\}/g, "");
  }
  return left;
}

/** Names of the macros that look like constants. */
export async function macrosIn(headers: Headers, pattern: RegExp): Promise<string[]> {
  const source = headers.include.map((name) => `#include <${name}>\n`).join("");
  const { stdout: text } = await compile(source, ["-E", "-dM", ...headers.flags ?? []]);
  const found = [...text.matchAll(/^#define (\w+) +(\S.*)$/gm)];
  return found.map(([, name]) => name!).filter((name) => pattern.test(name));
}
