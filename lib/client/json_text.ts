/** The JSON text in calls of the client: checks of values, and the pairs of a scan. */
import { quoted } from "../base/quote.ts";
import { skipValue, skipWhite, stringAt, visitElements } from "../json/scan.ts";
import { spanOf, textAt } from "../bytes/span.ts";
import type { JsonText } from "../protocol/message.ts";

/** Converts a value to JSON text. @throws {TypeError} if it has none, such as undefined or a function */
export function jsonTextOf(key: string, value: unknown): JsonText {
  const text: unknown = JSON.stringify(value);
  if (typeof text === "string") return text;
  throw new TypeError(`Cannot insert ${quoted(key)}: a value must be JSON, not ${typeof value}`);
}

/** Whether a text is one JSON value. Other text could add members to a request, or another request. */
export function isJson(text: string): boolean {
  const { bytes, end } = spanOf(text);
  const valueEnd = skipValue(bytes, skipWhite(bytes, 0, end), end);
  return valueEnd >= 0 && skipWhite(bytes, valueEnd, end) === end;
}

/** Makes the error for text that is not one JSON value. */
export function notJsonError(method: "insert" | "query", name: string, text: string): TypeError {
  return new TypeError(
    `Cannot ${method} ${quoted(name)}: the value must be JSON, not ${quoted(text)}`,
  );
}

/** Reads the pairs of a scan's result: decodes the keys, and leaves the values as text. */
export function pairsOf(result: JsonText): [string, JsonText][] {
  const { bytes, end } = spanOf(result);
  const pairs: [string, JsonText][] = [];
  visitElements(bytes, 0, end, (pairStart, pairEnd) => {
    let key: string | undefined;
    visitElements(bytes, pairStart, pairEnd, (start, end) => {
      if (key === undefined) key = stringAt(bytes, start, end);
      else pairs.push([key, textAt(bytes, start, end)]);
    });
  });
  return pairs;
}

/** Parses the values of pairs. */
export function parseValues(pairs: [string, JsonText][]): [string, unknown][] {
  return pairs.map(([key, text]) => [key, JSON.parse(text)]);
}
