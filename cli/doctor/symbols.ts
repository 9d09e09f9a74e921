/**
 * Symbols that definitions want and a library has.
 *
 * @module
 */
import type { Binary } from "../binary/binary.ts";
import type { WantedSymbols } from "./definitions.ts";
import type { Opened } from "./opening.ts";
import type { Tell } from "./problems.ts";
import type { SymbolsReport } from "./report.ts";

/** Names that a line has room for. */
const NAMES_MAX = 12;

/** Somebody who knows the symbols of a library. */
interface Asked {
  readonly askedOf: SymbolsReport["askedOf"];
  has(symbol: string): Promise<boolean>;
}

/** Who can be asked for symbols: the loader, else the file, else nobody. */
export function whoKnows(
  opened: Opened | undefined,
  binary: Binary | undefined,
): Asked | undefined {
  if (opened !== undefined) return { has: (symbol) => opened.has(symbol), askedOf: "loader" };
  const symbols = binary?.symbols ?? null;
  if (symbols === null) return undefined;
  return { has: (symbol) => Promise.resolve(symbols.has(symbol)), askedOf: "file" };
}

async function absentOf(
  symbols: ReadonlySet<string>,
  has: (symbol: string) => Promise<boolean>,
): Promise<string[]> {
  const names = [...symbols].sort();
  const found = await Promise.all(names.map(has));
  return names.filter((_, index) => !found[index]);
}

/** Names for a line. */
function listed(names: readonly string[]): string {
  const rest = names.length - NAMES_MAX;
  const shown = names.slice(0, NAMES_MAX).map((name) => `"${name}"`).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

/** Looks for all symbols that definitions want; tells what a library must have and has not. */
export async function compareSymbols(
  path: string,
  { required, optional }: WantedSymbols,
  asked: Asked | undefined,
  tell: Tell,
): Promise<SymbolsReport | null> {
  if (asked === undefined) {
    tell(`Cannot compare "${path}" with the definitions: nothing is known of its symbols`);
    return null;
  }
  const { has, askedOf } = asked;
  const absent = await absentOf(required, has);
  const absentOptional = await absentOf(optional.difference(required), has);
  if (absent.length > 0) {
    tell(`Cannot open "${path}" with the definitions: it has no ${listed(absent)}`);
  }
  return { count: required.union(optional).size, absent, absentOptional, askedOf };
}
