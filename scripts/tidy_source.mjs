// @ts-check
/**
 * Reads a C or TypeScript source as far as the tidy rules need it: which characters are code, and
 * where functions begin and end. A tokenizer, not a parser.
 */

/**
 * @typedef {object} Source
 * @property {string} path from the root of the repository, with forward slashes
 * @property {string} text
 * @property {string[]} lines of the text
 * @property {string} code the text with comments blanked
 * @property {string} bare the text with comments and the insides of strings blanked
 *
 * @typedef {{ line: number, length: number, name: string }} FunctionSpan
 */

/** Longest parameter list and result type that is looked through, in characters. */
const lookBehind = 2000;

/** @param {string} path @param {string} text @returns {Source} */
export function readSource(path, text) {
  return { path, text, lines: text.replace(/\n$/, "").split("\n"), ...blank(path, text) };
}

/** @param {string} path */
export function language(path) {
  if (/\.[ch]$/.test(path)) return "C";
  return /\.(ts|mjs|js)$/.test(path) ? "TypeScript" : undefined;
}

/** @param {Source} source @returns {FunctionSpan[]} */
export function functionsOf(source) {
  if (language(source.path) === "C") return cFunctions(source);
  return language(source.path) === "TypeScript" ? scriptFunctions(source) : [];
}

/** @param {string} text @param {number} index */
export function lineAt(text, index) {
  return text.slice(0, index).split("\n").length;
}

/** @param {string} text */
function spaces(text) {
  return text.replace(/[^\n]/g, " ");
}

/** @param {string} path @param {string} text */
function blank(path, text) {
  const script = language(path) === "TypeScript";
  let code = "";
  let bare = "";
  /** Depth of braces in each template literal hole that is open. @type {number[]} */
  const holes = [];
  for (let at = 0; at < text.length;) {
    const token = tokenAt(text, at, script, bare, holes);
    code += token.kind === "comment" ? spaces(token.text) : token.text;
    bare += token.kind === "code" ? token.text : hollow(token);
    at += token.text.length;
  }
  return { code, bare };
}

/** @param {{ kind: string, text: string }} token */
function hollow({ kind, text }) {
  if (kind === "comment" || text.length < 2) return kind === "comment" ? spaces(text) : text;
  return text[0] + spaces(text.slice(1, -1)) + text[text.length - 1];
}

/**
 * @param {string} text @param {number} at @param {boolean} script
 * @param {string} before code so far @param {number[]} holes
 */
