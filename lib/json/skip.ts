/**
 * A search for the end of values in JSON that is known to be valid. It is faster than validation: outside
 * of strings, only brackets count.
 */
import { skipString } from "./scan.ts";

const QUOTE = 34;

/** Kinds of bytes outside of strings; most bytes have kind 0. */
const SEPARATOR = 1, STRING = 2, OPEN = 3, CLOSE = 4;
const KINDS = new Uint8Array(256);
for (
  const [characters, kind] of [['"', STRING], ["[{", OPEN], ["]}", CLOSE], [
    ", \t\r\n",
    SEPARATOR,
  ]] as const
) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}

/**
 * Skips one value of any kind, without white space before it.
 *
 * @param end of the whole text, which must be valid
 */
export function skipValidValue(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0;
  if (first === QUOTE) return skipString(bytes, at, end);
  return KINDS[first] === OPEN ? skipContainer(bytes, at, end) : skipWord(bytes, at, end);
}

/** Skips a number, true, false or null. */
function skipWord(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && KINDS[bytes[at] ?? 0] === 0) at++;
  return at;
}

function skipContainer(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  while (at < end) {
    let kind = 0;
    while (at < end && (kind = KINDS[bytes[at] ?? 0] ?? 0) <= SEPARATOR) at++;
    if (kind === STRING) {
      at = skipString(bytes, at, end);
      continue;
    }
    at++;
    if (kind === OPEN) depth++;
    else if (kind === CLOSE && --depth === 0) break;
  }
  return at;
}
