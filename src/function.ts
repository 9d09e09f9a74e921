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
import { type Gate, Marshal, type Ticket } from "./marshal.ts";
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

function withOptions({ entry, place, marshal }: Origins): (options: InvokeOptions) => AnyFunction {
  const { bridge: b, gate, context } = place;
  return (options) => {
    checkOptions(options);
    return invoker({ b, name: entry.name, context }, marshal.post(gate, context), options);
  };
}

function sender({ place: { gate, context }, marshal }: Origins): (...args: unknown[]) => void {
  const submit = marshal.post(gate, context);
  return (...args) => submit(FORGET, ...args);
}

/** The generated functions of an entry; `decode` reads results in place of what the plan says. */
export function marshalOf(entry: FunctionEntry, b: Bridge, decode?: Decode): Marshal {
  return new Marshal(b, entry.plan, { ...entry, decode }, entry.path);
}

/** Makes the function object of an entry on any thread. */
export function functionOf(entry: FunctionEntry, place: Place, marshal: Marshal): AnyFunction {
  const { gate } = place;
  const call = marshal.call(gate, 0) as AnyFunction;
  const origins: Origins = { entry, place, marshal };
  Object.defineProperty(call, "name", { value: entry.name });
  Object.defineProperty(call, ORIGINS, { value: origins });
  Object.assign(call, { pointer: entry.address as Pointer, with: withOptions(origins) });
  lazy(call, "send", () => sender(origins));
  lazy(call, "sync", () => marshal.sync(gate));
  return call;
}

/** What the functions of one entry on contexts have in common. */
export interface ContextShape {
  readonly entry: FunctionEntry;
  readonly marshal: Marshal;
  readonly prototype: object;
}

type ContextFunction = AnyFunction & { [ORIGINS]: Origins };

/**
 * What the functions of an entry on contexts have in common. Contexts come and go by the thousand,
 * so that a function on one of them is made of as little as possible.
 */
export function contextShape(entry: FunctionEntry, marshal: Marshal): ContextShape {
  const prototype = Object.create(Function.prototype, {
    pointer: { value: entry.address as Pointer, enumerable: true },
    with: {
      enumerable: true,
      get(this: ContextFunction): unknown {
        return withOptions(this[ORIGINS]);
      },
    },
    send: {
      enumerable: true,
      get(this: ContextFunction): unknown {
        const value = sender(this[ORIGINS]);
        Object.defineProperty(this, "send", { value, enumerable: true });
        return value;
      },
    },
  });
  return { entry, marshal, prototype };
}

/** Makes a function object on a context. */
export function contextFunction(shape: ContextShape, place: Place): AnyFunction {
  const { entry, marshal, prototype } = shape;
  const call = marshal.call(place.gate, place.context) as ContextFunction;
  Object.setPrototypeOf(call, prototype);
  call[ORIGINS] = { entry, place, marshal };
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