function tokenAt(text, at, script, before, holes) {
  const two = text.slice(at, at + 2);
  const one = text[at];
  if (two === "//") return token("comment", text, at, /[^\n]*/y);
  if (two === "/*") return token("comment", text, at, /\/\*[\s\S]*?(?:\*\/|$)/y);
  if (one === '"' || one === "'") {
    return token("string", text, at, /(["'])(?:\\[\s\S]|(?!\1)[^\n])*\1?/y);
  }
  if (!script) return { kind: "code", text: one };
  if (one === "/" && /(?:^|[(,=:[!&|?{};>]|\breturn)\s*$/.test(before.slice(-40))) {
    return token("string", text, at, /\/(?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\n])+\/?/y);
  }
  if (one === "`") return template(text, at, holes);
  if (holes.length > 0 && one === "{") holes[holes.length - 1]++;
  if (holes.length > 0 && one === "}" && holes[holes.length - 1]-- === 0) {
    holes.pop();
    return template(text, at, holes);
  }
  return { kind: "code", text: one };
}

/**
 * A template literal up to its end or its next hole.
 * @param {string} text @param {number} at @param {number[]} holes
 */
function template(text, at, holes) {
  const found = token("string", text, at, /[`}](?:\\[\s\S]|(?!\$\{)[^`\\])*(?:`|\$\{|$)/y);
  if (found.text.endsWith("${")) holes.push(0);
  return found;
}

/** @param {string} kind @param {string} text @param {number} at @param {RegExp} pattern */
function token(kind, text, at, pattern) {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match && match[0] ? { kind, text: match[0] } : { kind: "code", text: text[at] };
}

/** @param {Source} source @returns {FunctionSpan[]} */
function cFunctions({ bare }) {
  const lines = bare.split("\n");
  /** @type {FunctionSpan[]} */
  const spans = [];
  for (let first = 0; first < lines.length; first++) {
    if (!/^[A-Za-z_]/.test(lines[first])) continue;
    let open = first;
    while (open < lines.length - 1 && !/[{;]/.test(lines[open])) open++;
    const head = lines.slice(first, open + 1).join(" ").split(/[{;]/)[0];
    const name = head.match(/(\w+)\s*\(/)?.[1];
    if (!lines[open].includes("{") || name === undefined || head.includes("=")) continue;
    let last = open;
    while (last < lines.length - 1 && !/^\}|^[A-Za-z_].*\}\s*$/.test(lines[last])) last++;
    spans.push({ line: first + 1, length: last - first + 1, name });
    first = last;
  }
  return spans;
}

/** @param {Source} source @returns {FunctionSpan[]} */
function scriptFunctions({ bare }) {
  /** @type {({ at: number, name: string } | undefined)[]} */
  const open = [];
  /** @type {FunctionSpan[]} */
  const spans = [];
  for (let at = 0; at < bare.length; at++) {
    if (bare[at] === "{") open.push(bodyAt(bare, at));
    if (bare[at] !== "}") continue;
    const body = open.pop();
    if (body === undefined) continue;
    const line = lineAt(bare, body.at);
    spans.push({ line, length: lineAt(bare, at) - line + 1, name: body.name });
  }
  return spans;
}

/** Whether the brace opens the body of a function. @param {string} bare @param {number} brace */
function bodyAt(bare, brace) {
  const start = Math.max(0, brace - lookBehind);
  const head = bare.slice(start, brace).trimEnd();
  const parameters = head.endsWith("=>") ? arrowParameters(head) : parametersBefore(head);
  if (parameters === undefined) return undefined;
  const before = head.slice(0, parameters).trimEnd();
  const word = before.match(/([\w$#]+)(?:<[^()]*>)?$/)?.[1];
  if (word !== undefined && /^(if|for|while|switch|catch|with|await)$/.test(word)) {
    return undefined;
  }
  if (/\bdescribe\([^()]*,\s*(async)?$/.test(before)) return undefined;
  return { at: start + parameters, name: word ?? "" };
}

/** @param {string} head ends with the arrow */
function arrowParameters(head) {
  const left = head.slice(0, -2).trimEnd();
  return left.endsWith(")") ? matching(left, left.length - 1) : left.search(/[\w$]+$/);
}

/**
 * Index of the parenthesis that opens the parameters of a function whose body follows; a result
 * type may stand between.
 * @param {string} head
 */
function parametersBefore(head) {
  if (head.endsWith(")")) return matching(head, head.length - 1);
  let angles = 0;
  for (let at = head.length - 1; at > 0; at--) {
    if (/[)\]}]/.test(head[at])) at = matching(head, at) ?? 0;
    else if (head[at] === ">") head[at - 1] === "=" ? at-- : angles++;
    else if (head[at] === "<") angles--;
    else if (/[;={(]/.test(head[at]) || (head[at] === "," && angles === 0)) break;
    else if (head[at] === ":") return parametersAtColon(head, at);
  }
  return undefined;
}

/** @param {string} head @param {number} colon */
function parametersAtColon(head, colon) {
  const left = head.slice(0, colon).trimEnd();
  const type = head.slice(colon + 1).trim();
  if (!left.endsWith(")") || type === "") return undefined;
  if (/\b(class|interface|else|try|do|finally|return|import|export)\b|`/.test(type)) {
    return undefined;
  }
  return matching(left, left.length - 1);
}

/** @param {string} text @param {number} close @returns {number | undefined} */
function matching(text, close) {
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    if (/[)\]}]/.test(text[at])) depth++;
    if (/[([{]/.test(text[at]) && --depth === 0) return at;
  }
  return undefined;
}
