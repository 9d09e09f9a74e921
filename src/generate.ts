/**
 * Source text of the functions generated for one plan. The names they use beyond those of
 * `source.ts` are the properties of `Environment` in `marshal.ts`.
 *
 * @module
 */
import { COPY_IN, COPY_OUT } from "./blocks.ts";
import {
  callErrno,
  callLastError,
  callWords,
  eventBlock,
  eventWords,
  eventWordsMax,
  referenceBlock,
  referenceLent,
} from "./generated/siding.ts";
import { wordsFor } from "./layout.ts";
import { failedResult, type ParameterPlan, type Plan } from "./plan.ts";
import { TOKENS_RESERVED } from "./settings.ts";
import { checkedSource, checkSource, outputSource, readSource, storeSource } from "./source.ts";
import type { Output, TailKind } from "./tails.ts";
import { TEXT_INLINE_MAX } from "./text.ts";

/** Buffers that a call on this thread lends instead of copying. */
const LENT_MAX = 4;

const argument = (index: number): string => `a${index}`;

function isReference({ passing }: ParameterPlan): boolean {
  return passing === "buffer" || passing === "text" || passing === "text16";
}

/* Whether calls may make blocks for the argument. */
function hasBlocks(parameter: ParameterPlan): boolean {
  return isReference(parameter) || parameter.passing === "image";
}

function argumentList(plan: Plan): string[] {
  return plan.values.map((_, index) => argument(index));
}

/** The arguments as they were when they were checked. */
function checkedList(plan: Plan): string {
  return plan.values.map(({ type, passing }, index) =>
    passing === "image" ? argument(index) : checkedSource(type, argument(index))
  ).join(", ");
}

/* An image is checked while it is written; one that was is its own. */
function checkArgument({ type, passing, role }: ParameterPlan, index: number): string {
  const v = argument(index);
  if (passing === "image") return `${v} = images[${index}](${v});`;
  const check = checkSource(type, v, String(index));
  return role === "in" ? `if (${v} !== null) { ${check} }` : check;
}

function checks(plan: Plan, before = 0): string[] {
  const expected = plan.values.length;
  const given = before === 0 ? "arguments.length" : `arguments.length - ${before}`;
  return [
    `if (${given} !== ${expected}) c.count(name, ${expected}, ${given});`,
    ...plan.values.map(checkArgument),
  ];
}

function header(flags: string, timeout: string): string[] {
  return [
    "u32[p] = token; u32[p + 1] = signature;",
    `u32[p + 2] = end - s | (${flags}) << 16; u32[p + 3] = ${timeout};`,
    "u32[p + 4] = functionLow; u32[p + 5] = functionHigh;",
    "u32[p + 6] = contextLow; u32[p + 7] = contextHigh;",
  ];
}

/** Flags of all calls of a function. */
export function callFlags(plan: Plan): number {
  const error = plan.errorKind === "errno" ? callErrno : callLastError;
  return (plan.errno === "none" ? 0 : error) | (plan.flags ?? 0);
}

function reference(word: number, kind: number | string, operand: string): string {
  const half = `p + ${(callWords + word) * 2}`;
  return `u32[${half}] = ${operand}; u32[${half} + 1] = ${kind};`;
}

/* Blocks are made before the token is taken: making them may fail. */
function makeBlock({ passing, copyIn, copyOut }: ParameterPlan, index: number): string {
  const v = argument(index);
  if (passing === "text" || passing === "text16") {
    const add = passing === "text" ? "addText" : "addText16";
    return `const k${index} = ${v} !== null && ${v}.length > ${TEXT_INLINE_MAX} ` +
      `? (blocks ??= new Blocks(b)).${add}(${v}) : -1;`;
  }
  const direction = (copyIn ? COPY_IN : 0) | (copyOut ? COPY_OUT : 0);
  return `const k${index} = ${v} === null ? -1 ` +
    `: (blocks ??= new Blocks(b)).add(${v}, ${direction});`;
}

/* All that images point to goes into one block. */
function linkImages(plan: Plan): string {
  const list = plan.values.flatMap(({ passing }, index) =>
    passing === "image" ? [argument(index)] : []
  );
  if (list.length === 0) return "";
  const hasLinks = list.map((v) => `(${v} !== null && ${v}.links.length > 0)`).join(" || ");
  return `if (${hasLinks}) (blocks ??= new Blocks(b)).addImages([${list.join(", ")}]);`;
}

function storeText(passing: string, word: number, v: string): string {
  const put = passing === "text" ? "putText" : "putText16";
  return `end = ${put}(words, s, s + ${callWords + word}, end, ${v});`;
}

function storeReference({ passing, word }: ParameterPlan, index: number): string {
  const v = argument(index);
  const none = passing === "buffer" ? "" : storeText(passing, word, v);
  return `if (${v} === null) { ${reference(word, 0, "0")} }
    else if (k${index} >= 0) { ${reference(word, referenceBlock, `k${index}`)} }
    else { ${none} }`;
}

