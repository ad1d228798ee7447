/** What came, inside a message: short, on one line, and safe to print. */

const MOST_CHARS = 60;

/**
 * Puts a text in quotes for a message.
 *
 * @param text anything; all but its first 60 characters is left out
 */
export function quoted(text: string): string {
  const shown = text.length > MOST_CHARS ? text.slice(0, MOST_CHARS) + "..." : text;
  return JSON.stringify(shown);
}
