/**
 * Does everything that contexts and callbacks can do at random, for as long as it is told, and
 * looks whether what must hold does: results, order, errors that may be, each promise settled, each
 * handle destroyed once and in order, leases as long as they are held, C threads answered with what
 * is theirs, their calls delivered or counted, nothing that grows.
 *
 *     deno task stress --seconds 60 --seed 1
 *     bun run stress --seconds 60 --seed 1
 *
 * It ends with a table and exit code 0, or names what is broken and the seed that repeats it.
 *
 * @module
 */
import process from "node:process";
import { configure, stats } from "../../mod.ts";
import { boardMemory } from "./board.ts";
import { work } from "./crew.ts";
import { openStressLibrary } from "./library.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { type Progress, progress } from "./progress.ts";
import { type Held, holdFlat, quiet } from "./quiet.ts";
import { Random } from "./random.ts";
import { type Counts, Tally } from "./tally.ts";
import { lane } from "./workers.ts";

/** Each ends with all quiet and a look at what is held; the first ones warm up. */
const EPOCH_SECONDS = 5;
const EPOCHS_MIN = 3;
const WARM_EPOCHS = 2;
const THREADS_MIN = 2;
const IDLE_MS = 100;
/** Of the contexts that are wanted: so some wait in line. */
const THREADS_SHARE = 0.75;
const COUNTERS = 16_384;

/** Counters that were not used for long. */
function counterSource(contexts: number): () => number {
  let next = 0;
  return () => {
    const first = next;
    next = next + 4 * contexts > COUNTERS ? 0 : next + 2 * contexts;
    return first;
  };
}

async function epoch(random: Random, tally: Tally, options: Options, ms: number): Promise<Held> {
  const { contexts, threads } = options;
  const counters = counterSource(contexts);
  const board = boardMemory();
  const shift = { contexts, counters, board, end: performance.now() + ms };
  const task = { seed: random.below(2 ** 32), contexts, counter: counters(), ms, board };
  const lanes = Array.from({ length: threads }, () => lane(shift, random.fork(), tally));
  await Promise.all([work(task, tally), ...lanes]);
  return await quiet(openStressLibrary(), THREADS_MIN);
}

async function run(options: Options, tally: Tally): Promise<Held[]> {
  const random = new Random(options.seed);
  const epochs = Math.max(EPOCHS_MIN, Math.round(options.seconds / EPOCH_SECONDS));
  const held: Held[] = [];
  for (let number = 0; number < epochs; number++) {
    held.push(await epoch(random, tally, options, options.seconds * 1000 / epochs));
    const warm = held[WARM_EPOCHS - 1];
    if (number >= WARM_EPOCHS) holdFlat(warm!, held[number]!);
  }
  return held;
}

function table(counts: Counts): string {
  const endings = [...new Set(Object.values(counts).flatMap((kinds) => Object.keys(kinds)))];
  const rows = Object.keys(counts).sort().map((kind) => [
    kind,
    ...endings.map((ending) => String(counts[kind]![ending] ?? "")),
  ]);
  const all = [["what", ...endings], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return all.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}

function heldText(held: readonly Held[]): string {
  const [first, last] = [held[WARM_EPOCHS - 1]!, held.at(-1)!];
  const change = (name: keyof Held): string => `${first[name]} to ${last[name]}`;
  return `threads ${change("threads")}, descriptors ${change("descriptors")}, ` +
    `native memory ${change("memory")} KiB, resident ${change("resident")} MiB, ` +
    `tombstones ${change("closures")}`;
}

function note(tally: Tally): () => string {
  return () => {
    const { slots: { active, recycling, wedged }, threads, waiting } = stats();
    return `${tally.settled} promises  ${threads} threads, ${active} leased, ` +
      `${recycling} ending, ${wedged} wedged, ${waiting} in line`;
  };
}

async function stress(options: Options): Promise<number> {
  const { seconds, seed, contexts, threads } = options;
  const again = `--seconds ${seconds} --seed ${seed} --contexts ${contexts} --threads ${threads}`;
  console.log(`stress ${again}`);
  const threadsMax = Math.max(2, Math.ceil(contexts * (threads + 1) * THREADS_SHARE));
  configure({ threads: threadsMax, threadsMin: THREADS_MIN, idleTime: IDLE_MS });
  const tally = new Tally();
  const shown: Progress = progress(seconds, note(tally));
  process.on("unhandledRejection", (error) => tally.fail(error));
  try {
    const held = await run(options, tally);
    if (tally.failure !== undefined) throw tally.failure;
    shown.stop();
    console.log(`${table(tally.counts)}\n${heldText(held)}\nnothing is broken`);
    return 0;
  } catch (error) {
    shown.stop();
    console.log(`${table(tally.counts)}\nBROKEN ${error instanceof Error ? error.message : error}`);
    console.log(`repeat it with ${again}`);
    return 1;
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(usage);
  process.exit(options === "help" ? 0 : await stress(options));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exit(2);
}
