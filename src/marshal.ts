/**
 * The functions of one C function: generated code with its environment. Plans that are alike share
 * the code; what differs comes in through the environment.
 *
 * @module
 */
import { Blocks } from "./blocks.ts";
import type { Bridge, Decode, Meter, Settle } from "./bridge.ts";
import * as check from "./check.ts";
import { checkStatus, SidingError } from "./errors.ts";
import {
  boundSource,
  callSource,
  decodeSource,
  directSource,
  hereSource,
  postSource,
} from "./generate.ts";
import { Tails } from "./copied.ts";
import { here, rethrow } from "./here.ts";
import { imageMaker } from "./image.ts";
import { type Kind, wordsFor } from "./layout.ts";
import type { Plan } from "./plan.ts";
import { reenters, reentrantError, reentry } from "./reentry.ts";
import { runtime } from "./runtime/current.ts";
import type { DirectType } from "./runtime/runtime.ts";
import { putText, putText16, textRoom, textRoom16 } from "./text.ts";
import { type Words, words } from "./words.ts";

/** Whether new calls are refused, and how. */
export interface Gate {
  closed: boolean;
  /** The error of a call that comes too late. */
  error(name: string): Error;
}

/** What a call with options shares with whoever watches it. */
export interface Ticket {
  /** The call's token; -1 before it has one. */
  token: number;
  /** Whether it was settled from outside; then a waiting call is not made. */
  done: boolean;
  readonly flags: number;
  readonly timeoutMs: number;
  readonly settle: Settle | undefined;
}

/** The native side of one function. */
export interface Target {
  readonly name: string;
  readonly address: number;
  readonly signature: number;
  /** Reads results, in place of what the plan says. */
  readonly decode?: Decode | undefined;
}

type Call = (...args: unknown[]) => unknown;
type Post = (ticket: Ticket, ...args: unknown[]) => void;

/** Makes a function for a context, whose handle comes in halves. */
type On<F> = (gate: Gate, contextLow: number, contextHigh: number) => F;

/** Takes the record of a bound call. */
export type Keep = (record: Uint8Array, words: number, blocks: Blocks | undefined) => number;

/** Everything that generated code refers to. */
interface Environment extends Words {
  readonly b: Bridge;
  readonly c: typeof check;
  readonly name: string;
  readonly words: Words;
  readonly [other: string]: unknown;
}

type Factory<F> = (environment: Environment) => F;

const NAMES = "b, c, name, words, u8, u32, i32, f32, f64, i64, u64, view, free, signature, " +
  "functionLow, functionHigh, meter, decode, Blocks, putText, textRoom, " +
  "texts, longText, takeBack, later, laterPost, refuse, checkStatus, callHere, handle, " +
  "eventBytes, action, raw, refusal, images, Tails, putText16, textRoom16, keep, " +
  "here, depth, deeper, flush, drop, rethrow, reentry, blocked, reentrantError";

function compile<F>(source: string): Factory<F> {
  const body = ['"use strict";', "const {", NAMES, "} = environment;", source].join(" ");
  return new Function("environment", body) as Factory<F>;
}

