/**
 * Programs that see the file system otherwise than this one does.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { type ChildOptions, type Outcome, runCommand } from "./child.ts";

/* Where it is not allowed as such, it mostly is for a user of one's own making. */
const ways: readonly (readonly string[])[] = [
  ["--mount"],
  ["--user", "--map-root-user", "--mount"],
];
const way = ways.find((flags) => spawnSync("unshare", [...flags, "true"]).status === 0);

/** Why there can be no such programs, or `undefined`. */
export const missingNamespaces: string | undefined = way === undefined
  ? "unshare may not make a mount namespace on this machine"
  : undefined;

/** Mounts everything for reading only, and makes sure of it. */
export const readOnly = `
while read -r _ point _; do
  mount -o remount,bind,ro "$point" 2>/dev/null || true
done < /proc/mounts
for folder in "$PWD" "\${TMPDIR:-/tmp}" "$HOME"; do
  if touch "$folder/written" 2>/dev/null; then echo "$folder is writable" >&2; exit 1; fi
done
`;

/** Mounts a folder from which nothing may be run or loaded in the place of `$TMPDIR`. */
export const unrunnable = 'mount -t tmpfs -o noexec tmpfs "$TMPDIR"';

/** Runs a program to its end, after a shell script that mounts something. */
export function runMounted(
  script: string,
  program: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<Outcome> {
  const shell = ["sh", "-e", "-c", `${script}\nexec "$@"`, "sh", program, ...args];
  return runCommand("unshare", [...way ?? [], ...shell], options);
}
