export function packLz4(bytes: Uint8Array): Buffer;
