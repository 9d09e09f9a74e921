/**
 * Opening libraries.
 *
 * @module
 */
import { type Bridge, bridge } from "./bridge.ts";
import type { Arguments, Library, LibraryFunction, LibraryPath, Result } from "./convert.ts";
import { SidingError } from "./errors.ts";
import {
  contextFunction,
  contextShape,
  entryOf,
  type FunctionEntry,
  functionOf,
  lazy,
  marshalOf,
  type Place,
  variableOf,
} from "./function.ts";
import { libraryGlobal } from "./generated/siding.ts";
import { planField } from "./layout.ts";
import { addressOf, type Opened, openFirst, show, showAll } from "./mapping.ts";
import type { Gate, Marshal } from "./marshal.ts";
import { planFunction } from "./plan.ts";
import type { Resolve } from "./tails.ts";
import type { Definitions, FunctionDefinition, Pointer, VariableDefinition } from "./types.ts";

/** What a symbol became: a function, a variable, or `null`. */
type Found =
  | { readonly entry: FunctionEntry; readonly marshal: () => Marshal }
  | { readonly value: unknown };

/** What stands behind a library object. */
export interface LibraryState {
  readonly bridge: Bridge;
  /** Finds the symbols, each once. */
  readonly symbols: ReadonlyMap<string, () => Found>;
  /** Its own gate, and those of its use on contexts. */
  readonly gates: globalThis.Set<Gate>;
  /** What the objects of its use on contexts have in common. */
  readonly contextPrototype: () => object;
  closing: Promise<void> | undefined;
}

const states: WeakMap<object, LibraryState> = new WeakMap();

/** The state of a library object; throws for anything else. */
export function stateOf(library: object): LibraryState {
  const state = states.get(library);
  if (state === undefined) throw new TypeError("Cannot use this object: it is no opened library");
  return state;
}

/** A gate that refuses calls once the library is closed. */
function libraryGate(): Gate {
  return {
    closed: false,
    error: (name) =>
      new SidingError("ERR_SIDING_CLOSED", `Cannot call ${name}: its library is closed`),
  };
}

const addressGates: WeakMap<Bridge, Gate> = new WeakMap();

/** The gate of all functions made from addresses: only their connection can end them. */
function addressGate(b: Bridge): Gate {
  let gate = addressGates.get(b);
  if (gate === undefined) {
    gate = libraryGate();
    addressGates.set(b, gate);
    b.gates.add(gate);
  }
  return gate;
}

type AnyDefinition = FunctionDefinition | VariableDefinition;

function missingSymbol(name: string, { path }: Opened): SidingError {
  const message = `Cannot open ${show(path)}: it has no symbol "${name}"`;
  return new SidingError("ERR_SIDING_SYMBOL_NOT_FOUND", message);
}

/** Runs `plan`, and names the library where a definition is wrong. */
function namingLibrary<T>(library: string, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TypeError(`${error.message} (library ${library})`, { cause: error });
  }
}

function findSymbol(b: Bridge, opened: Opened, key: string, definition: AnyDefinition): Found {
  const symbol = definition.name ?? key;
  const address = addressOf(b, opened, symbol);
  if (address === undefined && definition.optional !== true) throw missingSymbol(symbol, opened);
  const resolve: Resolve = (name) => addressOf(b, opened, name);
  if ("type" in definition) {
    return { value: address === undefined ? null : variableOf(key, definition.type, address) };
  }
  if (address === undefined) {
    planFunction(definition, key, resolve); // a wrong definition is wrong without the symbol too
    return { value: null };
  }
  const path = symbol === key ? opened.path : null;
  const entry = entryOf(key, definition, { address, path, resolve });
  return { entry, marshal: once(() => marshalOf(entry, b)) };
}

function demandDefinition(key: string, definition: unknown): void {
  if (typeof definition === "object" && definition !== null) return;
  throw new TypeError(`Cannot define "${key}": ${String(definition)} is no definition`);
}

