/**
 * C functions and variables as JavaScript objects.
 *
 * @module
 */
import { noHolder, readAt, writeAt } from "./access.ts";
import { type Bridge, bridge } from "./bridge.ts";
import { makeCodec } from "./codec.ts";
import { checkStatus } from "./errors.ts";
import type { InvokeOptions, NativeVariable } from "./convert.ts";
import type { Decode } from "./bridge.ts";
import { checkOptions, invoker } from "./invoke.ts";
import { type Gate, Marshal, type Target, type Ticket } from "./marshal.ts";
import { type Plan, planFunction } from "./plan.ts";
import { noteFunction } from "./trace.ts";
import type { Resolve } from "./tails.ts";
import type { FieldType, FunctionDefinition, Pointer } from "./types.ts";

/** One C function: where it is and how it is called. */
export interface FunctionEntry {
  readonly name: string;
  readonly definition: FunctionDefinition;
  readonly plan: Plan;
  readonly address: number;
  readonly signature: number;
  /** The library as it was opened, or `null`. */
  readonly path: string | null;
}

/** Where a function is. */
export interface Origin {
  readonly address: number;
  /** The library as it was opened, or `null`. */
  readonly path: string | null;
  /** Finds functions of its library; without it there is none. */
  readonly resolve?: Resolve;
}

/** Plans a function and prepares its signature; throws what is wrong with the definition. */
export function entryOf(
  name: string,
  definition: unknown,
  { address, path, resolve }: Origin,
): FunctionEntry {
  const plan = planFunction(definition, name, resolve);
  const { native } = bridge();
  const prepared = native.siding_signature_prepare(plan.descriptor, plan.descriptor.length);
  const signature = checkStatus(prepared, `prepare the signature of ${name}`);
  noteFunction(address, name);
  return { name, definition: definition as FunctionDefinition, plan, address, signature, path };
}

type AnyFunction = (...args: unknown[]) => unknown;
type Post = (ticket: Ticket, ...args: unknown[]) => void;

const FORGET: Ticket = { token: -1, done: false, flags: 0, timeoutMs: 0, settle: undefined };

/** Defines a property that is computed when first read. */
export function lazy(target: object, key: string, compute: () => unknown): void {
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: true,
    get(): unknown {
      const value = compute();
      Object.defineProperty(target, key, { value, enumerable: true });
      return value;
    },
  });
}

/** Where a function runs, and when it no longer does. */
export interface Place {
  /** The connection it was made on; where that is closed, so is the function. */
  readonly bridge: Bridge;
  readonly gate: Gate;
  /** Context handle, or 0: any thread. */
  readonly context: number;
  /** Learns which decoder belongs to the function. */
  readonly onDecode?: (decode: Decode) => unknown;
  /** Reads results, in place of what the plan says. */
  readonly decode?: Decode;
}

/** What a function object was made of. */
export interface Origins {
  readonly entry: FunctionEntry;
  readonly place: Place;
  readonly marshal: Marshal;
}

const ORIGINS = Symbol("origins");

/** What a function object was made of; `undefined` for anything else. */
export function originsOf(fn: unknown): Origins | undefined {
  return typeof fn === "function" ? (fn as { [ORIGINS]?: Origins })[ORIGINS] : undefined;
}

/** Makes the function object of an entry; `sync` only without a context. */
export function functionOf(entry: FunctionEntry, place: Place): AnyFunction {
  const { bridge: b, gate, context, onDecode, decode } = place;
  const target: Target = { ...entry, context, gate, decode };
  const marshal = new Marshal(b, entry.plan, target, entry.path);
  const call = marshal.call() as AnyFunction;
  onDecode?.(marshal.decode);
  let made: Post | undefined;
  const post = (): Post => made ??= marshal.post();
  Object.defineProperty(call, "name", { value: entry.name });
  Object.defineProperty(call, ORIGINS, { value: { entry, place, marshal } satisfies Origins });
  Object.assign(call, {
    pointer: entry.address as Pointer,
    with: (options: InvokeOptions) => {
      checkOptions(options);
      return invoker({ b, name: entry.name, context }, post(), options);
    },
  });
  lazy(call, "send", () => {
    const submit = post();
    return (...args: unknown[]): void => submit(FORGET, ...args);
  });
  if (context === 0) lazy(call, "sync", () => marshal.sync());
  return call;
}

/** Makes the variable object of a symbol. */
export function variableOf(
  name: string,
  type: unknown,
  address: number,
): NativeVariable<FieldType> {
  const codec = makeCodec(type, name, "type");
  const own = noHolder(name);
  return {
    pointer: address as Pointer,
    get: () => readAt(codec, address) as never,
    set: (value) => writeAt(codec, address, value, own),
  };
}
