/**
 * Stations that are busy, and hold nothing.
 *
 * @module
 */
import { setInterval } from "node:timers";
import { type Port, Station } from "../../mod.ts";
import { close, eventfd, readNow, signalEvent } from "./descriptors.ts";

/** Sources of a busy station. */
export const BUSY_SOURCES: number = 20;

const WATCHES = BUSY_SOURCES - 4;

/** A station that is busy until it is closed. */
export interface BusyStation {
  /** Items that came. */
  readonly count: number;
  close(): Promise<void>;
}

/** Has descriptors become ready, timers tick and events be posted, and takes what comes. */
export function startStation(): BusyStation {
  const station = new Station();
  const events = Array.from({ length: WATCHES }, () => eventfd());
  const posted = station.event({ mode: "counted" });
  const ports: Port<unknown>[] = [
    ...events.map((event) => station.watch(event, { trigger: "edge" })),
    posted,
    station.timer({ every: 0.1 }),
    station.timer({ every: 1, after: 0.5 }),
    station.signal("SIGWINCH"),
  ];
  let count = 0;
  const pump = setInterval(() => {
    for (const event of events) {
      readNow(event, 8);
      signalEvent(event);
    }
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
      close(...events);
    },
  };
}