/** Factories of one plan, each compiled when first needed. */
class Factories {
  readonly #plan: Plan;
  readonly #compiled: Map<(plan: Plan) => string, Factory<unknown>> = new Map();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  get<F>(source: (plan: Plan) => string): Factory<F> {
    let factory = this.#compiled.get(source);
    if (factory === undefined) {
      factory = compile(source(this.#plan));
      this.#compiled.set(source, factory);
    }
    return factory as Factory<F>;
  }
}

const FACTORIES_MAX = 4096;
const known: Map<string, Factories> = new Map();

function factoriesOf(plan: Plan): Factories {
  let factories = known.get(plan.key);
  if (factories === undefined) {
    if (known.size >= FACTORIES_MAX) known.delete(known.keys().next().value!);
    factories = new Factories(plan);
    known.set(plan.key, factories);
  }
  return factories;
}

function splitAddress(address: number): readonly [low: number, high: number] {
  return [address >>> 0, Math.floor(address / 4294967296) >>> 0];
}

/* A waiting call keeps the bytes that its buffers had. */
function keepBytes(argument: unknown): unknown {
  const isBytes = ArrayBuffer.isView(argument) || argument instanceof ArrayBuffer;
  return isBytes ? new check.Snapshot(check.bytes(argument, "", 0) as Uint8Array) : argument;
}

function waiting(b: Bridge): Record<string, unknown> {
  const later = (call: Call, args: unknown[]): Promise<unknown> => {
    const kept = args.map(keepBytes);
    return new Promise((resolve, reject) => {
      b.wait(() => {
        try {
          resolve(call(...kept));
        } catch (error) {
          reject(error);
        }
      });
    });
  };
  const refuse = (ticket: Ticket, error: Error): void => ticket.settle?.(Promise.reject(error));
  const laterPost = (post: Post, ticket: Ticket, args: unknown[]): void => {
    const kept = args.map(keepBytes);
    b.wait(() => {
      if (ticket.done) return;
      try {
        post(ticket, ...kept);
      } catch (error) {
        refuse(ticket, error as Error);
      }
    });
  };
  return { later, laterPost, refuse };
}

function blockHelpers(b: Bridge): Record<string, unknown> {
  const takeBack = (token: number): void => {
    const blocks = b.blocks.get(token);
    if (blocks === undefined) return;
    b.blocks.delete(token);
    blocks.takeBack();
  };
  /* the text's length, then the text */
  const longText = (block: number, size: number): string => {
    const { texts, u32 } = b.takeTails(block, size);
    return texts.read(8, u32[0]!);
  };
  return { takeBack, longText };
}

function disconnected(name: string): SidingError {
  return new SidingError("ERR_SIDING_CLOSED", `Cannot call ${name}: its thread is disconnected`);
}

/** Records and events of calls on this thread. */
interface WordsHere {
  readonly call: Words;
  readonly event: Words;
}

const hereWords: WeakMap<Bridge, WordsHere[]> = new WeakMap();
const HERE_WORDS = 1 << 15;

/* A call inside of a handler that C is calling must leave the words of the outer one alone. */
function wordsHere(b: Bridge, depth = 0): WordsHere {
  const list = hereWords.get(b) ?? [];
  hereWords.set(b, list);
  return list[depth] ??= { call: words(HERE_WORDS), event: words(HERE_WORDS) };
}

/* What arguments are on this thread: C may call back only where it can. */
const checksHere: typeof check = { ...check, pointer: check.pointerHere };

/* Throws what a handler threw; the result goes, and so do the blocks that it took. */
function dropResult(decode: Decode, token: number): never {
  try {
    decode(0, token);
  } finally {
    rethrow();
  }
}

function blocked(low: number, high: number): boolean {
  return (low !== 0 || high !== 0) && reenters(high * 4294967296 + low);
}

const directKinds: ReadonlySet<Kind> = new Set<Kind>(
  ["void", "bool", "i8", "u8", "i16", "u16", "i32", "u32", "f32", "f64", "buffer"],
);

function isDirect(plan: Plan): boolean {
  return plan.errno === "none" && !plan.variadic && plan.tails.length === 0 &&
    directKinds.has(plan.result.kind) &&
    plan.parameters.every(({ type, role }) => role === "value" && directKinds.has(type.kind));
}

/** The generated functions of one C function on one thread, each made when first needed. */
export class Marshal {
  readonly #b: Bridge;
  readonly #plan: Plan;
  readonly #target: Target;
  readonly #path: string | null;
  readonly #factories: Factories;
  readonly #meter: Meter = { skip: 0, backoff: 1 };
  readonly #images: readonly unknown[];
  #call: On<Call> | undefined;
  #post: On<Post> | undefined;
  #decode: Decode | undefined;

  /** `path` is the library as it was opened, for the runtime's own FFI. */
  constructor(b: Bridge, plan: Plan, target: Target, path: string | null) {
    this.#b = b;
    this.#plan = plan;
    this.#target = target;
    this.#path = path;
    this.#factories = factoriesOf(plan);
    this.#images = plan.values.map((parameter, index) =>
      parameter.passing === "image" ? imageMaker(parameter, target.name, index) : null
    );
  }

  /** Reads results of queued calls. */
  get decode(): Decode {
    if (this.#decode === undefined) {
      this.#decode = this.#target.decode ?? this.#decodeEvents();
      this.#decode.label = this.#target.name;
    }
    return this.#decode;
  }

