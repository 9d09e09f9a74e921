// @ts-check
/** An X server without a screen. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

const server = ["-screen", "0", "640x480x24", "-nolisten", "tcp", "-ac"];

/**
 * Starts a server, which picks a free display, and ends it when it is disposed of.
 * @param {string} [folder] for a file that its pixels are in, as xwd writes them
 * @returns {Promise<AsyncDisposable & { display: string, path: string }>}
 */
export async function startScreen(folder) {
  const pixels = folder === undefined ? [] : ["-fbdir", folder];
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const child = spawn("Xvfb", ["-displayfd", "1", ...server, ...pixels], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exit = new Promise((resolve) => child.once("exit", resolve));
  const kill = () => void child.kill("SIGKILL");
  process.on("exit", kill);
  /** @type {string} */
  const number = await new Promise((resolve, reject) => {
    child.once("error", reject);
    void exit.then(() => reject(new Error(`Xvfb ended with ${child.exitCode}`)));
    createInterface({ input: child.stdout }).once("line", resolve);
  });
  return {
    display: `:${number}`,
    path: join(folder ?? "", "Xvfb_screen0"),
    [Symbol.asyncDispose]: async () => {
      process.off("exit", kill);
      child.kill();
      await exit;
    },
  };
}
