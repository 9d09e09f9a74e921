/**
 * A Worker that comes, leases, and goes.
 *
 * @module
 */
import type { Report, Task } from "./crew.ts";
import { work } from "./crew.ts";
import { Tally } from "./tally.ts";

interface Port {
  onmessage: (event: { readonly data: Task }) => void;
  postMessage(report: Report | "ready"): void;
  close(): void;
}

const port = globalThis as unknown as Port;
port.onmessage = ({ data }): void => {
  const tally = new Tally();
  work(data, tally)
    .then(() => port.postMessage({ counts: tally.counts }))
    .catch((error) => port.postMessage({ broken: String(error) }));
};
port.postMessage("ready");
