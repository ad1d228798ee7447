/**
 * The key that a regex is for, if it can match one key only: `^`, a text, `$`. A scan for it needs one bucket,
 * and not all of the table.
 */

/** Characters that mean something in a regex. All others mean themselves. */
const SPECIAL = /[.^$*+?()[\]{}|\\]/;

/** After a backslash, these mean themselves; letters and digits do not. */
const ESCAPED = /[!-/:-@[-`{-~]/;

/** The only key that a regex can match; undefined: there may be several. */
export function exactKey(regex: string): string | undefined {
  if (!regex.startsWith("^") || !regex.endsWith("$")) return undefined;
  let key = "";
  for (let at = 1; at < regex.length - 1; at++) {
    const character = regex.charAt(at);
    if (character !== "\\") {
      if (SPECIAL.test(character)) return undefined;
      key += character;
      continue;
    }
    at++;
    // A backslash before the last `$` makes that a character of the key.
    if (at === regex.length - 1 || !ESCAPED.test(regex.charAt(at))) return undefined;
    key += regex.charAt(at);
  }
  return key;
}
