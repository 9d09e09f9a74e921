/**
 * How a C function that blocks is made to return.
 *
 * @module
 */
import { wholeBindingOf } from "./binding.ts";
import type { Bound } from "./bound.ts";
import type { Bridge } from "./bridge.ts";
import {
  interruptBound,
  interruptFlag,
  interruptNone,
  interruptSignal,
  layouts,
  status,
} from "./generated/siding.ts";
import type { Pointer } from "./types.ts";
import { type Words, words } from "./words.ts";

/**
 * How a C function that blocks is made to return: a bound call that is run on a thread of
 * libsiding's own, such as `sqlite3_interrupt`; a 32-bit flag that C looks at, which gets a value;
 * or `"signal"`, which makes system calls return with `EINTR`.
 *
 * @example
 * ```ts
 * import { alloc, type Interrupt } from "@siding/ffi";
 *
 * using flag = alloc(4);
 * const interrupt: Interrupt = { flag: flag.pointer, value: 1 };
 * ```
 *
 * @category Libraries
 */
export type Interrupt = "signal" | Bound<unknown> | InterruptFlag;

/**
 * A flag of 32 bits that C looks at.
 *
 * @category Libraries
 */
export interface InterruptFlag {
  /** Its address. */
  readonly flag: Pointer;
  /** What it becomes; an integer of 32 bits. */
  readonly value: number;
}

/** An interrupt as libsiding takes it. */
export interface InterruptParts {
  readonly kind: number;
  readonly operand: bigint;
  readonly value: bigint;
}

const none: InterruptParts = { kind: interruptNone, operand: 0n, value: 0n };

function isFlag(interrupt: unknown): interrupt is InterruptFlag {
  return typeof interrupt === "object" && interrupt !== null && "flag" in interrupt;
}

/** Checks an interrupt; `action` completes "Cannot …", `option` says where it was given. */
export function interruptParts(
  interrupt: Interrupt | undefined,
  option: string,
  action: string,
): InterruptParts {
  if (interrupt === undefined) return none;
  if (interrupt === "signal") return { ...none, kind: interruptSignal };
  const binding = wholeBindingOf(interrupt, "interrupt with");
  if (binding !== undefined) {
    return { ...none, kind: interruptBound, operand: BigInt(binding.handle) };
  }
  if (!isFlag(interrupt)) {
    const wanted = `neither "signal" nor a bound call nor { flag, value }`;
    throw new TypeError(`Cannot ${action}: its ${option} is ${wanted}`);
  }
  const { flag, value } = interrupt;
  checkFlag(flag, value, `Cannot ${action}: the flag of its ${option}`);
  return {
    kind: interruptFlag,
    operand: BigInt.asUintN(64, BigInt(flag)),
    value: BigInt(value >>> 0),
  };
}

function checkFlag(flag: unknown, value: unknown, text: string): void {
  if (typeof flag !== "number" || typeof value !== "number") {
    throw new TypeError(`${text} is no { flag: pointer, value: number }`);
  }
  if (!Number.isSafeInteger(flag) || flag === 0) {
    throw new RangeError(`${text} is at ${flag}, no address`);
  }
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32) {
    throw new RangeError(`${text} gets ${value}, no integer of 32 bits`);
  }
}

const { size, offsets } = layouts.interrupt;
const raw: Words = words(size / 8);

/** Writes it where libsiding reads it; good for one call. */
export function interruptBytes({ kind, operand, value }: InterruptParts): Uint8Array {
  raw.u32[offsets.sizeBytes / 4] = size;
  raw.u32[offsets.kind / 4] = kind;
  raw.u64[offsets.operand / 8] = operand;
  raw.u64[offsets.value / 8] = value;
  return raw.u8;
}

/**
 * Interrupts a call that runs, the way that its context has where none is given. Whether it will.
 */
export function interruptCall(b: Bridge, token: number, parts: InterruptParts): boolean {
  b.flush();
  return b.native.siding_bridge_interrupt(b.handle, token, interruptBytes(parts)) === status.ok;
}
