/** Generators of text, from those of fast-check. */
import { type Arbitrary, array, constant, constantFrom, oneof, tuple } from "fast-check";

/** A generator of text. */
export type Text = Arbitrary<string>;

/** One of the words. Blanks separate them. */
export function oneOf(words: string): Text {
  return constantFrom(...words.split(" "));
}

/** The usual text; in one of `times` cases, the other one. */
export function mostly(usual: Text, times: number, other: Text): Text {
  return oneof({ weight: times - 1, arbitrary: usual }, { weight: 1, arbitrary: other });
}

/** A text in one of `times` cases, else an empty one. */
export function sometimes(times: number, text: Text): Text {
  return mostly(constant(""), times, text);
}

/** These texts in a row. */
export function row(...parts: readonly (Text | string)[]): Text {
  const all = parts.map((part) => typeof part === "string" ? constant(part) : part);
  return tuple(...all).map((texts) => texts.join(""));
}

/** At most `maxLength` texts, with a separator. */
export function list(text: Text, maxLength: number, separator = ""): Text {
  return array(text, { maxLength, size: "max" }).map((texts) => texts.join(separator));
}
