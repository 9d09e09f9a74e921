/**
 * Calls that wait for the limit of calls in flight, first in, first out.
 *
 * @module
 */

const nothing = (): void => {};

/** A queue of tasks that do not throw. */
export class Waiting {
  #tasks: (() => void)[] = [];
  #head = 0;

  /** Number of tasks. */
  get length(): number {
    return this.#tasks.length - this.#head;
  }

  /** Adds a task at the end. */
  add(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Takes the first task; there must be one. */
  take(): () => void {
    const task = this.#tasks[this.#head]!;
    this.#tasks[this.#head++] = nothing; // what it holds may be collected
    if (this.#head === this.#tasks.length) {
      this.#tasks = [];
      this.#head = 0;
    }
    return task;
  }
}
