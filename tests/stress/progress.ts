/**
 * How far it is: a bar on a terminal, a line from time to time elsewhere.
 *
 * @module
 */
import cliProgress from "cli-progress";
import process from "node:process";

const LINE_MS = 10_000;
const TICK_MS = 250;

/** Shows how far it is, until it is stopped. */
export interface Progress {
  stop(): void;
}

/** What to show beside the time. */
export type Note = () => string;

function bar(seconds: number, note: Note): Progress {
  const shown = new cliProgress.SingleBar({
    format: "stress [{bar}] {value}/{total} s  {note}",
    hideCursor: true,
    clearOnComplete: true,
  }, cliProgress.Presets.shades_classic);
  const start = performance.now();
  shown.start(seconds, 0, { note: note() });
  const timer = setInterval(() => {
    const elapsed = Math.floor((performance.now() - start) / 1000);
    shown.update(Math.min(elapsed, seconds), { note: note() });
  }, TICK_MS);
  return {
    stop(): void {
      clearInterval(timer);
      shown.stop();
    },
  };
}

function lines(seconds: number, note: Note): Progress {
  const start = performance.now();
  const timer = setInterval(() => {
    const elapsed = Math.round((performance.now() - start) / 1000);
    console.log(`${elapsed} of ${seconds} s  ${note()}`);
  }, LINE_MS);
  return { stop: () => clearInterval(timer) };
}

/** Starts to show it. */
export function progress(seconds: number, note: Note): Progress {
  return process.stderr.isTTY ? bar(seconds, note) : lines(seconds, note);
}