function stores(plan: Plan): string[] {
  return plan.values.map((parameter, index) =>
    isReference(parameter)
      ? storeReference(parameter, index)
      : storeSource(parameter, argument(index))
  );
}

function room(plan: Plan): string {
  const texts = plan.values.map(({ passing }, index) => {
    if (passing !== "text" && passing !== "text16") return "";
    return ` + ${passing === "text" ? "textRoom" : "textRoom16"}(${argument(index)})`;
  });
  return `b.room(${callWords + plan.words}${texts.join("")});`;
}

/** From the free token to the finished record. */
function record(plan: Plan, flags: string, timeout: string): string[] {
  const mayBlock = plan.values.some(hasBlocks);
  const blocks = plan.values.map((parameter, index) =>
    isReference(parameter) ? makeBlock(parameter, index) : ""
  );
  return [
    room(plan),
    mayBlock ? "let blocks;" : "",
    ...blocks,
    linkImages(plan),
    "const token = free[--b.top];",
    "const s = b.at, p = s << 1;",
    `let end = s + ${callWords + plan.words};`,
    ...stores(plan),
    ...header(flags, timeout),
    mayBlock ? "if (blocks !== undefined) b.blocks.set(token, blocks);" : "",
  ];
}

const IS_FULL = `(b.top <= ${TOKENS_RESERVED} || b.queued !== 0) && !b.admitting && b.isFull()`;
/* a call that waited was made before its library was closed */
const IS_CLOSED = "gate.closed && (b.closed || !b.admitting)";

/* code that a handler runs must not wait for the thread that waits for the handler */
const IS_REENTRANT = "reentry.waiting !== 0 && blocked(contextLow, contextHigh)";

/* Functions on different contexts differ in this only. */
const ON = "return (gate, contextLow, contextHigh) =>";

/** A function that submits a call and promises its result. */
export function callSource(plan: Plan): string {
  const list = argumentList(plan).join(", ");
  return `${ON} function call(${list}) {
    ${checks(plan).join("\n")}
    if (${IS_CLOSED}) return Promise.reject(refusal(gate));
    if (${IS_REENTRANT}) return Promise.reject(reentrantError(name));
    if (${IS_FULL}) return later(call, [${checkedList(plan)}]);
    ${record(plan, String(callFlags(plan)), "0").join("\n")}
    return b.call(token, end - s, decode, meter, gate);
  };`;
}

/** A function that submits a call for a ticket. */
export function postSource(plan: Plan): string {
  const list = argumentList(plan).join(", ");
  const rest = list === "" ? "" : `, ${list}`;
  return `${ON} function post(ticket${rest}) {
    ${checks(plan, 1).join("\n")}
    if (${IS_CLOSED}) return refuse(ticket, refusal(gate));
    if (${IS_REENTRANT}) return refuse(ticket, reentrantError(name));
    if (${IS_FULL}) return laterPost(post, ticket, [${checkedList(plan)}]);
    ${record(plan, `${callFlags(plan)} | ticket.flags`, "ticket.timeoutMs").join("\n")}
    ticket.token = token;
    b.send(token, end - s, decode, ticket.settle, gate);
  };`;
}

function storeLent(plan: Plan): { before: string[]; store: string[]; lent: string[] } {
  const before: string[] = [];
  const lent: string[] = [];
  const store = plan.values.map((parameter, index) => {
    const v = argument(index);
    if (!isReference(parameter)) return storeSource(parameter, v);
    if (parameter.passing === "buffer" && lent.length < LENT_MAX) {
      lent.push(v);
      return reference(
        parameter.word,
        `${v} === null ? 0 : ${referenceLent}`,
        `${lent.length - 1}`,
      );
    }
    before.push(makeBlock(parameter, index));
    return storeReference(parameter, index);
  });
  before.push(linkImages(plan));
  while (lent.length < LENT_MAX) lent.push("null");
  return { before, store, lent };
}

/**
 * A function that runs a call on this thread, through libsiding. It uses words of its own, so that
 * it never meets staged records; and so does each call inside of a handler that C is calling.
 */
export function hereSource(plan: Plan): string {
  const { before, store, lent } = storeLent(plan);
  const list = argumentList(plan).join(", ");
  return `${ON} function sync(${list}) {
    ${checks(plan).join("\n")}
    if (gate.closed) throw refusal(gate);
    if (here.depth !== depth) return deeper(here.depth)(${list});
    if (here.isStaged) flush();
    let blocks;
    ${before.join("\n")}
    const token = -1 - depth, s = 0, p = 0;
    let end = ${callWords + plan.words};
    ${store.join("\n")}
    ${header(String(callFlags(plan)), "0").join("\n")}
    if (blocks !== undefined) b.blocks.set(token, blocks);
    const status = callHere(handle, words.u8, end, eventBytes, ${eventWordsMax}, ${lent});
    if (status < 0 && blocks !== undefined) { b.blocks.delete(token); blocks.drop(); }
    checkStatus(status, action);
    if (here.hasFailed) drop(token);
    return decode(0, token);
  };`;
}

