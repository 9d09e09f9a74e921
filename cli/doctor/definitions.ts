/**
 * The symbols that the definitions of a module name.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isRecord } from "../../src/definition.ts";
import { planField } from "../../src/layout.ts";
import { planFunction } from "../../src/plan.ts";
import { flagOf, isPermitted, type Wish } from "../../src/runtime/permissions.ts";
import { inTime } from "./in_time.ts";
import { firstLine } from "./problems.ts";

/** After this long it is given up to import a module. */
const IMPORT_MS_MAX = 10_000;

/** Symbols by whether a library may lack them. */
export interface WantedSymbols {
  readonly required: ReadonlySet<string>;
  readonly optional: ReadonlySet<string>;
}

const variableKeys: ReadonlySet<string> = new Set(["name", "type", "optional"]);

function isDefinition(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if ("parameters" in value && "result" in value) return true;
  return "type" in value && Object.keys(value).every((key) => variableKeys.has(key));
}

/* Objects in which everything is a definition, as `open` takes them; no getter is asked. */
function isDefinitions(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const parts = Object.values(Object.getOwnPropertyDescriptors(value));
  return parts.length > 0 && parts.every((part) => isDefinition(part.value));
}

function urlOf(module: string): URL {
  const isUrl = /^[a-z][a-z+.-]+:/i.test(module);
  return isUrl ? new URL(module) : pathToFileURL(resolve(module));
}

function demandPermission(module: string, url: URL): void {
  if (url.protocol !== "file:") return;
  const wish: Wish = { name: "read", path: fileURLToPath(url) };
  if (isPermitted(wish)) return;
  throw new Error(`Cannot import "${module}": add ${flagOf(wish)}`);
}

/** Notes the symbols of one definition, those of functions that free included. */
function note(
  key: string,
  definition: Readonly<Record<string, unknown>>,
  all: WantedSymbols,
): void {
  const { name, optional } = definition;
  const symbols = (optional === true ? all.optional : all.required) as Set<string>;
  symbols.add(typeof name === "string" ? name : key);
  if ("type" in definition) return void planField(definition.type, key, "type");
  planFunction(definition, key, (symbol) => {
    symbols.add(symbol);
    return 1; // any address: nothing is called
  });
}

/**
 * What the definitions that a module exports want of a library. Throws `Error` where the module
 * cannot be imported or exports none, and `TypeError` where one is wrong.
 */
export async function wantedSymbols(module: string): Promise<WantedSymbols> {
  const url = urlOf(module);
  demandPermission(module, url);
  let exported: object;
  try {
    exported = await inTime(() => import(url.href), IMPORT_MS_MAX);
  } catch (error) {
    throw new Error(`Cannot import "${module}": ${firstLine(error)}`, { cause: error });
  }
  const all: WantedSymbols = { required: new Set(), optional: new Set() };
  for (const definitions of Object.values(exported).filter(isDefinitions)) {
    for (const [key, definition] of Object.entries(definitions)) {
      note(key, definition as Readonly<Record<string, unknown>>, all);
    }
  }
  if (all.required.size + all.optional.size > 0) return all;
  throw new Error(`Cannot compare "${module}": it exports no definitions`);
}
