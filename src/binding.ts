/**
 * What stands behind bound calls: their records in native memory, and how these are run.
 *
 * @module
 */
import type { Bridge, Decode, Settle } from "./bridge.ts";
import type { ChainParts } from "./chain.ts";
import { checkStatus, SidingError } from "./errors.ts";
import type { Origins } from "./function.ts";
import { callFlags } from "./generate.ts";
import { callBound, callWords } from "./generated/siding.ts";
import { type Given, givenTo, pairsOf } from "./holes.ts";
import { type Gate, type Keep, Marshal } from "./marshal.ts";
import { runtime } from "./runtime/current.ts";
import { type Words, words } from "./words.ts";

/** What stands behind a bound call. */
export interface Binding {
  readonly b: Bridge;
  readonly name: string;
  readonly gate: Gate;
  readonly handle: number;
  /** Whether its owner has given it up. */
  closed: boolean;
  /** Its owner, and those who use it. */
  holders: number;
  readonly signature: number;
  /** Of a record; a run's own says nothing beyond its header. */
  readonly words: number;
  readonly flags: number;
  readonly decode: Decode;
  /** Where it runs unless told otherwise: a context's handle, or 0. */
  readonly context: number;
  readonly origins: Origins;
  /** What it was bound to, and what it leaves open. */
  readonly given: Given;
  /** Of a chain: makes its rounds. */
  readonly chain: ChainParts | undefined;
}

/** Where a bound call runs, and how. */
export interface Run {
  /** A context's or a repetition's handle, or 0. */
  readonly context: number;
  readonly flags?: number;
  readonly timeoutMs?: number;
  readonly decode?: Decode;
  /** What may ask for its end. */
  readonly owner?: object;
}

/** Submits one run; the caller has seen to it that a token is free. */
export function submitBound(binding: Binding, run: Run, settle: Settle | undefined): number {
  const { b, words } = binding;
  b.room(words);
  const token = b.free[--b.top]!;
  const { u32 } = b.staging;
  const p = b.at * 2;
  u32[p] = token;
  u32[p + 1] = binding.signature;
  u32[p + 2] = words | (binding.flags | callBound | (run.flags ?? 0)) << 16;
  u32[p + 3] = run.timeoutMs ?? 0;
  u32[p + 4] = binding.handle >>> 0;
  u32[p + 5] = Math.floor(binding.handle / 4294967296);
  u32[p + 6] = run.context >>> 0;
  u32[p + 7] = Math.floor(run.context / 4294967296);
  b.send(token, words, run.decode ?? binding.decode, settle, run.owner);
  return token;
}

/** Whether a call has to wait for a token. */
export function isFull(b: Bridge): boolean {
  return !b.admitting && b.isFull();
}

/** The error of what comes after its end. */
export function closedError(name: string): SidingError {
  return new SidingError("ERR_SIDING_CLOSED", `Cannot run ${name}: the bound call is closed`);
}

/** Keeps it usable beyond its end, until `dropBinding` was called once more. */
export function holdBinding(binding: Binding): void {
  binding.holders++;
}

/** Gives it up; the last one to do so frees it. Runs that were asked for still happen. */
export function dropBinding(binding: Binding): void {
  if (--binding.holders > 0) return;
  binding.b.flush(); // which may have runs of it
  binding.b.native.siding_bound_release(runtime.wide(binding.handle));
}

const bindings: WeakMap<object, Binding> = new WeakMap();

/** Notes what stands behind an object. */
export function setBinding(bound: object, binding: Binding): void {
  bindings.set(bound, binding);
}

/** What stands behind a bound call; `undefined` for anything else. Throws where it was closed. */
export function bindingOf(bound: unknown): Binding | undefined {
  const isObject = typeof bound === "object" && bound !== null;
  const binding = isObject ? bindings.get(bound) : undefined;
  if (binding?.closed) throw closedError(binding.name);
  return binding;
}

/** The same for what has no caller to fill what is open: throws where something is. */
export function wholeBindingOf(bound: unknown, action: string): Binding | undefined {
  const binding = bindingOf(bound);
  if (binding === undefined || binding.given.holes.length === 0) return binding;
  const state = "it has arguments left open, and nobody to give them";
  throw new TypeError(`Cannot ${action} ${binding.name}: ${state}`);
}

const out: Words = words(1);

/* The record's bytes and what it points to go into native memory. */
function keepRecord(b: Bridge, holes: Uint8Array): Keep {
  return (record, count, blocks) => {
    const { native, handle } = b;
    const pairs = holes.length / 2;
    const made = native.siding_bound_create(handle, record, count, holes, pairs, out.u8);
    if (made < 0) blocks?.drop();
    checkStatus(made, "bind a call");
    blocks?.give(runtime.wide(Number(out.u64[0])));
    return Number(out.u64[0]);
  };
}

function bindPlan({ entry, place, marshal }: Origins, given: Given): number {
  const { bridge: b, gate } = place;
  const { holes, fixed, args } = given;
  const own = holes.length === 0 ? marshal : new Marshal(b, fixed, entry, null);
  return own.bind(gate, keepRecord(b, pairsOf(holes)))(...args) as number;
}

/** Binds a function to its arguments. */
export function bindTo(
  origins: Origins,
  args: readonly unknown[],
  chain?: ChainParts,
): Binding {
  const { entry, place, marshal } = origins;
  const { bridge: b, gate, context } = place;
  const { name, signature, plan } = entry;
  const given = givenTo(plan, args, name);
  const handle = bindPlan(origins, given);
  const flags = callFlags(plan);
  const count = callWords + plan.words;
  const { decode } = marshal;
  const lifetime = { handle, closed: false, holders: 1 };
  return {
    b,
    name,
    gate,
    signature,
    words: count,
    flags,
    decode,
    context,
    origins,
    given,
    chain,
    ...lifetime,
  };
}

/** Binds a chain to a number of rounds. */
export function bindChain(chain: ChainParts, max: unknown): Binding {
  chain.checkMax(max);
  return bindTo(chain.origins, [max, ...chain.values], chain);
}
