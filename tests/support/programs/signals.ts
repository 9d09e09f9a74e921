/**
 * What handlers of the runtime and stations do to each other. Says whether the station and the
 * runtime were told of a signal: with a handler of before, with one of after, and without it again.
 */
import process from "node:process";
import { Station } from "../../../mod.ts";
import { libc } from "../descriptors.ts";

const SIGNAL = "SIGWINCH"; // which ends nobody
const NUMBER = 28;
const SETTLED_MS = 50;

let told = 0;
const before = (): void => void told++;
const after = (): void => void told++;

async function sent(station: Station, port: AsyncIterator<{ count: number }>): Promise<string> {
  told = 0;
  const next = port.next();
  libc.kill.sync(process.pid, NUMBER);
  const first = await Promise.race([next, station.sleep(SETTLED_MS)]);
  await station.sleep(SETTLED_MS);
  return `station ${first === undefined ? "not told" : "told"}, runtime told ${told}`;
}

process.on(SIGNAL, before);
{
  await using station = new Station();
  console.log(`before: ${await sent(station, station.signal(SIGNAL))}`);
}
{
  await using station = new Station();
  const port = station.signal(SIGNAL);
  process.off(SIGNAL, before);
  console.log(`off: ${await sent(station, port)}`);
}
{
  await using station = new Station();
  const port = station.signal(SIGNAL);
  process.on(SIGNAL, after);
  console.log(`on: ${await sent(station, port)}`);
  process.off(SIGNAL, after);
  console.log(`on and off: ${await sent(station, port)}`);
}
{
  await using station = new Station();
  console.log(`again: ${await sent(station, station.signal(SIGNAL))}`);
}
