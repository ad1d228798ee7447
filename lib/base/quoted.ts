/** What came, inside a message: short, on one line, and safe to print. */

const MOST_CHARS = 60;

/**
 * Puts a text in quotes for a message.
 *
 * @param text anything; all but its first 60 characters is left out
 */
export function quoted(text: string): string {
  const shown = text.length > MOST_CHARS ? text.slice(0, MOST_CHARS) + "..." : text;
  return escaped(JSON.stringify(shown));
}

/** A stranger's text as it is, but on one line: spaces in place of what could steer a terminal. */
export function plainLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}

/** The last guard before a terminal: lines stay lines, anything else that could steer it is a `?`. */
export function plainLines(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\u2028\u2029]/gu, "?");
}

/** Writes the characters that could steer a terminal and that JSON leaves alone as escapes. */
export function escaped(text: string): string {
  return text.replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
