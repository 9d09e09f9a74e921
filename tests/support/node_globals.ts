/**
 * What Bun and Deno have of the web, and Node.js has not: Workers, and the event of an error that
 * nobody caught. Loaded before the programs of tests.
 *
 * @module
 */
import process from "node:process";
import { type MessagePort, parentPort, Worker as Thread } from "node:worker_threads";

interface Failure extends Event {
  readonly error: Error;
  readonly message: string;
}

function errorEvent(error: Error): Failure {
  const event = new Event("error", { cancelable: true });
  return Object.assign(event, { error, message: error.message });
}

type Listener<E> = ((event: E) => void) | undefined;

class WebWorker extends EventTarget {
  onmessage: Listener<MessageEvent>;
  onerror: Listener<Failure>;
  readonly #thread: Thread;

  constructor(url: URL | string) {
    super();
    this.#thread = new Thread(new URL(url));
    this.#thread.on("message", (data) => {
      const event = new MessageEvent("message", { data });
      this.dispatchEvent(event);
      this.onmessage?.(event);
    });
    this.#thread.on("error", (error) => {
      const event = errorEvent(error as Error);
      this.dispatchEvent(event);
      this.onerror?.(event);
    });
  }

  postMessage(message: unknown): void {
    this.#thread.postMessage(message);
  }

  terminate(): void {
    void this.#thread.terminate();
  }
}

/* A port holds its messages back, and its thread once it has listeners. */
function listenOn(port: MessagePort): void {
  const scope = new EventTarget();
  let listener: Listener<MessageEvent>;
  const tell = (data: unknown): void => {
    const event = new MessageEvent("message", { data });
    scope.dispatchEvent(event);
    listener?.(event);
  };
  const listen = (): void => {
    if (port.listenerCount("message") === 0) port.on("message", tell);
  };
  Object.assign(globalThis, {
    self: globalThis,
    postMessage: (message: unknown) => port.postMessage(message),
    close: () => process.exit(),
    addEventListener: (...args: Parameters<EventTarget["addEventListener"]>) => {
      scope.addEventListener(...args);
      listen();
    },
  });
  Object.defineProperty(globalThis, "onmessage", {
    set: (given: Listener<MessageEvent>) => {
      listener = given;
      listen();
    },
  });
}

function listenForErrors(type: string, listener: (event: Failure) => void): void {
  if (type !== "error") throw new Error(`no events are called ${type}`);
  process.on("uncaughtException", (error) => listener(errorEvent(error)));
}

const ofMainThread = { Worker: WebWorker, addEventListener: listenForErrors };
if (parentPort === null) Object.assign(globalThis, ofMainThread);
else listenOn(parentPort);
