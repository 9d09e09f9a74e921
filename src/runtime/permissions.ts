/**
 * What Deno permits; Bun permits everything. Nothing here asks the user.
 *
 * @module
 */

/** Something to be permitted, as Deno describes it. */
export type Wish =
  | { readonly name: "ffi" | "read" | "write"; readonly path?: string }
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "sys"; readonly kind: string };

interface Globals {
  readonly Deno?: {
    readonly permissions: { querySync(wish: Wish): { readonly state: string } };
  };
}

const { Deno: deno } = globalThis as unknown as Globals;

/** Whether this runtime has permissions at all. */
export const hasPermissions: boolean = deno !== undefined;

/** Whether something is permitted without a question. */
export function isPermitted(wish: Wish): boolean {
  return deno === undefined || deno.permissions.querySync(wish).state === "granted";
}

/** The command-line flag that permits it. */
export function flagOf(wish: Wish): string {
  const value = Object.entries(wish).find(([key]) => key !== "name")?.[1];
  return `--allow-${wish.name}${value === undefined ? "" : `=${value}`}`;
}
