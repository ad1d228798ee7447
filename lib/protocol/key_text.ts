/** The conversion of keys between their characters and their canonical text (`KeyText` in `message.ts`). */
import { hasEscape } from "../json/scan.ts";
import { spanOf, textAt } from "../bytes/span.ts";
import type { KeyText } from "./message.ts";

/** The canonical text of a key. */
export function keyTextOf(key: string): KeyText {
  return spanOf(JSON.stringify(key).slice(1, -1));
}

/** The characters of the key whose canonical text is at `bytes[start..end)`. */
export function keyAt(bytes: Uint8Array, start: number, end: number): string {
  const text = textAt(bytes, start, end);
  return hasEscape(bytes, start, end) ? JSON.parse(`"${text}"`) : text;
}

/** The characters of a key. */
export function keyOf({ bytes, start, end }: KeyText): string {
  return keyAt(bytes, start, end);
}
