/**
 * What a file that the system does not load as a library is: systems say it badly, or not at all.
 *
 * @module
 */
import { runtime } from "./runtime/current.ts";

const ELF = 0x7f454c46;
const ELF_MACHINE = 18;
const DOS = 0x4d5a;
const PE_AT = 0x3c;
const PE = 0x50450000;
const PE_MACHINE = 4;
const MACHO = 0xcffaedfe;
const MACHO_MACHINE = 4;
/** As much as is looked at: where the header of a PE file is, its file says. */
const BYTES_MIN = 64;

const machines: Readonly<Record<number, string>> = {
  0x3e: "linux x64",
  0xb7: "linux arm64",
  0x8664: "windows x64",
  0xaa64: "windows arm64",
  0x1000007: "darwin x64",
  0x100000c: "darwin arm64",
};

function machineOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < BYTES_MIN) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  if (magic === ELF) return view.getUint16(ELF_MACHINE, true);
  if (magic === MACHO) return view.getUint32(MACHO_MACHINE, true);
  const at = view.getUint32(PE_AT, true);
  const isPe = view.getUint16(0) === DOS && at <= bytes.length - 8 && view.getUint32(at) === PE;
  return isPe ? view.getUint16(at + PE_MACHINE, true) : undefined;
}

/** Why a file cannot be loaded here, or `undefined` where the file does not tell. */
export function misfit(path: string): string | undefined {
  if (!runtime.mayRead(path)) return undefined;
  const bytes = readFile(path);
  if (bytes === undefined) return undefined;
  const machine = machineOf(bytes);
  if (machine === undefined) return "it is no library";
  const platform = machines[machine] ?? `machine ${machine}`;
  return platform === `${runtime.system} ${runtime.architecture}`
    ? undefined
    : `it is for ${platform}`;
}

function readFile(path: string): Uint8Array | undefined {
  try {
    return runtime.files().read(path);
  } catch {
    return undefined; // the system's own words are right then
  }
}
