/** A stream of calls, most with arguments that JavaScript cannot have: what comes of it. */
import process from "node:process";
import { callback, fn } from "../../../mod.ts";

const SPOILT = 600; // more than a stream asks for in advance
let reported = 0;
const note = (): void => void reported++;
addEventListener("error", (event) => {
  event.preventDefault();
  note();
});
if ("Bun" in globalThis) process.on("uncaughtException", note);

const calls = callback.stream({ parameters: ["i53"], result: "void" });
const call = fn(calls.pointer, { parameters: ["i64"], result: "void" });
await call(1n);
for (let i = 0; i < SPOILT; i++) await call(2n ** 60n);
await call(2n);
calls.end();
for await (const [number] of calls) console.log(number);
console.log(reported === SPOILT ? "all reported" : `${reported} reported`);
