/**
 * A registry of packages on loopback, which answers what was published to it and remembers what it
 * was asked for.
 *
 * @module
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a registry has for a path. */
export type Content = string | Uint8Array;

/** A registry that listens. */
export interface Registry {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** The paths that were asked for, in order. */
  readonly requests: readonly string[];
  /** Has this content at this path from now on. */
  put(path: string, content: Content): void;
  /** Stops. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a registry that is empty. */
export async function startRegistry(): Promise<Registry> {
  const contents = new Map<string, Content>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://registry").pathname);
    requests.push(path);
    const content = contents.get(path);
    response.statusCode = content === undefined ? 404 : 200;
    response.setHeader("content-type", typeOf(path));
    response.end(content);
  });
  const { port } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    put: (path, content) => void contents.set(path, content),
    [Symbol.asyncDispose]: () => stop(server),
  };
}

/* By it Deno takes a module for what it is. */
function typeOf(path: string): string {
  if (path.endsWith(".ts")) return "text/typescript";
  return path.endsWith(".tgz") ? "application/octet-stream" : "application/json";
}

function listen(server: Server): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server.address() as AddressInfo));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
