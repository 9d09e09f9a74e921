/**
 * From the definition of a callback to a plan: where its arguments lie in an event, what is copied
 * of what they point to, and what its result becomes.
 *
 * @module
 */
import { notVariadic, parametersMax, types } from "./generated/siding.ts";
import { describe, fault, isRecord, type TypePlan, voidPlan, wordsFor } from "./layout.ts";
import { freeInside, planShape, type Shape } from "./shape.ts";
import { type Output, type TailKind, TailPlanner } from "./tails.ts";

/** A callback's plan. */
export interface CallbackPlan {
  /** Where each argument is: words behind the first argument word. */
  readonly places: readonly number[];
  /** What each argument is made of. */
  readonly outputs: readonly Output[];
  /** What is copied when C calls. */
  readonly tails: readonly TailKind[];
  readonly result: TypePlan;
  /** Argument words. */
  readonly words: number;
  readonly descriptor: Uint8Array;
  /** Equal for plans whose calls look alike in JavaScript and in memory. */
  readonly key: string;
}

/** Words of the arguments of one call that libsiding takes. */
const WORDS_MAX = 2048;

function isArray(type: unknown): boolean {
  return isRecord(type) && "array" in type;
}

function planParameter(type: unknown, name: string, where: string): Shape {
  if (isArray(type)) {
    throw fault(name, where, "is an array, which C passes by address: use { copy }");
  }
  const shape = planShape(type, name, where);
  const free = freeInside(shape);
  if (free !== undefined) {
    throw fault(name, where, `is freed by ${describe(free)}, but C keeps what it calls with`);
  }
  if (shape.type.descriptor.length > 0) return shape;
  throw fault(name, where, `has ${shape.type.size} bytes, too many by value: use a pointer`);
}

function planResult(type: unknown, name: string): TypePlan {
  if (type === "void") return voidPlan;
  if (isArray(type)) throw fault(name, "result", "is an array, which C cannot return");
  const shape = planShape(type, name, "result");
  if (shape.kind !== "plain") {
    const remedy = "return a pointer to memory that outlives the call";
    throw fault(name, "result", `is copied memory, which nothing would own: ${remedy}`);
  }
  if (shape.type.descriptor.length > 0) return shape.type;
  throw fault(name, "result", `has ${shape.type.size} bytes, too many by value`);
}

function checkedList(definition: unknown, name: string): readonly unknown[] {
  if (!isRecord(definition) || !Array.isArray(definition["parameters"])) {
    throw fault(name, "definition", "has no list of parameters");
  }
  if (definition["parameters"].length > parametersMax) {
    throw fault(name, "definition", `has more than ${parametersMax} parameters`);
  }
  if (definition["result"] === undefined) throw fault(name, "definition", "has no result");
  return definition["parameters"];
}

/* Places of tails count from the result's words on, which an event of a callback has not. */
function planTails(
  shapes: readonly Shape[],
  places: readonly number[],
  result: TypePlan,
  name: string,
): { planner: TailPlanner; outputs: Output[] } {
  const first = wordsFor(result.size);
  const at = (index: number): number => (first + places[index]!) * 8;
  const planner = new TailPlanner({
    name,
    parameters: shapes.map(({ type }, index) => ({
      type,
      place: { tail: -1, offset: at(index) },
    })),
    result: { type: voidPlan, place: { tail: -1, offset: 0 } }, // C has yet to get it
    resolve: undefined,
  }, 0);
  const outputs = shapes.map((shape, index) =>
    planner.add(shape, { tail: -1, offset: at(index) }, `parameter ${index}`)
  );
  return { planner, outputs };
}

/** Plans the callback `name`; throws a `TypeError` that names it, the place and the reason. */
export function planCallback(definition: unknown, name: string): CallbackPlan {
  const shapes = checkedList(definition, name).map((type, index) =>
    planParameter(type, name, `parameter ${index}`)
  );
  const result = planResult((definition as Readonly<Record<string, unknown>>)["result"], name);
  let words = 0;
  const places = shapes.map(({ type }) => {
    const place = words;
    words += wordsFor(type.size);
    return place;
  });
  if (words > WORDS_MAX) {
    throw fault(name, "definition", `has more than ${WORDS_MAX * 8} bytes of arguments`);
  }
  const { planner, outputs } = planTails(shapes, places, result, name);
  const bytes = [
    notVariadic,
    ...result.descriptor,
    ...shapes.flatMap(({ type }) => type.descriptor),
  ];
  if (planner.kinds.length > 0) bytes.push(types.tails, ...planner.descriptor);
  return {
    places,
    outputs,
    tails: planner.kinds,
    result,
    words,
    descriptor: Uint8Array.from(bytes),
    key: JSON.stringify([places, outputs, planner.kinds, result]),
  };
}
