// @ts-check
/**
 * The machine's C compiler, for programs of an emulated system on which none runs: on loopback, under
 * a path that nobody else knows, and as long as the tests run.
 *
 * A request is `{ flags, source }` in JSON; the answer is what the compiler has made of it, or the
 * status 422 and what it has said.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "./child.mjs";

const compileMsMax = 300_000;

/**
 * Starts it.
 * @param {string} command of the compiler
 */
export async function startCompiler(command) {
  const path = `/${randomUUID()}`;
  const server = createServer((request, response) => {
    const answer = request.url === path ? compile(command, request) : Promise.reject(request.url);
    answer.then(({ status, body }) => response.writeHead(status).end(body), (error) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {string} command @param {AsyncIterable<Uint8Array>} request */
async function compile(command, request) {
  const { flags, source } = JSON.parse(await textOf(request));
  const folder = mkdtempSync(join(tmpdir(), "siding-c-"));
  try {
    const input = join(folder, "source.c");
    const output = join(folder, "output");
    writeFileSync(input, source);
    const args = [...flags, "-o", output, input];
    const { code, output: said } = await runChild(command, args, { timeoutMs: compileMsMax });
    return code === 0 ? { status: 200, body: readFileSync(output) } : { status: 422, body: said };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {AsyncIterable<Uint8Array>} request */
async function textOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}
