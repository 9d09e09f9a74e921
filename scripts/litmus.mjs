// @ts-check
/**
 * Reads a litmus test: C for herd7, which names the functions of ours that it stands for.
 *
 *   (* what must hold
 *      Else: what a user would see
 *      who is who
 *
 *      broken: inbox_push seq_cst to relaxed      a twin in which herd must find what is forbidden
 *   *)
 *   { head = 1; }                                 what is not 0 at first
 *   P0 (atomic_int* head, int* told) {
 *     *told = 1;
 *     /* lib/core/inbox.c inbox_push *\/          from here on it does what inbox_push does,
 *     /* lib/core/cells.c cells_give 1,3/3 *\/    or the first and third of three operations,
 *     /* lib/core/ring.c ring_publish: cells_publish, arm *\/   which it calls in this order
 *     /* system: futex_wait *\/                   what the system does by contract
 *   }
 *   exists (...)                                  what must never be
 *
 * An operation of the test has the name, the object and the orders of that in the function; objects
 * by their field, a digit behind it aside. What is named expected0 or the like is its thread's own.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./toolchain.mjs";

/**
 * @typedef {{ type: string, name: string }} Parameter
 *
 * @typedef {object} Thread
 * @property {Parameter[]} parameters
 * @property {string} body
 *
 * @typedef {object} Litmus
 * @property {string} name
 * @property {string} text for herd7
 * @property {[name: string, value: string][]} initial
 * @property {Thread[]} threads
 * @property {string} condition
 *
 * @typedef {{ kind: string, address: string, orders: string }} Operation
 */

/** @param {string} name @param {string} text @returns {Litmus} */
export function parse(name, text) {
  const program = text.replace(/\(\*[^]*?\*\)/g, "");
  const parts = program.match(/^C \w+\s*\{([^}]*)\}([^]*\n)(exists[^]*)$/);
  if (parts === null) throw new Error(`Cannot read "${name}": it is no litmus test`);
  const [, initial, code, condition] = parts;
  const threads = code.matchAll(/^P\d+ \(([^)]*)\) \{\n([^]*?)^\}$/gm);
  return {
    name,
    text: program.replace(/^C \w+/, `C ${name}`),
    initial: [...initial.matchAll(/(\w+) = (\w+);/g)].map(([, own, value]) => [own, value]),
    threads: [...threads].map(([, list, body]) => ({ parameters: parametersOf(list), body })),
    condition: condition.trim(),
  };
}

/** @param {string} list @returns {Parameter[]} */
function parametersOf(list) {
  return list.split(",").map((parameter) => {
    const [type, name] = parameter.trim().split("* ");
    return { type, name };
  });
}

/** Whether it is a thread's own, which an exchange changes. @param {string} name */
export function isOwn(name) {
  return name.startsWith("expected");
}

// ---- twins --------------------------------------------------------------------------------------

/**
 * The twins of a test, each with orders taken away where the functions are said to have them.
 * @param {string} name @param {string} text
 * @returns {{ rule: string, litmus: Litmus }[]}
 */
export function twins(name, text) {
  const rules = [...text.matchAll(/^ +broken: (.*)$/gm)].map(([, rule]) => rule);
  if (rules.length === 0) throw new Error(`Cannot break "${name}": it does not say how`);
  return rules.map((rule, index) => {
    const broken = rule.split(", ").reduce(weaken, text);
    return { rule, litmus: parse(`${name}_twin${index}`, broken) };
  });
}

/** @param {string} text @param {string} change */
function weaken(text, change) {
  const [, called, order, weaker] = change.match(/^(\w+) (\w+) to (\w+)$/) ?? [];
  const isMarked = new RegExp(`^/\\* \\S+ ${called}(?: \\S+)? \\*/`);
  const segments = text.split(/(?=\/\* (?:\S+\.[ch]|system))/);
  const weak = segments.map((segment) =>
    isMarked.test(segment)
      ? segment.replace(`memory_order_${order}`, `memory_order_${weaker}`)
      : segment
  ).join("");
  if (weak === text) throw new Error(`Cannot break by "${change}": there is no such order`);
  return weak;
}

// ---- what the test stands for -------------------------------------------------------------------

/**
 * Where a test does other than the functions that it names.
 * @param {Litmus} litmus
 * @returns {string[]} what is wrong
 */
