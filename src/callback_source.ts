/**
 * Source text of the functions generated for one callback. Names beyond those of `source.ts`:
 * `endpoint` the callback, `handler` its function, `callbacks` those of the connection, `within`
 * runs a function in an async context, `begin` makes room for an answer, `answer` writes one.
 *
 * @module
 */
import type { CallbackPlan } from "./callback_plan.ts";
import { readOutput, readTails } from "./generate.ts";
import {
  answerWords,
  callWords,
  eventBlock,
  eventLost,
  eventMore,
  eventWords,
} from "./generated/siding.ts";
import { wordsFor } from "./layout.ts";
import { isScalar, isSimple } from "./plan.ts";
import { checkSource, readSource, storeField, storeSource } from "./source.ts";
import type { Output } from "./tails.ts";

/** Words before the arguments of one who waits: ask, nest, context. */
export const ASK_WORDS = 3;

interface ArgumentsSource {
  /** Statements that read the arguments of the event at `at`. */
  readonly read: string;
  /** The list of them. */
  readonly list: string;
}

/* What is copied is followed by its own size, which is known where it holds no pointers. */
function isFlat(output: Output): boolean {
  if (output.kind === "plain") return true;
  return output.kind === "copy" && output.to.kind === "plain" && isSimple(output.to.type);
}

/* Reads what lies in the event itself, without an object or a call for any of it. */
function flatSource(plan: CallbackPlan, before: number): string {
  const values = plan.outputs.map((output, index) => {
    const word = before + plan.places[index]!;
    if (output.kind !== "copy" || output.to.kind !== "plain") {
      return `a${index} = ${readOutput(output, word)};`;
    }
    const { type } = output.to;
    return `if (u32[q * 2 + 1] === 4294967295) { a${index} = null; q++; }
      else { a${index} = ${readSource(type, "q * 2 + 2")}; q += ${1 + wordsFor(type.size)}; }`;
  });
  return `let q = (at >> 1) + ${eventWords + before + plan.words}; ${values.join("\n")}`;
}

function argumentsSource(plan: CallbackPlan, before: number): ArgumentsSource {
  const names = plan.outputs.map((_, index) => `a${index}`);
  const list = names.join(", ");
  const values = plan.outputs.map((output, index) =>
    `a${index} = ${readOutput(output, before + plan.places[index]!)};`
  );
  const general = [readTails(plan.tails, before + plan.words), ...values].join("\n");
  const declared = list === "" ? "" : `let ${list};`;
  if (plan.tails.length === 0 || !plan.outputs.every(isFlat)) {
    return { read: `${declared} ${general}`, list };
  }
  const isLong = `(u32[at + 1] & ${eventBlock << 16}) !== 0`;
  const flat = flatSource(plan, before);
  return { read: `${declared} if (${isLong}) { ${general} } else { ${flat} }`, list };
}

/* The events of one callback that lie in a row are one stretch, within one async context. */
function runSource(each: string): string {
  return `return function run() {
    const token = endpoint.token, end = callbacks.end;
    let at = callbacks.at, left = callbacks.left;
    do {
      const head = u32[at + 1];
      if ((head & ${eventLost << 16}) !== 0) endpoint.lost(at);
      else { ${each} }
      at += (head & 65535) * 2;
      left--;
    } while (left > 0 && at < end && u32[at] === token && endpoint.isOpen &&
      (u32[at + 1] & ${eventMore << 16}) !== 0);
    callbacks.at = at;
    callbacks.left = left;
  };`;
}

/** A function that gives events to a handler that nobody waits for. */
export function postRunSource(plan: CallbackPlan): string {
  const { read, list } = argumentsSource(plan, 0);
  return runSource(`try {
    ${read}
    const value = handler(${list});
    if (typeof value === "object" && value !== null) endpoint.follow(value);
  } catch (error) {
    endpoint.fail(error);
  }`);
}

/** A function that gives events to a handler, and C what it answers. */
export function callRunSource(plan: CallbackPlan): string {
  const { read, list } = argumentsSource(plan, ASK_WORDS);
  const each = list === "" ? "scope" : `${list}, scope`;
  const q = eventWords * 2;
  return runSource(`
    const low = u32[at + ${q}], high = u32[at + ${q + 1}];
    const scope = callbacks.scope(endpoint, at + ${q});
    try {
      ${read}
      const value = scope.hasContext ? within(scope, handler, ${each}) : handler(${each});
      if (typeof value === "object" && value !== null && typeof value.then === "function") {
        endpoint.wait(low, high, value, scope);
      } else {
        answer(low, high, value);
        scope.end();
      }
    } catch (error) {
      endpoint.refuse(low, high, error, scope);
    }`);
}

/* The result as the words behind an answer's header; `s` and `p` are those of `storeSource`. */
function storeResult({ result }: CallbackPlan): string {
  if (result.kind === "void") return `f64[s + ${callWords}] = 0;`;
  if (isScalar(result) || isSimple(result)) {
    const passing = isScalar(result) ? "scalar" : "struct";
    const parameter = { type: result, role: "value", passing, word: 0 } as const;
    const shape = { kind: "plain", type: result } as const;
    return storeSource({ ...parameter, copyIn: false, copyOut: false, shape }, "value");
  }
  const bytes = `(s + ${callWords}) * 8`;
  const clear = `u8.fill(0, ${bytes}, ${bytes} + ${wordsFor(result.size) * 8});`;
  return `${clear} ${storeField(result, bytes, "value")}`;
}

/** A function that checks a result and writes it as the answer to an ask. */
export function answerSource(plan: CallbackPlan): string {
  const { result } = plan;
  const count = answerWords + wordsFor(result.size);
  return `return function answer(low, high, value) {
    ${result.kind === "void" ? "" : checkSource(result, "value", "result")}
    const h = begin(${count});
    const s = h - ${callWords - answerWords}, p = s * 2;
    u32[h * 2] = low; u32[h * 2 + 1] = high; i32[h * 2 + 2] = 0; u32[h * 2 + 3] = ${count};
    ${storeResult(plan)}
  };`;
}

/** A function that runs a handler while C on this thread waits; its answer goes into the frame. */
export function inlineCallSource(plan: CallbackPlan): string {
  const { read, list } = argumentsSource(plan, ASK_WORDS);
  const each = list === "" ? "scope" : `${list}, scope`;
  return `return function inline() {
    const at = 0;
    try {
      ${read}
      const value = handler(${each});
      if (typeof value === "object" && value !== null && typeof value.then === "function") {
        endpoint.promised(value);
      }
      answer(0, 0, value);
    } catch (error) {
      endpoint.throwHere(error);
    }
  };`;
}

/** The same for a handler that nobody waits for. */
export function inlinePostSource(plan: CallbackPlan): string {
  const { read, list } = argumentsSource(plan, 0);
  return `return function inline() {
    const at = 0;
    try {
      ${read}
      const value = handler(${list});
      if (typeof value === "object" && value !== null) endpoint.follow(value);
    } catch (error) {
      endpoint.throwHere(error);
    }
  };`;
}

/** Words before the block's number where an event's tails are in one. */
export function blockWordOf(plan: CallbackPlan, isCall: boolean): number {
  return (isCall ? ASK_WORDS : 0) + plan.words;
}

/** Whether the event with this head has its tails in a block. */
export function hasBlock(head: number): boolean {
  return (head >>> 16 & eventBlock) !== 0;
}
