/**
 * Strings that keep nothing else alive, and what they cost.
 *
 * V8 makes a slice of 13 characters and more a view into the text it was cut from, so a key of
 * 20 bytes would keep a whole chunk of requests in memory for as long as it is in the table. And a
 * text with a single character beyond Latin-1 takes two bytes for each character, slices included.
 */

/** Slices shorter than this are copied by V8 itself (`SlicedString::kMinLength`). */
const COPIED_CHARS = 13;

/** Header of a V8 string, in bytes, rounded for alignment. */
const STRING_HEADER_BYTES = 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * A copy with characters of its own, in one byte each where they are all Latin-1.
 *
 * @param text perhaps a view into another text
 * @param isOfLatin1 whether that other text is all Latin-1, so that its views are narrow already
 */
export function ownedString(text: string, isOfLatin1: boolean): string {
  if (!isOfLatin1 && isLatin1(text)) return decoder.decode(encoder.encode(text));
  if (text.length < COPIED_CHARS) return text;
  // Joining two pieces is the one cheap operation that always makes a flat string of exactly
  // this size (concatenation makes a rope, and `slice` a view).
  return [text.slice(0, 1), text.slice(1)].join("");
}

/** Bytes that V8 takes for an owned string: one a character, or two where any is beyond Latin-1. */
export function stringBytes(text: string): number {
  return STRING_HEADER_BYTES + (isLatin1(text) ? text.length : 2 * text.length);
}

/** Whether no character is beyond U+00FF. */
export function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}
