/**
 * The command line of the stress program.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** What it runs with. */
export interface Options {
  readonly seconds: number;
  readonly seed: number;
  /** Lessees on each JavaScript thread. */
  readonly contexts: number;
  /** Workers at once, besides the first JavaScript thread. */
  readonly threads: number;
}

/** How it is used. */
export const usage = `deno task stress [--seconds N] [--seed N] [--contexts N] [--threads N]
bun run stress [the same]

  --seconds   how long, 1 to 86400; default 60
  --seed      repeats the choices of a run; default: another one each time
  --contexts  contexts in use at once on each JavaScript thread, 1 to 256; default 12
  --threads   Workers at once, 0 to 16; default 2`;

function wholeNumber(text: string, name: string, [least, most]: readonly [number, number]): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new RangeError(`Cannot take "${text}" for --${name}: it is a number, ${least} to ${most}`);
}

/** Reads it; throws `TypeError` and `RangeError` for what it does not know. */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== "--"), // `deno task` hands it on
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(Date.now() % 2 ** 32) },
      contexts: { type: "string", default: "12" },
      threads: { type: "string", default: "2" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    seconds: wholeNumber(values.seconds, "seconds", [1, 86_400]),
    seed: wholeNumber(values.seed, "seed", [0, 2 ** 32 - 1]),
    contexts: wholeNumber(values.contexts, "contexts", [1, 256]),
    threads: wholeNumber(values.threads, "threads", [0, 16]),
  };
}
