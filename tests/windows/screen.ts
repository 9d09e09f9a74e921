/**
 * What the X server shows of the windows: it has its pixels in a file, as xwd writes them.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";

const SIZE_OF_COLOR = 12;
/* 32-bit words of the header, the most significant byte first */
const HEADER_SIZE = 0;
const BYTE_ORDER = 7;
const BITS_PER_PIXEL = 11;
const BYTES_PER_LINE = 12;
const COLORS = 19;

/** How many pixels of which color a part of the screen has; a color is `0xRRGGBB`. */
export function colorsOf(x: number, y: number, width: number, height: number): Map<number, number> {
  const path = process.env["SIDING_TEST_SCREEN"];
  if (path === undefined) throw new Error("Cannot look at the screen: npm run test:windows has it");
  const file = readFileSync(path);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (index: number): number => view.getUint32(index * 4);
  if (word(BITS_PER_PIXEL) !== 32) throw new Error(`${word(BITS_PER_PIXEL)} bits per pixel`);
  const start = word(HEADER_SIZE) + word(COLORS) * SIZE_OF_COLOR;
  const colors = new Map<number, number>();
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      const at = start + row * word(BYTES_PER_LINE) + column * 4;
      const color = view.getUint32(at, word(BYTE_ORDER) === 0) & 0xffffff;
      colors.set(color, (colors.get(color) ?? 0) + 1);
    }
  }
  return colors;
}
