/**
 * Loops around a call. Each is compiled for its callee alone, so that the engine specialises it as
 * it would in a program, and no side pays for what it learned from the other.
 *
 * @module
 */
import type { Run } from "./measure.ts";

/** A function of two integers, asynchronous or not. */
export type Add = (a: number, b: number) => Promise<number> | number;

let compiled = 0;

function compile(call: (...args: never[]) => unknown, body: string, isAsync: boolean): Run {
  // engines may share what they know between functions of the same text
  const source = `"use strict"; /* ${compiled++} */ return ${isAsync ? "async " : ""}` +
    `function (count) { ${body} };`;
  return new Function("call", source)(call) as Run;
}

/* The sum wraps as an i32 does, so that no engine has to change its mind about its type. */
const CHECK = `
  const expected = BigInt.asIntN(32, BigInt(count) * BigInt(count + 1) / 2n);
  if (sum !== Number(expected)) throw new Error("wrong sum: " + sum);`;

/** One call after the other. */
export function oneAtATime(call: Add): Run {
  const loop = "let sum = 0; for (let i = 0; i < count; i++) sum = sum + await call(i, 1) | 0;";
  return compile(call, loop + CHECK, true);
}

/** One synchronous call after the other. */
export function onThisThread(call: Add): Run {
  const loop = "let sum = 0; for (let i = 0; i < count; i++) sum = sum + call(i, 1) | 0;";
  return compile(call, loop + CHECK, false);
}

/** `size` calls at a time; a unit of work is one such batch. */
export function inBatches(call: Add, size: number): Run {
  const body = `
    for (let batch = 0; batch < count; batch++) {
      const promises = [];
      for (let i = 0; i < ${size}; i++) promises.push(call(i, 1));
      const values = await Promise.all(promises);
      if (values[${size - 1}] !== ${size}) throw new Error("wrong: " + values[${size - 1}]);
    }`;
  return compile(call, body, true);
}

/**
 * The floor under {@linkcode inBatches}: promises made in the same way and awaited in the same
 * way; `defer` has them settled, all together, later.
 */
export function barePromises(defer: (task: () => void) => void, size: number): Run {
  const body = `
    const resolvers = [];
    let resolver;
    const capture = (resolve) => { resolver = resolve; };
    const settle = () => { for (let i = 0; i < ${size}; i++) resolvers[i](i + 1); };
    const make = (i) => {
      const promise = new Promise(capture);
      resolvers[i] = resolver;
      return promise;
    };
    for (let batch = 0; batch < count; batch++) {
      const promises = [];
      for (let i = 0; i < ${size}; i++) promises.push(make(i));
      call(settle);
      const values = await Promise.all(promises);
      if (values[${size - 1}] !== ${size}) throw new Error("wrong: " + values[${size - 1}]);
    }`;
  return compile(defer as (...args: never[]) => unknown, body, true);
}
