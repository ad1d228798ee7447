/**
 * Reads the most common lines in less than half the time: `insert`, `lookup` and `remove` without an id,
 * white space or escapes in the key, members in the usual order.
 */
import { areEqual, spanOf } from "../bytes/span.ts";
import { skipValue } from "../json/scan.ts";
import type { Request } from "./requests.ts";

const LOOKUP = bytesOf('{"method":"lookup","key":"');
const INSERT = bytesOf('{"method":"insert","key":"');
const REMOVE = bytesOf('{"method":"remove","key":"');
const BEFORE_VALUE = bytesOf('","value":');

/** Longest line that is tried: a longer one with another form would be read twice. */
const MAX_COMMON_BYTES = 4_096;

/** Where the method's name begins. */
const NAME_OFFSET = '{"method":"'.length;

const SPACE = 32, QUOTE = 34, BACKSLASH = 92, CLOSE_OBJECT = 125;
const LOWER_I = 105, LOWER_L = 108, LOWER_R = 114;

/**
 * Reads a line of a common form.
 *
 * @returns the same request as `decodeAnyRequest`; undefined: the line has another form
 */
export function decodeCommonRequest(
  bytes: Uint8Array,
  start: number,
  end: number,
): Request | undefined {
  if (end - start > MAX_COMMON_BYTES) return undefined;
  const beginning = beginningFor(bytes[start + NAME_OFFSET] ?? 0);
  const keyStart = start + INSERT.length;
  if (beginning === undefined || bytes[end - 1] !== CLOSE_OBJECT) return undefined;
  if (!areEqual(bytes, start, keyStart, beginning, 0, INSERT.length)) return undefined;
  const keyEnd = skipPlainString(bytes, keyStart, end);
  if (keyEnd < 0) return undefined;
  const id = undefined, key = { bytes, start: keyStart, end: keyEnd };
  if (beginning !== INSERT) {
    if (keyEnd !== end - 2) return undefined;
    return beginning === LOOKUP ? { method: "lookup", id, key } : { method: "remove", id, key };
  }
  const valueStart = keyEnd + BEFORE_VALUE.length;
  if (!areEqual(bytes, keyEnd, valueStart, BEFORE_VALUE, 0, BEFORE_VALUE.length)) return undefined;
  if (skipValue(bytes, valueStart, end) !== end - 1) return undefined;
  return { method: "insert", id, key, value: { bytes, start: valueStart, end: end - 1 } };
}

function beginningFor(firstOfName: number): Uint8Array | undefined {
  if (firstOfName === LOWER_L) return LOOKUP;
  if (firstOfName === LOWER_I) return INSERT;
  return firstOfName === LOWER_R ? REMOVE : undefined;
}

/** The end of a string without escapes that begins here; -1: it has some, or is not valid. */
function skipPlainString(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < SPACE) return -1;
  }
  return -1;
}

function bytesOf(text: string): Uint8Array {
  return spanOf(text).bytes;
}
