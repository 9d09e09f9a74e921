#!/usr/bin/env bun
/**
 * The command `siding` of the package for npm: `bunx @siding/ffi doctor`.
 *
 * @module
 */
import process from "node:process";

type Command = (args: readonly string[]) => Promise<number>;

/** Imported when asked for: packing needs no libsiding. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import("./doctor.ts")).doctor,
  pack: async () => (await import("./pack.ts")).pack,
};

const usage = `usage: siding ${Object.keys(commands).join("|")} [options], each with --help`;

async function siding([name = "", ...args]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "help") {
    console.log(usage);
    return 0;
  }
  const find = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (find === undefined) {
    console.error(`siding: there is no command "${name}"\n${usage}`);
    return 2;
  }
  return (await find())(args);
}

process.exit(await siding(process.argv.slice(2)));
