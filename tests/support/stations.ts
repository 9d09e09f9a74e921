/**
 * Stations that are busy, and hold nothing.
 *
 * @module
 */
import process from "node:process";
import { setInterval } from "node:timers";
import { type Port, Station } from "../../mod.ts";

/** Sources of a busy station. */
export const BUSY_SOURCES: number = 20;

const ALWAYS = 3;
const OF_SYSTEM = BUSY_SOURCES - ALWAYS;
const isWindows = process.platform === "win32";
/* it opens the C library of Linux */
const descriptors = isWindows ? undefined : await import("./descriptors.ts");

/** Sources, and what has them tell something. */
interface Stirred {
  readonly ports: readonly Port<unknown>[];
  stir(): void;
  close(): void;
}

/** A station that is busy until it is closed. */
export interface BusyStation {
  /** Items that came. */
  readonly count: number;
  close(): Promise<void>;
}

/* Descriptors and a signal. */
function watchDescriptors(station: Station): Stirred {
  const { close, eventfd, readNow, signalEvent } = descriptors!;
  const events = Array.from({ length: OF_SYSTEM - 1 }, () => eventfd());
  const watches = events.map((event) => station.watch(event, { trigger: "edge" }));
  return {
    ports: [...watches, station.signal("SIGWINCH")],
    stir: () => {
      for (const event of events) {
        readNow(event, 8);
        signalEvent(event);
      }
    },
    close: () => close(...events),
  };
}

/* Windows has neither. */
function watchEvents(station: Station): Stirred {
  const ports = Array.from({ length: OF_SYSTEM }, () => station.event());
  return {
    ports,
    stir: () => {
      for (const port of ports) port.post(1);
    },
    close: () => {},
  };
}

/** Has its sources tell, timers tick and events be posted, and takes what comes. */
export function startStation(): BusyStation {
  const station = new Station();
  const ofSystem = isWindows ? watchEvents(station) : watchDescriptors(station);
  const posted = station.event({ mode: "counted" });
  const ports: readonly Port<unknown>[] = [
    ...ofSystem.ports,
    posted,
    station.timer({ every: 0.1 }),
    station.timer({ every: 1, after: 0.5 }),
  ];
  let count = 0;
  const pump = setInterval(() => {
    ofSystem.stir();
    posted.post(1);
    for (const port of ports) {
      for (let left = port.stats.buffered; left > 0; left--) {
        void port.next(); // there is one, so that nothing waits
        count++;
      }
    }
  }, 1);
  pump.unref();
  return {
    get count() {
      return count;
    },
    close: async () => {
      clearInterval(pump as unknown as number);
      await station.close();
      ofSystem.close();
    },
  };
}