export function differences({ threads }) {
  return threads.flatMap(({ body }) => {
    const [before, ...segments] = body.split(/^ *\/\* (?=\S+\.[ch]\s|system: )/m);
    const strays = operations(before).map(({ kind }) => `${kind}: of no function`);
    return [...strays, ...segments.flatMap(differencesOf)];
  });
}

/** @param {string} segment from its mark on @returns {string[]} */
function differencesOf(segment) {
  const end = segment.indexOf("*/");
  const mark = segment.slice(0, end).trim().replace(/\s+/g, " ");
  const made = operations(segment.slice(end));
  if (mark.startsWith("system: ")) return [];
  const [, files, called, chosen, count, callees] = mark.match(
    /^(\S+) (\w+)(?: ([\d,-]+)\/(\d+))?(?:: ([\w, ]+))?$/,
  ) ?? [];
  if (files === undefined) return [`${mark}: is no mark`];
  return filesOf(files).flatMap((file) => {
    const body = bodyOf(file, called);
    if (body === undefined) return [`${mark}: there is no such function in ${file}`];
    if (callees !== undefined) {
      const does = made.length === 0 && callsInOrder(body, callees.split(", "));
      return does ? [] : [`${mark}: it does not`];
    }
    const all = operations(body);
    if (count !== undefined && Number(count) !== all.length) {
      return [`${mark}: it has ${all.length} operations in ${file}`];
    }
    const own = chosen === undefined ? all : chosenOf(all, chosen);
    const isSame = own.length === made.length &&
      own.every((operation, index) => isLike(operation, made[index]));
    return isSame ? [] : [`${mark}:\n  ${file} ${textOf(own)}\n  here ${textOf(made)}`];
  });
}

/** Of "a/{b,c}/d.c", which do the same. @param {string} path */
function filesOf(path) {
  const [, before, names = "", after] = path.match(/^(.*)\{(.*)\}(.*)$/) ?? [];
  return names === "" ? [path] : names.split(",").map((name) => `${before}${name}${after}`);
}

/** @param {string} file @param {string} called */
function bodyOf(file, called) {
  const text = readFileSync(join(root, file), "utf8").replace(/\/\*[^]*?\*\//g, "");
  return text.match(new RegExp(`^\\w[^;{}#]*\\b${called}\\([^;{}]*\\{\\n[^]*?^\\}`, "m"))?.[0];
}

/** @param {string} body @param {string[]} callees */
function callsInOrder(body, callees) {
  const pattern = callees.map((name) => `\\b${name}\\(`).join("[^]*?");
  return new RegExp(pattern).test(body);
}

/** A weak exchange differs in that it may try again. @param {string} text @returns {Operation[]} */
function operations(text) {
  const named =
    /^atomic_(\w+?)(?:_weak|_strong)?_explicit\(\s*(&[^;]*?->[\w.]+|&?[\w.]+(?:\[[^\]]*\])?),/;
  return text.split(/(?=\batomic_(?:\w+_explicit|thread_fence)\()/).slice(1).map((part) => {
    const orders = [...part.matchAll(/memory_order_(\w+)/g)].map(([, order]) => order).join(" ");
    if (part.startsWith("atomic_thread_fence")) return { kind: "fence", address: "", orders };
    const [, kind = part, address = ""] = part.match(named) ?? [];
    return { kind, address, orders };
  });
}

/** @param {Operation[]} all @param {string} chosen such as 1-2,4 */
function chosenOf(all, chosen) {
  return chosen.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return all.slice(first - 1, last);
  });
}

/**
 * Whether both are the same. What the function has as a parameter may have any name.
 * @param {Operation} own @param {Operation} made
 */
function isLike(own, made) {
  const isParameter = /^\w+$/.test(own.address);
  return own.kind === made.kind && own.orders === made.orders &&
    (isParameter || fieldOf(own) === fieldOf(made));
}

/** @param {Operation} operation */
function fieldOf({ address }) {
  return address.replace(/\[.*\]$/, "").replace(/^.*[>&.]/, "").replace(/\d+$/, "");
}

/** @param {Operation[]} all */
function textOf(all) {
  return all.map((one) => `${one.kind}(${fieldOf(one)}, ${one.orders})`).join(" ");
}