  /** Submits a call and promises its result. */
  call(gate: Gate, context: number): Call {
    this.#call ??= this.#factories.get<On<Call>>(callSource)(this.#encoding());
    return this.#call(gate, context >>> 0, Math.floor(context / 4294967296));
  }

  /** Submits a call for a ticket. */
  post(gate: Gate, context: number): Post {
    this.#post ??= this.#factories.get<On<Post>>(postSource)(this.#encoding());
    return this.#post(gate, context >>> 0, Math.floor(context / 4294967296));
  }

  /** Runs a call on this thread: through the runtime's own FFI where that is exact. */
  sync(gate: Gate): Call {
    const raw = isDirect(this.#plan) ? this.#raw() : null;
    if (raw === null) return this.#here(gate, 0, []);
    const environment = this.#environment(this.#b.staging, { raw, ...this.#calledBack() });
    return this.#factories.get<On<Call>>(directSource)(environment)(gate, 0, 0);
  }

  /* The function for calls inside of as many handlers; `all` has those for other depths. */
  #here(gate: Gate, depth: number, all: Call[]): Call {
    const { call, event } = wordsHere(this.#b, depth);
    const decode = this.decodeFrom(event);
    return all[depth] = this.#factories.get<On<Call>>(hereSource)(this.#environment(call, {
      ...this.#numbers(),
      ...blockHelpers(this.#b),
      ...this.#calledBack(),
      c: checksHere,
      checkStatus,
      callHere: this.#b.native.siding_call_here,
      handle: this.#b.handle,
      eventBytes: event.u8,
      action: `call ${this.#target.name}`,
      decode,
      drop: (token: number) => dropResult(decode, token),
      depth,
      deeper: (at: number) => all[at] ?? this.#here(gate, at, all),
    }))(gate, 0, 0);
  }

  /* What C may do to this thread while it is in C. */
  #calledBack(): Record<string, unknown> {
    return { here, rethrow, flush: () => this.#b.callbacks?.answers.flush() };
  }

  /** Writes the record of a bound call, whose bytes and blocks `keep` takes. */
  bind(gate: Gate, keep: Keep): Call {
    const { call } = wordsHere(this.#b);
    return this.#factories.get<On<Call>>(boundSource)(this.#environment(call, {
      ...this.#numbers(),
      keep: (words: number, blocks?: Blocks) => keep(call.u8, words, blocks),
    }))(gate, 0, 0);
  }

  #decodeEvents(): Decode {
    const decode = this.decodeFrom(this.#b.events);
    const { result, cells } = this.#plan;
    const cellWords = cells.map(({ type }) => wordsFor(type.size));
    decode.blockWord = cellWords.reduce((sum, words) => sum + words, wordsFor(result.size));
    return decode;
  }

  #raw(): Call | null {
    const { name, address } = this.#target;
    return runtime.direct({
      path: this.#path,
      symbol: name,
      address,
      parameters: this.#plan.values.map(({ type }) => type.kind as DirectType),
      result: this.#plan.result.kind as DirectType,
    });
  }

  /** Reads results among `events`. */
  decodeFrom(events: Words): Decode {
    const environment = this.#environment(events, blockHelpers(this.#b));
    return this.#factories.get<Decode>(decodeSource)(environment);
  }

  #encoding(): Environment {
    return this.#environment(this.#b.staging, {
      ...this.#numbers(),
      ...waiting(this.#b),
      free: this.#b.free,
      meter: this.#meter,
      decode: this.decode,
      reentry,
      blocked,
      reentrantError,
    });
  }

  #numbers(): Record<string, unknown> {
    const { address, signature } = this.#target;
    const [functionLow, functionHigh] = splitAddress(address);
    return { functionLow, functionHigh, signature };
  }

  #environment(views: Words, more: Record<string, unknown>): Environment {
    const { name } = this.#target;
    const refusal = (gate: Gate): Error => this.#b.closed ? disconnected(name) : gate.error(name);
    const shared = { b: this.#b, c: check, name, refusal, words: views, Blocks, Tails };
    const strings = { putText, putText16, textRoom, textRoom16 };
    return { ...views, ...shared, ...strings, images: this.#images, ...more } as Environment;
  }
}
