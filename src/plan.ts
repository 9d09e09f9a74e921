/**
 * From a definition to a plan: what each parameter is, where it lies in a record, and the signature
 * descriptor that libsiding prepares.
 *
 * @module
 */
import { notVariadic, parametersMax, types } from "./generated/siding.ts";
import {
  describe,
  fault,
  isRecord,
  onlyKey,
  planOf,
  planPlain as planField,
  type TypePlan,
  voidPlan,
  wordsFor,
} from "./layout.ts";

/** A parameter. */
export interface ParameterPlan {
  readonly type: TypePlan;
  /** `value`: an argument; `cell`: filled by C, no argument. */
  readonly role: "value" | "cell";
  /** Whether a buffer is copied in before the call, and out after it. */
  readonly copyIn: boolean;
  readonly copyOut: boolean;
  /** First word, counted from the first argument word. */
  readonly word: number;
}

/** A function's plan. */
export interface Plan {
  readonly parameters: readonly ParameterPlan[];
  /** The parameters that are arguments. */
  readonly values: readonly ParameterPlan[];
  /** The parameters that are cells. */
  readonly cells: readonly ParameterPlan[];
  readonly result: TypePlan;
  readonly errno: "none" | "report" | "throw";
  readonly variadic: boolean;
  /** Argument words. */
  readonly words: number;
  readonly descriptor: Uint8Array;
  /** Equal for plans whose calls look alike in JavaScript and in memory. */
  readonly key: string;
}

const textPlan = planOf("text", types.text, 8);
const bufferPlan = planOf("buffer", types.buffer, 8);

/* What C promotes an argument in the variable part to. */
const promotions: Readonly<Record<string, number>> = {
  bool: types.i32,
  i8: types.i32,
  u8: types.i32,
  i16: types.i32,
  u16: types.i32,
  f32: types.f64,
};

function planResult(type: unknown, name: string): TypePlan {
  if (type === "void") return voidPlan;
  if (type === "cstring") return textPlan;
  return planField(type, name, "result");
}

type Draft = Omit<ParameterPlan, "word">;

const value = (type: TypePlan, copyIn = false, copyOut = false): Draft => ({
  type,
  role: "value",
  copyIn,
  copyOut,
});

function planParameter(type: unknown, name: string, where: string): Draft {
  if (type === "cstring") return value(textPlan);
  if (type === "buffer") return value(bufferPlan, true, true);
  const [key, inner] = onlyKey(type) ?? [];
  if (key === "in" && inner === "buffer") return value(bufferPlan, true, false);
  if (key === "out" && inner === "buffer") return value(bufferPlan, false, true);
  if (key === "out") {
    return { type: planField(inner, name, where), role: "cell", copyIn: false, copyOut: false };
  }
  return value(planField(type, name, where));
}

function promoted(draft: Draft): Draft {
  const code = promotions[draft.type.kind];
  if (code === undefined || draft.role === "cell") return draft;
  const kind = draft.type.kind === "f32" ? "f64" : draft.type.kind;
  return { ...draft, type: { ...draft.type, kind, descriptor: [code] } };
}

function planParameters(types_: readonly unknown[], fixed: number, name: string): ParameterPlan[] {
  let word = 0;
  return types_.map((type, index) => {
    const draft = planParameter(type, name, `parameter ${index}`);
    const plan = { ...(index < fixed ? draft : promoted(draft)), word };
    const inPlace = plan.type.kind === "struct" && plan.role === "value";
    word += inPlace ? wordsFor(plan.type.size) : 1;
    if (plan.role === "cell") word += wordsFor(plan.type.size);
    return plan;
  });
}

function checkedErrno(errno: unknown, name: string): Plan["errno"] {
  if (errno === undefined) return "none";
  if (errno === true) return "report";
  if (errno === "throw") return "throw";
  throw fault(name, "errno", `is ${describe(errno)}, neither true nor "throw"`);
}

function checkedFixed(variadic: unknown, count: number, name: string): number | undefined {
  if (variadic === undefined) return undefined;
  if (Number.isInteger(variadic) && Number(variadic) >= 1 && Number(variadic) <= count) {
    return Number(variadic);
  }
  throw fault(name, "variadic", `is ${describe(variadic)}, not the number of fixed parameters`);
}

function argumentWords(parameters: readonly ParameterPlan[]): number {
  const last = parameters.at(-1);
  if (last === undefined) return 0;
  const { word, role, type } = last;
  if (role === "cell") return word + 1 + wordsFor(type.size);
  return word + (type.kind === "struct" ? wordsFor(type.size) : 1);
}

/** The words a plan is compared by: names of fields matter to JavaScript, not to C. */
function keyOf(parts: unknown): string {
  return JSON.stringify(parts);
}

/** Plans the function `name`; throws a `TypeError` that names it, the place and the reason. */
export function planFunction(definition: unknown, name: string): Plan {
  if (!isRecord(definition) || !Array.isArray(definition["parameters"])) {
    throw fault(name, "definition", "has no list of parameters");
  }
  const list: readonly unknown[] = definition["parameters"];
  if (list.length > parametersMax) {
    throw fault(name, "definition", `has more than ${parametersMax} parameters`);
  }
  if (definition["result"] === undefined) throw fault(name, "definition", "has no result");
  const fixed = checkedFixed(definition["variadic"], list.length, name);
  const parameters = planParameters(list, fixed ?? list.length, name);
  const result = planResult(definition["result"], name);
  const errno = checkedErrno(definition["errno"], name);
  const bytes = parameters.flatMap(({ role, type }) =>
    role === "cell" ? [types.out, ...type.descriptor] : type.descriptor
  );
  return {
    parameters,
    values: parameters.filter(({ role }) => role === "value"),
    cells: parameters.filter(({ role }) => role === "cell"),
    result,
    errno,
    variadic: fixed !== undefined,
    words: argumentWords(parameters),
    descriptor: Uint8Array.from([fixed ?? notVariadic, ...result.descriptor, ...bytes]),
    key: keyOf([parameters, result, errno, fixed]),
  };
}
