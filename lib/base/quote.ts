/**
 * Text from outside on its way to a terminal or a log, where it must not act: the one place that knows
 * which characters do. Each of them is written as the escape that JSON has for it, so that JSON stays
 * the same JSON:
 *
 * - control characters (C0, DEL, C1), which move the cursor, color or clear;
 * - bidirectional controls (U+202E and others), which show text in another order than it has;
 * - U+2028 and U+2029, which end a line for some programs.
 */
const ACTIVE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

const MAX_CHARS = 60;

/**
 * Puts a text in quotes for a message: short, and on one line.
 *
 * @param text anything; all but its first 60 characters is left out
 */
export function quoted(text: string): string {
  const shown = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) + "..." : text;
  return escaped(JSON.stringify(shown));
}

/** Escapes every character that acts; for text that has no ends of lines. */
export function escaped(text: string): string {
  return text.replace(
    ACTIVE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text as a part of one line: spaces in place of ends of lines and tabs, all else escaped. */
export function plainLine(text: string): string {
  return escaped(text.replace(/[\n\r\t]/g, " "));
}

/**
 * Text for a terminal. Ends of lines and tabs stay. A carriage return, which would write over its
 * line, becomes a space: JSON has raw ones between its parts only, where a space means the same.
 */
export function plainLines(text: string): string {
  return text.replace(/\r/g, " ").replace(/[^\n\t]+/g, escaped);
}
