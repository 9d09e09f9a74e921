// @ts-check
/** A screen for programs of an emulated system: of an X server that shows it to nobody. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * @typedef {object} Screen
 * @property {string} display what a client connects with
 * @property {string} path of the file that its pixels are in, as xwd writes them
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a server, which picks a free display.
 * @param {string} folder for its pixels @returns {Promise<Screen>}
 */
export async function startScreen(folder) {
  mkdirSync(folder, { recursive: true });
  const args = ["-screen", "0", "640x480x24", "-fbdir", folder, "-nolisten", "tcp", "-ac"];
  const child = spawn("Xvfb", ["-displayfd", "1", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  /** @type {string} */
  const number = await new Promise((resolve, reject) => {
    child.once("error", reject);
    void ended.then(() => reject(new Error(`Cannot start Xvfb: it ended with ${child.exitCode}`)));
    createInterface({ input: child.stdout }).once("line", resolve);
  });
  return {
    display: `:${number}`,
    path: join(folder, "Xvfb_screen0"),
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
