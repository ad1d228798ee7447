/** Finds old words in one text. */
import { IDENTIFIERS, PHRASES } from "./list.ts";

/** An old word at its place. */
interface OldWord {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly use: string;
}

/** Characters around a match in which an allowed text is looked for. */
const AROUND_CHARS = 24;

/**
 * Finds old words.
 *
 * @param path of the file; identifiers count in code only, phrases everywhere
 */
export function findWords(path: string, content: string): OldWord[] {
  const words = path.endsWith(".ts") ? [...IDENTIFIERS, ...PHRASES] : PHRASES;
  const found: (OldWord & { readonly start: number })[] = [];
  for (const { pattern, use, allowed } of words) {
    for (const match of content.matchAll(pattern)) {
      const start = match.index, end = start + match[0].length;
      const around = content.slice(Math.max(0, start - AROUND_CHARS), end + AROUND_CHARS)
        .replaceAll(/\s+(?:\*|\/\/)?\s*/g, " ");
      if (allowed?.test(around)) continue;
      found.push({ start, line: lineAt(content, start), text: match[0], use });
    }
  }
  return found.sort((one, other) => one.start - other.start);
}

function lineAt(content: string, index: number): number {
  let line = 1;
  for (let at = content.indexOf("\n"); at >= 0 && at < index; at = content.indexOf("\n", at + 1)) {
    line++;
  }
  return line;
}
