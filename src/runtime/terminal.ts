/**
 * What text for people may look like.
 *
 * @module
 */

interface Globals {
  readonly Deno?: { readonly noColor: boolean };
  readonly process: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly stdout: { readonly isTTY?: boolean; readonly columns?: number };
  };
}

/** How text is to be written. */
export interface Terminal {
  /** Columns of a line, or `undefined` where it is no terminal that is written to. */
  readonly columns: number | undefined;
  /** Whether colours are wanted. */
  readonly hasColors: boolean;
}

/** What the standard output is. */
export function terminal(): Terminal {
  const { Deno: deno, process } = globalThis as unknown as Globals;
  const { isTTY = false, columns = 0 } = process.stdout;
  if (!isTTY) return { columns: undefined, hasColors: false };
  /* Deno tells of NO_COLOR without the permission to read it */
  const noColors = deno === undefined ? Boolean(process.env.NO_COLOR) : deno.noColor;
  return { columns: columns > 0 ? columns : undefined, hasColors: !noColors };
}
