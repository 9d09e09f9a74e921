/**
 * Compiled readers and writers of types in memory.
 *
 * @module
 */
import * as check from "./check.ts";
import { checkSource, readField, storeField } from "./field.ts";
import { fault, planField, type TypePlan } from "./layout.ts";

/** Takes what written pointers point to; gives its address. */
export interface Holder {
  /** Throws where it is gone: the getters of a value may have freed the memory it is written to. */
  demandOpen(): void;
  /** A UTF-8 text. */
  text(value: string): number;
  /** A UTF-16 text. */
  text16(value: string): number;
  /** Bytes. */
  bytes(value: Uint8Array): number;
}

/** Bytes and a view of them. */
export interface Views {
  readonly u8: Uint8Array;
  readonly view: DataView;
}

type Read = (view: DataView, at: number, whole: Views) => unknown;
type Write = (
  u8: Uint8Array,
  view: DataView,
  at: number,
  value: unknown,
  own: Holder,
) => void;

/** Reads and writes values of one type. */
export interface Codec {
  readonly plan: TypePlan;
  readonly size: number;
  /** Reads the value at byte `at`; what it points to is copied now. */
  readonly read: Read;
  /** Checks all of a value, then writes it. */
  readonly write: Write;
}

type Factory = (c: typeof check, name: string) => Pick<Codec, "read" | "write">;

function compile(plan: TypePlan): Factory {
  const value = readField(plan, "at");
  const u8 = /\bu8\b/.test(value) ? "const u8 = whole.u8; " : "";
  const source = `"use strict"; return {
    read: (view, at, whole) => { ${u8}return ${value}; },
    write: (u8, view, at, value, own) => {
      ${checkSource(plan, "value", "value")}
      own.demandOpen();
      ${storeField(plan, "at", "value")}
    },
  };`;
  return new Function("c", "name", source) as Factory;
}

const FACTORIES_MAX = 4096;
const factories: Map<string, Factory> = new Map();

/* Types that are written alike share their code. */
function factoryOf(plan: TypePlan): Factory {
  const key = JSON.stringify(plan);
  let factory = factories.get(key);
  if (factory === undefined) {
    if (factories.size >= FACTORIES_MAX) factories.delete(factories.keys().next().value!);
    factory = compile(plan);
    factories.set(key, factory);
  }
  return factory;
}

/* Of what a pointer points to, memory alone tells less than a call. */
function demandKnown(plan: TypePlan, name: string, where: string): void {
  for (const { from } of plan.lengths ?? []) {
    if (from === "parameter" || from === "result") {
      throw fault(name, where, `has a length that only a call knows: give a field or { constant }`);
    }
  }
  if (plan.free !== undefined) {
    throw fault(name, where, "has a free function, which only a call uses: free it yourself");
  }
  for (const field of plan.fields) demandKnown(field.type, name, `${where}.${field.name}`);
  if (plan.element !== undefined) demandKnown(plan.element, name, `${where}[]`);
}

/** Makes the codec of a type; `name` and `where` stand for it in errors. */
export function makeCodec(type: unknown, name: string, where: string): Codec {
  const plan = planField(type, name, where);
  demandKnown(plan, name, where);
  const { read, write } = factoryOf(plan)(check, name);
  return { plan, size: plan.size, read, write };
}

const byName: Map<string, Codec> = new Map();
const byObject: WeakMap<object, Codec> = new WeakMap();
let lastType: unknown;
let lastCodec: Codec | undefined;

function findCodec(type: unknown): Codec {
  const isObject = typeof type === "object" && type !== null;
  const known = isObject ? byObject.get(type) : byName.get(type as string);
  const codec = known ?? makeCodec(type, "memory", "type");
  if (known === undefined && isObject) byObject.set(type, codec);
  else if (known === undefined) byName.set(type as string, codec);
  lastType = type;
  lastCodec = codec;
  return codec;
}

/** The codec of a type, made once; types are taken to be constant. */
export function codecOf(type: unknown): Codec {
  return type === lastType && lastCodec !== undefined ? lastCodec : findCodec(type);
}
