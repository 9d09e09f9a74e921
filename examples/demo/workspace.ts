// A temporary directory that goes whatever happens.
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** A fresh directory, removed by `remove` or when the process is asked to end. */
export class Workspace {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "siding-demo-"));

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** A path in it. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  /** Removes it with all its files. */
  remove(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.remove();
    process.exit(128 + constants.signals[signal]);
  };
}
