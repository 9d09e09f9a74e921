/**
 * First in, first out.
 *
 * @module
 */

/** A queue that forgets what was taken from it. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** Number of items. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The first item; there must be one. */
  get first(): T {
    return this.#items[this.#head] as T;
  }

  /** Adds an item at the end. */
  add(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first item; there must be one. */
  take(): T {
    if (this.#items.length === 1) return this.#items.pop() as T; // keeps the memory
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined; // what it holds may be collected
    if (this.#head === this.#items.length) {
      this.#items.length = this.#head = 0;
    } else if (this.#head >= COMPACTED && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** A queue that is never empty drops what was taken every so often. */
const COMPACTED = 1024;
