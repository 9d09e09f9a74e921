/**
 * Shapes: what a value is made of where plain memory is not all of it, but pointers whose targets
 * travel with it.
 *
 * @module
 */
import { describe, fault, isRecord, planField, scalars, type TypePlan } from "./layout.ts";
import type { LengthPart } from "./types.ts";

/** Memory without pointees. */
export interface PlainShape {
  readonly kind: "plain";
  readonly type: TypePlan;
}

/** A pointer to a C string, or to an array of pointers that ends with `NULL`. */
export interface TextShape {
  readonly kind: "text" | "text16" | "texts" | "pointers";
  readonly type: TypePlan;
  /** The function that frees the target. */
  readonly free: string | undefined;
}

/** A pointer to bytes. */
export interface BytesShape {
  readonly kind: "bytes";
  readonly type: TypePlan;
  readonly length: readonly LengthPart[];
  readonly free: string | undefined;
}

/** A pointer to a value of another shape. */
export interface CopyShape {
  readonly kind: "copy";
  readonly type: TypePlan;
  readonly to: Shape;
  readonly free: string | undefined;
}

/** A struct with pointees in it. */
export interface StructShape {
  readonly kind: "struct";
  readonly type: TypePlan;
  readonly fields: readonly { readonly name: string; offset: number; readonly shape: Shape }[];
}

/** An array whose elements have pointees. */
export interface ArrayShape {
  readonly kind: "array";
  readonly type: TypePlan;
  readonly length: number;
  readonly element: Shape;
}

/** Any shape. */
export type Shape = PlainShape | TextShape | BytesShape | CopyShape | StructShape | ArrayShape;

const pointer: TypePlan = scalars["pointer"]!;

type TypeObject = Readonly<Record<string, unknown>>;

/** Whether values of the type have pointees that travel with them. */
function hasPointees(type: unknown): boolean {
  if (type === "cstring" || type === "cstring16") return true;
  if (!isRecord(type)) return false;
  if ("bytes" in type || "copy" in type || "cstring" in type || "list" in type) return true;
  if ("array" in type) return hasPointees(type["array"]);
  const parts = type["struct"] ?? type["union"];
  return isRecord(parts) && Object.values(parts).some(hasPointees);
}

function checkKeys(
  type: TypeObject,
  allowed: readonly string[],
  name: string,
  where: string,
): void {
  const other = Object.keys(type).find((key) => !allowed.includes(key));
  if (other === undefined) return;
  throw fault(name, where, `has the unknown type ${describe(type)}: ${describe(other)} is unknown`);
}

function freeOf(type: TypeObject, name: string, where: string): string | undefined {
  const free = type["free"];
  if (free === undefined || (typeof free === "string" && free !== "")) return free;
  throw fault(name, where, `has the free function ${describe(free)}, which is no name of a symbol`);
}

function bytesShape(type: TypeObject, name: string, where: string): BytesShape {
  checkKeys(type, ["bytes", "free"], name, where);
  const parts = Array.isArray(type["bytes"]) ? type["bytes"] : [type["bytes"]];
  if (parts.length < 1 || parts.length > 4) {
    throw fault(name, where, `has a length of ${parts.length} factors: give one to four`);
  }
  const free = freeOf(type, name, where);
  return { kind: "bytes", type: pointer, length: parts as LengthPart[], free };
}

function listShape({ list }: TypeObject, name: string, where: string): TextShape {
  if (list === "cstring") return { kind: "texts", type: pointer, free: undefined };
  const isPointer = list === "pointer" || (isRecord(list) && typeof list["pointer"] === "string");
  if (isPointer) return { kind: "pointers", type: pointer, free: undefined };
  throw fault(name, where, `is a list of ${describe(list)}: only "cstring" and pointers can be`);
}

function ownedShape(type: TypeObject, name: string, where: string): TextShape {
  checkKeys(type, ["cstring", "free"], name, where);
  const free = freeOf(type, name, where);
  if (type["cstring"] === "owned" && free !== undefined) {
    return { kind: "text", type: pointer, free };
  }
  throw fault(name, where, `is ${describe(type)}: write { cstring: "owned", free: "…" }`);
}

function pointerShape(type: TypeObject, name: string, where: string): Shape | undefined {
  if ("bytes" in type) return bytesShape(type, name, where);
  if ("cstring" in type) return ownedShape(type, name, where);
  if ("list" in type) {
    checkKeys(type, ["list"], name, where);
    return listShape(type, name, where);
  }
  if (!("copy" in type)) return undefined;
  checkKeys(type, ["copy", "free"], name, where);
  const to = planShape(type["copy"], name, where);
  return { kind: "copy", type: pointer, to, free: freeOf(type, name, where) };
}

function partsShape(type: TypeObject, plan: TypePlan, name: string, where: string): Shape {
  if ("union" in type) {
    const remedy = "C does not tell which alternative holds; declare a pointer there";
    throw fault(name, where, `has strings or bytes to copy inside a union: ${remedy}`);
  }
  if ("array" in type) {
    const element = planShape(type["array"], name, where);
    return { kind: "array", type: plan, length: Number(type["length"]), element };
  }
  const types = type["struct"] as TypeObject;
  const fields = plan.fields.map(({ name: field, offset }) => ({
    name: field,
    offset,
    shape: planShape(types[field], name, `${where}.${field}`),
  }));
  return { kind: "struct", type: plan, fields };
}

/** The shape of a type; throws for one that cannot be. */
export function planShape(type: unknown, name: string, where: string): Shape {
  if (type === "cstring") return { kind: "text", type: pointer, free: undefined };
  if (type === "cstring16") return { kind: "text16", type: pointer, free: undefined };
  const shape = isRecord(type) ? pointerShape(type, name, where) : undefined;
  if (shape !== undefined) return shape;
  const plan = planField(type, name, where);
  if (isRecord(type) && hasPointees(type)) return partsShape(type, plan, name, where);
  return { kind: "plain", type: plan };
}

/** A function that frees something inside of a shape, if there is one. */
export function freeInside(shape: Shape): string | undefined {
  switch (shape.kind) {
    case "plain":
      return undefined;
    case "struct":
      return shape.fields.map((field) => freeInside(field.shape)).find((free) => free);
    case "array":
      return freeInside(shape.element);
    case "copy":
      return shape.free ?? freeInside(shape.to);
    default:
      return shape.free;
  }
}
