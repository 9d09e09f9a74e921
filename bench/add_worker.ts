/**
 * The other end of a raw round trip to a Worker.
 *
 * @module
 */
interface Port {
  onmessage: (event: { readonly data: readonly [number, number] }) => void;
  postMessage(value: number): void;
}

const port = globalThis as unknown as Port;
port.onmessage = ({ data: [a, b] }): void => port.postMessage((a + b) | 0);
