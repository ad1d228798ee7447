/**
 * The parts of a JSON text, character by character as in the text: below, "as written". JSON.parse
 * decides whether a text is JSON, and this file splits it. Shares no code with the tested code.
 */
import { isUtf8 } from "./lines.ts";

/** The value of a JSON text; undefined if it is not JSON. */
export function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The elements of an array, or the members of an object, as written. The text must be JSON. */
export function partsOf(text: string): string[] {
  const inner = text.trim().slice(1, -1);
  const parts: string[] = [];
  let depth = 0, start = 0;
  for (let at = 0; at < inner.length; at++) {
    const character = inner[at];
    if (character === '"') at = literalEnd(inner, at) - 1;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === "," && depth === 0) {
      parts.push(inner.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = inner.slice(start).trim();
  return last === "" ? parts : [...parts, last];
}

/** A member of an object: its name without escapes, and its value as written. */
export type Member = readonly [name: string, value: string];

/** The members of an object, in order. The text must be JSON. */
export function membersOf(text: string): Member[] {
  return partsOf(text).map((part) => {
    const end = literalEnd(part, 0);
    return [JSON.parse(part.slice(0, end)), part.slice(part.indexOf(":", end) + 1).trim()];
  });
}

/** The text of bytes; undefined if they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? lossy.decode(bytes) : undefined;
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** The end of the literal that starts at a quote. */
function literalEnd(text: string, at: number): number {
  for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++;
  return at + 1;
}
