/**
 * An X server of the test's own, without a screen.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";

/** A server that runs. */
export interface XServer extends AsyncDisposable {
  /** What a client connects with. */
  readonly display: string;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** Starts a server, which picks a free display, and ends it with the block. */
export async function startXServer(): Promise<XServer> {
  const args = ["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-ac"];
  const child = spawn("Xvfb", args, { stdio: ["ignore", "pipe", "ignore"] });
  const exit = ended(child);
  const kill = (): void => void child.kill("SIGKILL");
  process.on("exit", kill);
  const number = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    void exit.then(() => reject(new Error(`Xvfb ended with ${child.exitCode}`)));
    createInterface({ input: child.stdout! }).once("line", resolve);
  });
  return {
    display: `:${number}`,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      process.off("exit", kill);
      child.kill();
      await exit;
    },
  };
}
