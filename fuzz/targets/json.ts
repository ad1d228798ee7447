/**
 * The JSON scanner, and key texts, atoms and quoted texts: they agree with JSON.parse and
 * JSON.stringify.
 */
import { skipValue, skipWhite, visitElements, visitMembers } from "../../lib/json/scan.ts";
import { quoted } from "../../lib/base/quote.ts";
import { textAt, textOf } from "../../lib/bytes/span.ts";
import { keyOf, keyTextOf } from "../../lib/protocol/key_text.ts";
import { equalsAtom } from "../../lib/json/atom.ts";
import { anyJson, atom, number } from "../make/json.ts";
import { anyBytes, mutate } from "../make/mutate.ts";
import { areEqualAtoms } from "../oracle/decimal.ts";
import { membersOf, parsed, partsOf, utf8Text } from "../oracle/json_text.ts";
import { mostly } from "../make/text.ts";
import { oneIn, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

const encoder = new TextEncoder();

/** The longest text in quotes, in characters: 60, each of which can become six. */
const MAX_QUOTED_CHARS = 366;

/** @param skip the scanner (default: that of the project) */
export function jsonTarget(skip: typeof skipValue = skipValue): PartTarget {
  return {
    name: "json",
    input: "JSON text",
    share: 20,
    make(random) {
      const bytes = oneIn(random, 20) ? anyBytes(random, 20) : encoder.encode(random.draw(TEXT));
      return oneIn(random, 3) ? mutate(bytes, random) : bytes;
    },
    check(input, random) {
      const whole = utf8Text(input);
      if (whole === undefined) return undefined; // A reader rejects it earlier.
      const wanted = parsed(whole);
      const start = skipWhite(input, 0, input.length);
      const end = skip(input, start, input.length);
      if (end >= 0 ? end > input.length : ~end > input.length) return `it reads up to ${end}`;
      const isJson = end >= 0 && skipWhite(input, end, input.length) === input.length;
      if (isJson !== (wanted !== undefined)) return `it is ${isJson ? "accepted" : "rejected"}`;
      return quotedProblem(whole) ??
        (wanted && partsProblem(input, start, whole.trim(), wanted.value)) ??
        (wanted && valueProblem(whole.trim(), wanted.value, random));
    },
  };
}

const TEXT = mostly(anyJson, 3, atom);

/** The parts of an array or object. */
function partsProblem(
  bytes: Uint8Array,
  start: number,
  whole: string,
  value: unknown,
): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const actual: string[] = [];
  const wanted: string[] = [];
  if (Array.isArray(value)) {
    visitElements(
      bytes,
      start,
      bytes.length,
      (from, to) => void actual.push(textAt(bytes, from, to)),
    );
    wanted.push(...partsOf(whole));
  } else {
    visitMembers(bytes, start, bytes.length, (nameStart, nameEnd, from, to) => {
      actual.push(JSON.parse(textAt(bytes, nameStart, nameEnd)), textAt(bytes, from, to));
    });
    for (const [name, text] of membersOf(whole)) wanted.push(name, text);
  }
  return actual.length === wanted.length && actual.every((part, at) => part === wanted[at])
    ? undefined
    : "its parts are wrong";
}

/** Keys and atoms. */
function valueProblem(whole: string, value: unknown, random: Random): string | undefined {
  if (typeof value === "string") {
    const key = keyTextOf(value);
    if (textOf(key) !== JSON.stringify(value).slice(1, -1)) return "its key text is wrong";
    if (keyOf(key) !== value) return "its key text is read as another key";
  }
  if (typeof value === "object" && value !== null) return undefined;
  for (const other of [whole, random.draw(atom), random.draw(number)]) {
    const bytes = encoder.encode(other);
    const wanted = areEqualAtoms(whole, other);
    if (wanted !== undefined && equalsAtom(whole)(bytes, 0, bytes.length) !== wanted) {
      return `it is ${wanted ? "" : "not "}equal to ${other}`;
    }
  }
  return undefined;
}

function quotedProblem(text: string): string | undefined {
  const shown = quoted(text);
  if (shown.length > MAX_QUOTED_CHARS || /[\p{Cc}\u2028\u2029]/u.test(shown)) {
    return `in quotes it is ${shown}`;
  }
  const back: unknown = JSON.parse(shown);
  const isCut = text.length > 60;
  return back === (isCut ? text.slice(0, 60) + "..." : text)
    ? undefined
    : `in quotes it is ${shown}`;
}
