/**
 * The characters of untrusted text that are escaped, because they control a terminal or a log.
 *
 * Each becomes its JSON escape, so JSON keeps its meaning. They are:
 *
 * - control characters (C0, DEL, C1), which move the cursor, change colors or clear the screen;
 * - bidirectional controls (U+202E and others), which change the order of the text;
 * - U+2028 and U+2029, which end a line in some programs.
 */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

const MAX_CHARS = 60;

/**
 * Quotes a text for a message, on one line.
 *
 * @param text any text; only its first 60 characters are kept
 */
export function quoted(text: string): string {
  const shown = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) + "..." : text;
  return escaped(JSON.stringify(shown));
}

/** Escapes every control character, line ends included. */
export function escaped(text: string): string {
  return text.replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Makes a text a part of one line: line ends and tabs become spaces, other controls are escaped. */
export function plainLine(text: string): string {
  return escaped(text.replace(/[\n\r\t]/g, " "));
}

/**
 * Makes a text safe for a terminal, and keeps its line ends and tabs. A carriage return, which would
 * overwrite its line, becomes a space: in JSON, raw ones are white space.
 */
export function plainLines(text: string): string {
  return text.replace(/\r/g, " ").replace(/[^\n\t]+/g, escaped);
}