/** A function that writes the record of a bound call, and gives what `keep` makes of it. */
export function boundSource(plan: Plan): string {
  const blocks = plan.values.map((parameter, index) =>
    isReference(parameter) ? makeBlock(parameter, index) : ""
  );
  return `${ON} function bind(${argumentList(plan).join(", ")}) {
    ${checks(plan).join("\n")}
    if (gate.closed) throw refusal(gate);
    let blocks;
    ${blocks.join("\n")}
    ${linkImages(plan)}
    const token = 0, s = 0, p = 0;
    let end = ${callWords + plan.words};
    u8.fill(0, 0, end * 8); // what is open is nothing
    ${stores(plan).join("\n")}
    ${header(String(callFlags(plan)), "0").join("\n")}
    return keep(end, blocks);
  };`;
}

/** A function that runs a call on this thread, through the runtime's own FFI. */
export function directSource(plan: Plan): string {
  const list = argumentList(plan).join(", ");
  return `${ON} function sync(${list}) {
    ${checks(plan).join("\n")}
    if (gate.closed) throw refusal(gate);
    if (here.isStaged) flush();
    const value = raw(${list});
    if (here.hasFailed) rethrow();
    return value;
  };`;
}

/* Whether the value says that the function failed, which makes errno an error. */
function failedSource({ result }: Plan): string {
  const failed = failedResult(result);
  if (failed === undefined) return "true";
  return `value === ${failed}${result.kind === "i64" ? "n" : ""}`;
}

/* A text that is all there is to copy is read without further ado. */
function readText(wordsBefore: number): string {
  const at = `at + ${(eventWords + wordsBefore) * 2}`;
  return `u32[at + 1] >>> 16 & ${eventBlock} ? longText(u32[${at}], u32[${at} + 2])
    : u32[${at} + 1] === 4294967295 ? null : texts.read((${at} + 2) * 4, u32[${at}])`;
}

const TAIL_READERS: Readonly<Record<TailKind, string>> = {
  text: "text",
  text16: "text16",
  bytes: "bytes",
  texts: "texts",
  memory: "skip",
};

/** Statements that read tails in their order, each into a variable of its own. */
export function readTails(kinds: readonly TailKind[], wordsBefore: number): string {
  if (kinds.length === 0) return "";
  if (kinds.length === 1 && kinds[0] === "text") return `const t0 = ${readText(wordsBefore)};`;
  const isLong = `(u32[at + 1] >>> 16 & ${eventBlock}) !== 0`;
  return [
    `const tails = new Tails(b, words, (at >> 1) + ${eventWords + wordsBefore}, ${isLong});`,
    ...kinds.map((kind, index) => `const t${index} = tails.${TAIL_READERS[kind]}();`),
  ].join("\n");
}

/* A text result is the first tail. */
function tailsOf({ result, tails }: Plan): readonly TailKind[] {
  return result.kind === "text" ? ["text", ...tails] : tails;
}

/** An expression for a value `word` words behind the header of an event. */
export function readOutput(output: Output, word: number): string {
  const at = `at + ${(eventWords + word) * 2}`;
  return output.kind === "plain"
    ? readSource(output.type, at)
    : outputSource(output, `(${at}) * 4`);
}

/** A function that reads the result of a call from its event. */
export function decodeSource(plan: Plan): string {
  let word = wordsFor(plan.result.size);
  const cells = plan.cells.map(({ type }, index) => {
    const source = readOutput(plan.outputs[index + 1]!, word);
    word += wordsFor(type.size);
    return source;
  });
  const tails = readTails(tailsOf(plan), word);
  const value = plan.result.kind === "text" ? "t0" : readOutput(plan.outputs[0]!, 0);
  const takeBack = plan.values.some(hasBlocks) ? "takeBack(token);" : "";
  const parts = ["value"];
  if (plan.errno === "report") parts.push(`${plan.errorKind}: i32[at + 3]`);
  if (cells.length > 0) parts.push(`out: [${cells.join(", ")}]`);
  const fail = plan.errno === "throw"
    ? `if (i32[at + 3] !== 0 && ${
      failedSource(plan)
    }) throw c.${plan.errorKind}Error(i32[at + 3], name);`
    : "";
  return `return function decode(at, token) {
    ${takeBack}
    ${tails}
    const value = ${value};
    ${fail}
    return ${parts.length === 1 ? "value" : `{ ${parts.join(", ")} }`};
  };`;
}