/* What can be said of a definition without its library: functions that free are taken for there. */
function checkDefinition(key: string, definition: AnyDefinition): void {
  if ("type" in definition) planField(definition.type, key, "type");
  else planFunction(definition, key, () => 1);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The symbols of a library, which is opened when the first of them is looked for. */
function symbolsOf(
  b: Bridge,
  path: LibraryPath,
  definitions: Definitions,
  global: boolean,
): { readonly load: () => Opened; readonly symbols: ReadonlyMap<string, () => Found> } {
  const load = once(() => openFirst(b, path, global ? libraryGlobal : 0));
  const names = showAll(path);
  const symbols = new Map<string, () => Found>();
  for (const [key, definition] of Object.entries(definitions)) {
    namingLibrary(names, () => demandDefinition(key, definition));
    symbols.set(
      key,
      once(() => namingLibrary(names, () => findSymbol(b, load(), key, definition))),
    );
  }
  return { load, symbols };
}

type Symbols = LibraryState["symbols"];

const PLACE = Symbol("place");
const SYMBOLS = Symbol("symbols");

/** What stands behind a library object, its use on a context included. */
interface LibraryObject {
  readonly [PLACE]: Place;
  readonly [SYMBOLS]: Symbols;
}

/** Where the functions of a library object run, its use on a context included. */
export function placeOf(library: object): Place {
  const place = (library as Partial<LibraryObject>)[PLACE];
  if (place === undefined) throw new TypeError("Cannot use this object: it is no opened library");
  return place;
}

/** The functions of a library object by their key. */
export function entriesOf(library: object): (key: string) => FunctionEntry | undefined {
  const symbols = (library as LibraryObject)[SYMBOLS];
  return (key) => {
    const found = symbols.get(key)?.();
    return found !== undefined && "entry" in found ? found.entry : undefined;
  };
}

/** The object of a library, with a property for each symbol; functions are made when first read. */
function libraryObject(symbols: Symbols, place: Place): object {
  const object = {};
  Object.defineProperty(object, PLACE, { value: place });
  Object.defineProperty(object, SYMBOLS, { value: symbols });
  for (const [key, find] of symbols) {
    lazy(object, key, () => {
      const found = find();
      return "entry" in found ? functionOf(found.entry, place, found.marshal()) : found.value;
    });
  }
  return object;
}

/* What one symbol is on each context: a function of its own, or the same variable. */
function contextGetter(key: string, find: () => Found): PropertyDescriptor {
  const shape = once(() => {
    const found = find();
    return "entry" in found ? contextShape(found.entry, found.marshal()) : found;
  });
  return {
    enumerable: true,
    get(this: LibraryObject): unknown {
      const made = shape();
      const value = "prototype" in made ? contextFunction(made, this[PLACE]) : made.value;
      Object.defineProperty(this, key, { value, enumerable: true });
      return value;
    },
  };
}

function contextPrototype(symbols: Symbols): object {
  const prototype = Object.defineProperty({}, SYMBOLS, { value: symbols });
  for (const [key, find] of symbols) {
    Object.defineProperty(prototype, key, contextGetter(key, find));
  }
  return prototype;
}

/** The symbols of a library on a context. */
export function contextObject(state: LibraryState, gate: Gate, context: number): object {
  const object = Object.create(state.contextPrototype());
  object[PLACE] = { bridge: state.bridge, gate, context } satisfies Place;
  return object;
}

/**
 * Options of {@linkcode open}.
 *
 * @category Libraries
 */
export interface OpenOptions {
  /**
   * Where `true`, the library is loaded when one of its symbols is first used; what is missing
   * fails then.
   */
  readonly lazy?: boolean;
  /**
   * Where `true`, libraries that are loaded later find its symbols, as plug-ins need it.
   * Without effect on Windows, whose loader has no such thing.
   */
  readonly global?: boolean;
}

/**
 * Opens a library and gives its symbols as functions and variables.
 *
 * Throws `TypeError` for a wrong definition, naming the function, the parameter and the reason;
 * `SidingError` with `ERR_SIDING_LIBRARY_NOT_FOUND`, `ERR_SIDING_SYMBOL_NOT_FOUND` (unless
 * `optional`), `ERR_SIDING_PERMISSION` with the flag to add, or `ERR_SIDING_NATIVE` when libsiding
 * itself cannot be loaded. A wrong signature or a wrong pointer cannot be noticed and may crash.
 *
 * @example
 * ```ts
 * import { open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   getpid: { parameters: [], result: "i32" },
 *   usleep: { parameters: ["u32"], result: "i32" },
 * });
 * await libc.usleep(1000); // on a native thread; this one stays free
 * console.log(libc.getpid.sync());
 * ```
 *
 * @category Libraries
 */
export function open<const D extends Definitions>(
  path: LibraryPath,
  definitions: D,
  options: OpenOptions = {},
): Library<D> {
  if (typeof definitions !== "object" || definitions === null) {
    throw new TypeError("Cannot open a library: its definitions are no object");
  }
  const b = bridge();
  const { load, symbols } = symbolsOf(b, path, definitions, options.global === true);
  if (options.lazy === true) {
    const names = showAll(path);
    for (const [key, definition] of Object.entries(definitions)) {
      namingLibrary(names, () => checkDefinition(key, definition));
    }
  } else {
    load();
    for (const find of symbols.values()) find();
  }
  const gate = libraryGate();
  b.gates.add(gate);
  const state: LibraryState = {
    bridge: b,
    symbols,
    gates: new Set([gate]),
    contextPrototype: once(() => contextPrototype(symbols)),
    closing: undefined,
  };
  const library = libraryObject(symbols, { bridge: b, gate, context: 0 });
  states.set(library, state);
  Object.defineProperty(library, Symbol.asyncDispose, { value: () => close(library) });
  return library as Library<D>;
}

/**
 * Closes a library: calls already made finish first, later ones fail with `ERR_SIDING_CLOSED`.
 *
 * Idempotent. The library stays mapped, so that no thread loses its code.
 *
 * @example
 * ```ts
 * import { close, open } from "@siding/ffi";
 *
 * const libm = open({ linux: "libm.so.6", darwin: "libSystem.dylib" }, {
 *   cos: { parameters: ["f64"], result: "f64" },
 * });
 * console.log(await libm.cos(0));
 * await close(libm);
 * ```
 *
 * @category Libraries
 */
export function close(library: object): Promise<void> {
  const state = stateOf(library);
  state.closing ??= new Promise((resolve) => {
    const b = state.bridge;
    for (const gate of state.gates) {
      gate.closed = true;
      b.gates.delete(gate);
    }
    const waitForCalls = (): void => b.settling.settled(state.gates, resolve);
    if (b.closed) resolve();
    else if (b.queued > 0) b.wait(waitForCalls);
    else waitForCalls();
  });
  return state.closing;
}

/**
 * Makes a function from an address, such as a member of a vtable.
 *
 * The address is trusted: calling a wrong one crashes. Throws as {@linkcode open}.
 *
 * @example
 * ```ts
 * import { fn, open } from "@siding/ffi";
 *
 * const libc = open({ linux: "libc.so.6", darwin: "libSystem.dylib" }, {
 *   labs: { parameters: ["i64"], result: "i64" },
 * });
 * const labs = fn(libc.labs.pointer, { parameters: ["i64"], result: "i64" });
 * console.log(await labs(-5));
 * ```
 *
 * @category Libraries
 */
export function fn<const D extends FunctionDefinition>(
  pointer: Pointer,
  definition: D,
): LibraryFunction<Arguments<D["parameters"]>, Result<D>> {
  if (typeof pointer !== "number" || !Number.isSafeInteger(pointer) || pointer === 0) {
    throw new TypeError(`Cannot make a function from ${String(pointer)}: it is no address`);
  }
  const name = definition.name ?? `0x${pointer.toString(16)}`;
  const entry = entryOf(name, definition, { address: pointer, path: null });
  const b = bridge();
  const place = { bridge: b, gate: addressGate(b), context: 0 };
  return functionOf(entry, place, marshalOf(entry, b)) as never;
}
