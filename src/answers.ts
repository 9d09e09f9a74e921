/**
 * What C gets from callbacks that it waits for: records that go down in batches.
 *
 * @module
 */
import type { Bridge } from "./bridge.ts";
import { checkStatus } from "./errors.ts";
import { answerWords, status } from "./generated/siding.ts";
import { here } from "./here.ts";
import { type Words, words } from "./words.ts";

const ANSWERS_WORDS = 1 << 13;
/** Any status but success gives C the value for a throw. */
export const FAILED: number = status.invalid;

/** The answers of one connection. */
export class Answers {
  /** Where they are written. */
  readonly words: Words = words(ANSWERS_WORDS);
  /** Whether whoever takes events will send them down, in the same stretch. */
  isTaking = false;
  readonly #b: Bridge;
  #at = 0;
  #count = 0;
  #isDue = false;

  constructor(b: Bridge) {
    this.#b = b;
  }

  /** Makes room for a record of `count` words, which is written at once; gives its first word. */
  readonly begin = (count: number): number => {
    if (this.#at + count > ANSWERS_WORDS) this.flush();
    const first = this.#at;
    this.#at += count;
    this.#count++;
    here.isStaged = true;
    if (!this.isTaking && !this.#isDue) {
      this.#isDue = true;
      queueMicrotask(this.#onDue);
    }
    return first;
  };

  /** Gives the ask of these halves the value for a throw. */
  refuse(low: number, high: number): void {
    const half = this.begin(answerWords) * 2;
    const { u32, i32 } = this.words;
    u32[half] = low;
    u32[half + 1] = high;
    i32[half + 2] = FAILED;
    u32[half + 3] = answerWords;
  }

  /** Sends down what there is; gives how many. */
  flush(): number {
    const count = this.#at;
    if (count === 0) return 0;
    const answers = this.#count;
    this.#at = 0;
    this.#count = 0;
    here.isStaged = false;
    const { native, handle, closed } = this.#b;
    if (closed) return 0;
    checkStatus(native.siding_callback_answer(handle, this.words.u8, count), "answer a callback");
    return answers;
  }

  readonly #onDue = (): void => {
    this.#isDue = false;
    this.flush();
  };
}
