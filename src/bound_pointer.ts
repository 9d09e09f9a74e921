/**
 * The function pointer of a bound call, made when it is first asked for.
 *
 * @module
 */
import type { Binding } from "./binding.ts";
import type { Exported } from "./callable.ts";
import { checkStatus, SidingError } from "./errors.ts";
import { pointerDescriptor } from "./holes.ts";
import { runtime } from "./runtime/current.ts";
import { type Words, words } from "./words.ts";

const out: Words = words(2);

/** A C closure of a bound call. */
export class BoundPointer implements Exported {
  readonly #binding: Binding;
  #closure = 0;
  #address = 0;
  #isForgotten = false;

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  /** Its address; makes it where there is none yet. */
  address(): number {
    const { closed, name } = this.#binding;
    if (this.#isForgotten || (closed && this.#address === 0)) {
      const message = `Cannot give the pointer of ${name}: the bound call is closed`;
      throw new SidingError("ERR_SIDING_CLOSED", message);
    }
    if (this.#address === 0) this.#make();
    return this.#address;
  }

  /** Its address if C may have it, else 0. */
  get taken(): number {
    return this.#address;
  }

  #make(): void {
    const { b, name, origins, given, handle: bound } = this.#binding;
    const { native, handle } = b;
    const descriptor = pointerDescriptor(origins.entry.plan, given, name);
    const action = `make a pointer of ${name}`;
    const signature = native.siding_signature_prepare(descriptor, descriptor.length);
    checkStatus(signature, action);
    const closure = out.u8.subarray(0, 8);
    const pointer = out.u8.subarray(8);
    const wide = runtime.wide(bound);
    checkStatus(native.siding_bound_pointer(handle, wide, signature, closure, pointer), action);
    this.#closure = Number(out.u64[0]);
    this.#address = Number(out.i64[1]);
  }

  /** Has it do nothing any more. */
  close(): void {
    const { native, handle, closed } = this.#binding.b;
    if (this.#closure === 0 || closed) return;
    native.siding_closure_close(handle, runtime.wide(this.#closure));
  }

  /** Gives its address away. */
  forget(): void {
    const { native, handle, closed } = this.#binding.b;
    if (this.#isForgotten) return;
    this.#isForgotten = true;
    if (this.#closure === 0 || closed) return;
    native.siding_closure_forget(handle, runtime.wide(this.#closure));
  }
}
